# SPDX-License-Identifier: GPL-3.0-or-later
"""Models with what a test of the importer asks for: UVs, colours, bones, scenes, alpha."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from support.glbs import FLOAT, LONG, Document, Model, cube, data_uri


def sphere(
    model: Model,
    rows: int = 12,
    *,
    uvs: int = 1,
    normals: str = "smooth",
    colours: bool = False,
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    hidden: int = 0,
) -> int:
    """Add an egg (taller than wide) of 4 * rows * rows triangles; gives its mesh's index.

    :param uvs: how many UV maps. :param normals: ``smooth``, ``bent`` (tilted by 40 degrees, as
        no surface has them) or ``none``. :param hidden: so many vertices that no triangle uses.
    """
    v, u = np.meshgrid(np.linspace(0.02, 0.98, rows + 1), np.linspace(0, 1, 2 * rows + 1))
    angle, height = u.ravel() * 2 * np.pi, v.ravel() * np.pi
    ring = np.sin(height)
    unit = np.stack([ring * np.cos(angle), np.cos(height), -ring * np.sin(angle)], axis=1)
    # The two ends of the seam at one place, to the bit.
    unit[-(rows + 1) :] = unit[: rows + 1]
    points = unit * np.array([0.5, 0.8, 0.5]) + np.array(offset)
    quads = (np.arange(2 * rows)[:, None] * (rows + 1) + np.arange(rows)).reshape(-1, 1)
    # Counter-clockwise seen from outside.
    corners = (quads + np.array([0, 1, rows + 2, 0, rows + 2, rows + 1])).ravel()
    points = np.concatenate([points, np.zeros((hidden, 3))])
    attributes = {"POSITION": _vectors(model, points, bounds=True)}
    if normals != "none":
        slope = unit / np.array([0.5, 0.8, 0.5])
        slope /= np.linalg.norm(slope, axis=1, keepdims=True)
        if normals == "bent":
            slope = slope + np.array([0.84, 0, 0])
            slope /= np.linalg.norm(slope, axis=1, keepdims=True)
        slope = np.concatenate([slope, np.tile([0.0, 1.0, 0.0], (hidden, 1))])
        attributes["NORMAL"] = _vectors(model, slope)
    plane = np.concatenate([np.stack([u.ravel(), v.ravel()], axis=1), np.zeros((hidden, 2))])
    for index in range(uvs):
        attributes[f"TEXCOORD_{index}"] = _vectors(model, plane / (index + 1))
    if colours:
        shade = np.stack([u.ravel(), v.ravel(), 1 - u.ravel(), np.ones(u.size)], axis=1)
        attributes["COLOR_0"] = _vectors(model, shade)
    order = model.accessor(corners.astype("<u4").tobytes(), LONG, "SCALAR", len(corners))
    meshes: list[Document] = model.document.setdefault("meshes", [])
    meshes.append({"primitives": [{"attributes": attributes, "indices": order}]})
    return len(meshes) - 1


def _vectors(model: Model, values: Any, *, bounds: bool = False) -> int:
    array = np.ascontiguousarray(values, dtype="<f4")
    ends = {"min": array.min(0).tolist(), "max": array.max(0).tolist()} if bounds else {}
    kind = f"VEC{array.shape[1]}"
    return model.accessor(array.tobytes(), FLOAT, kind, len(array), **ends)


def egg(rows: int = 12, **how: Any) -> Model:
    """A file with one egg and nothing else."""
    model = Model()
    return model.show(model.node(mesh=sphere(model, rows, **how), name="Egg"))


def picture(
    kind: str = "PNG",
    pixels: int = 64,
    *,
    holes: float = 0.0,
    ramp: bool = False,
    alpha: int = 255,
    seed: int = 0,
    colour: tuple[int, int, int] | None = None,
) -> bytes:
    """An encoded picture: a colourful ramp.

    :param holes: the share of its rows with alpha 0, from above; below 0: from below.
    :param ramp: alpha from 0 to 1, left to right. :param alpha: else, from 0 to 255.
    """
    steps = np.linspace(0, 255, pixels)
    sheet = np.zeros((pixels, pixels, 4), dtype=np.uint8)
    sheet[..., 0], sheet[..., 1], sheet[..., 2] = steps[None, :], steps[:, None], 90 + seed
    if colour:
        sheet[..., :3] = colour
    sheet[..., 3] = steps[None, :] if ramp else alpha
    rows = round(abs(holes) * pixels)
    sheet[slice(rows) if holes >= 0 else slice(pixels - rows, None), :, 3] = 0
    file = io.BytesIO()
    image = Image.fromarray(sheet, "RGBA")
    image = image if kind == "PNG" else image.convert("RGB")
    image.save(file, kind, **({"quality": 95} if kind != "PNG" else {}))
    return file.getvalue()


def dressed(model: Model, content: bytes, mime: str = "image/png", **material: Any) -> Model:
    """Give every mesh a material with this picture as its colour."""
    model.picture(bufferView=model.view(content), mimeType=mime)
    model.document["materials"][0] |= material
    for mesh in model.document["meshes"]:
        for primitive in mesh["primitives"]:
            primitive["material"] = 0
    return model


def full(kind: str = "PNG", *, tinted: bool = True, **how: Any) -> Model:
    """An egg as TRELLIS gives it: base colour and roughness/metallic pictures, factors."""
    mime = f"image/{kind.lower()}"
    model = dressed(egg(24, **how), picture(kind), mime, name="Skin", doubleSided=True)
    model.document["images"].append(
        {"bufferView": model.view(picture(kind, 32, seed=100)), "mimeType": mime}
    )
    model.document["textures"].append({"source": 1})
    surface = model.document["materials"][0]["pbrMetallicRoughness"]
    surface |= {"metallicRoughnessTexture": {"index": 1}, "roughnessFactor": 0.8}
    if tinted:
        surface |= {"metallicFactor": 0.5, "baseColorFactor": [1.0, 0.5, 0.25, 1.0]}
    return model


def animated() -> Model:
    """A cube that goes up by two metres within a second."""
    model = cube()
    times = model.accessor(
        np.array([0, 1], "<f4").tobytes(), FLOAT, "SCALAR", 2, min=[0.0], max=[1.0]
    )
    moves = model.accessor(np.array([[0, 0, 0], [0, 2, 0]], "<f4").tobytes(), FLOAT, "VEC3", 2)
    model.document["animations"] = [
        {
            "name": "Rise",
            "samplers": [{"input": times, "output": moves}],
            "channels": [{"sampler": 0, "target": {"node": 0, "path": "translation"}}],
        }
    ]
    return model


def rigged() -> Model:
    """A cube bound to two bones, of which one swings."""
    model = cube((1.0, 2.0, 1.0))
    joints = np.zeros((8, 4), "<u1")
    joints[[2, 3, 6, 7], 0] = 1
    weights = np.tile(np.array([1, 0, 0, 0], "<f4"), (8, 1))
    attributes = model.document["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = model.accessor(joints.tobytes(), 5121, "VEC4", 8)
    attributes["WEIGHTS_0"] = model.accessor(weights.tobytes(), FLOAT, "VEC4", 8)
    low = model.node(name="Low", children=[2], translation=[0, -1, 0])
    high = model.node(name="High", translation=[0, 1, 0])
    binds = np.tile(np.eye(4, dtype="<f4"), (2, 1, 1))
    binds[0, 3, 1] = 1.0
    inverse = model.accessor(binds.tobytes(), FLOAT, "MAT4", 2)
    model.document["skins"] = [{"joints": [low, high], "inverseBindMatrices": inverse}]
    model.document["nodes"][0]["skin"] = 0
    times = model.accessor(
        np.array([0, 1], "<f4").tobytes(), FLOAT, "SCALAR", 2, min=[0.0], max=[1.0]
    )
    half = np.sqrt(0.5)
    turns = model.accessor(
        np.array([[0, 0, 0, 1], [0, 0, half, half]], "<f4").tobytes(), FLOAT, "VEC4", 2
    )
    model.document["animations"] = [
        {
            "name": "Swing",
            "samplers": [{"input": times, "output": turns}],
            "channels": [{"sampler": 0, "target": {"node": high, "path": "rotation"}}],
        }
    ]
    return model.show(0, low)


def shelf() -> Model:
    """Two meshes below empties, one of them twice, with a name three of them share."""
    model = Model()
    board, book = model.cube((2.0, 0.1, 1.0)), sphere(model, 6)
    names = {"name": "Ding 物"}
    first = model.node(mesh=book, translation=[0.5, 0.5, 0], scale=[0.5, 0.5, 0.5], **names)
    second = model.node(mesh=book, translation=[-0.5, 0.5, 0], **names)
    group = model.node(children=[first, second], translation=[0, 1, 0], name="Group")
    whole = model.node(mesh=board, children=[group], **names)
    return model.show(model.node(children=[whole], rotation=[0, 0.7071068, 0, 0.7071068]))


def two_scenes() -> Model:
    """A small cube in the default scene, and a large one in the other."""
    model = Model()
    small, large = model.cube(), model.cube((9.0, 9.0, 9.0))
    nodes = [model.node(mesh=small, name="Small"), model.node(mesh=large, name="Large")]
    model.show(nodes[0])
    model.document["scenes"] = [{"nodes": [nodes[1]]}, {"nodes": [nodes[0]]}]
    model.document["scene"] = 1
    return model


def read_whole(model: Model) -> Model:
    """Have Blender's importer read the geometry too: a second buffer asks for it."""
    uri = data_uri(bytes(4), "application/octet-stream")
    model.document["buffers"].append({"byteLength": 4, "uri": uri})
    return model
