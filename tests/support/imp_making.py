# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing and finishing in the test's own Blender: no second process, no picture, so quick."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from support import bpy_context

from .processes import QUICK

NAME = "Blue egg"


def quick(rooms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Coarse pictures, enough to tell a colour, and no other file opened in the test's Blender."""
    monkeypatch.delenv(QUICK, raising=False)
    for name, value in (("SAMPLES", 4), ("PIXELS", 96)):
        monkeypatch.setattr(rooms("importer.prop.thumbnail"), name, value)
    monkeypatch.setattr(rooms("importer.prop.picture"), "restore_preview", lambda *_: None)


@dataclass(frozen=True)
class JobFactory:
    """Makes props of files, one after the other, in one folder."""

    rooms: Any
    folder: Path

    def write(self, content: bytes, name: str = "model.glb") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def imported(self, path: Path) -> Any:
        """The importer's objects and notes, in an empty file."""
        self.empty()
        return self.rooms("importer.read.model_import").import_model(path)

    def made(self, path: Path, name: str = NAME, **finishing: Any) -> Any:
        """A finished prop in the open file; `notes` are all of them."""
        settings = self.rooms("core.generation.finishing").Finishing.from_dict(finishing)
        imported = self.imported(path)
        finish = self.rooms("importer.prop.finish_steps").finish
        made = finish(imported.objects, name, imported.settings(settings), self.folder / "textures")
        return Made(made, [*imported.notes, *made.notes])

    def brought(self, source: Path, **finishing: Any) -> Any:
        """What becomes of a user's own file: into a library first, as an import does it."""
        library = self.rooms("library.library").Library(self.folder / "library")
        folder, lock = library.create_import(source)
        token = self.rooms("core.cancel").CancelToken()
        context = self.rooms("job.obtain.context").Context(
            folder, token, folder.advance, lambda *_: None
        )
        bringing = self.rooms("job.obtain.copy_model").ModelCopy(context)
        try:
            record = bringing.get_model(source)
        finally:
            lock.release()
        return self.made(folder.path / record.model_file, **finishing)

    def converted(self, path: Path, **finishing: Any) -> tuple[dict[str, Any], list[str]]:
        """All of it, picture and prop.blend too."""
        self.empty()
        task = self.rooms("importer.pipe.messages").Task(
            folder=str(self.folder),
            name=NAME,
            prompt="a blue egg",
            model=path.name,
            finishing=finishing,
            provenance={"id": "blue-egg-00000000", "prompt": "a blue egg", "request_id": "req_1"},
        )
        facts, notes = self.rooms("importer.prop.convert").convert(task, lambda text: None)
        return facts, notes

    def empty(self) -> None:
        # Under this name the importer empties the file and keeps Blender's add-ons.
        bpy_context.scene().name = "Trellis background"
        self.rooms("importer.read.blender_gltf").empty_file()


@dataclass(frozen=True)
class Made:
    """A finished prop and what is easy to say about it."""

    finished: Any
    notes: list[str]

    @property
    def collection(self) -> Any:
        return self.finished.collection

    @property
    def meshes(self) -> list[Any]:
        return [obj for obj in self.collection.all_objects if obj.type == "MESH"]

    @property
    def nodes(self) -> list[Any]:
        """Those of all its materials."""
        materials = {m: None for obj in self.meshes for m in obj.data.materials if m}
        return [node for material in materials for node in material.node_tree.nodes]

    @property
    def textures(self) -> list[Any]:
        """The pictures that its materials show."""
        return [node.image for node in self.nodes if node.type == "TEX_IMAGE"]

    @property
    def shader(self) -> Any:
        """Its only Principled BSDF."""
        (found,) = [node for node in self.nodes if node.type == "BSDF_PRINCIPLED"]
        return found

    @property
    def shape(self) -> dict[str, Any]:
        """What has to be the same for the same mesh in any format."""
        images = [i for i in bpy.data.images if i.source == "FILE"]
        return {
            "size": tuple(round(side, 3) for side in self.finished.size),
            "triangles": self.finished.triangles,
            "collection": self.collection.name,
            "roots": [o.name for o in self.collection.all_objects if o.parent is None],
            "uvs": [len(o.data.uv_layers) for o in self.meshes],
            "pictures": len(images),
        }


def box_of(objects: list[Any]) -> tuple[Any, Any]:
    """The world-space box around evaluated meshes: low and high, each (3,)."""
    bpy_context.view_layer().update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    points = []
    for obj in objects:
        mesh = obj.evaluated_get(depsgraph).data
        if len(mesh.vertices):
            own = np.array([v.co for v in mesh.vertices])
            world = np.array(obj.matrix_world)
            points.append(own @ world[:3, :3].T + world[:3, 3])
    every = np.concatenate(points)
    return every.min(axis=0), every.max(axis=0)


def picture_of(collection: Any, target: Path, rooms: Any) -> Any:
    """The thumbnail as numbers from 0 to 1, (N, N, 4)."""
    from PIL import Image

    rooms("importer.prop.thumbnail").render(collection, target)
    with Image.open(target) as image:
        return np.asarray(image, dtype=np.float32) / 255


def gltf_of(glb: bytes, folder: Path, *, data: bool) -> Path:
    """A GLB as a .gltf: data and pictures in files beside it, or all within as data URIs."""
    import base64
    import struct

    (length,) = struct.unpack_from("<I", glb, 12)
    document = json.loads(glb[20 : 20 + length])
    binary = glb[28 + length :]
    if data:
        text = base64.b64encode(binary).decode()
        document["buffers"][0]["uri"] = f"data:application/octet-stream;base64,{text}"
    else:
        document["buffers"][0]["uri"] = "mesh%20data.bin"
        (folder / "mesh data.bin").write_bytes(binary)
        (folder / "pictures of it").mkdir()
        for number, image in enumerate(document.get("images", [])):
            view = document["bufferViews"][image.pop("bufferView")]
            content = binary[view["byteOffset"] :][: view["byteLength"]]
            image["uri"] = f"pictures%20of%20it/{number}.png"
            (folder / "pictures of it" / f"{number}.png").write_bytes(content)
    path = folder / "model.gltf"
    path.write_text(json.dumps(document), "utf-8")
    return path
