# SPDX-License-Identifier: GPL-3.0-or-later
"""GLBs and USDZs within a limit: which textures are reduced, in which format, and what is said."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import bpy
import pytest
from PIL import Image
from support.mapped_props import exported, write_mapped_prop
from support.rooms import Rooms


@pytest.fixture(scope="module")
def prop(rooms: Rooms, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prop")
    write_mapped_prop(rooms, folder, 1024)
    return folder


def images_of(glb: Path) -> dict[str, Any]:
    """Each map's picture in a GLB, by what it is for."""
    content = glb.read_bytes()
    length = struct.unpack_from("<I", content, 12)[0]
    document, binary = json.loads(content[20 : 20 + length]), content[28 + length :]
    (material,) = document["materials"]
    metal = material["pbrMetallicRoughness"]
    texts = {
        "color": metal["baseColorTexture"],
        "surface": metal["metallicRoughnessTexture"],
        "occlusion": material["occlusionTexture"],
        "normal": material["normalTexture"],
        "emission": material["emissiveTexture"],
    }
    found = {}
    for name, info in texts.items():
        texture = document["textures"][info["index"]]
        source = texture.get("source", texture.get("extensions", {}).get("EXT_texture_webp"))
        index = source["source"] if isinstance(source, dict) else source
        view = document["bufferViews"][document["images"][index]["bufferView"]]
        at = view.get("byteOffset", 0)
        found[name] = Image.open(io.BytesIO(binary[at : at + view["byteLength"]]))
    return found


def sides(glb: Path) -> dict[str, int]:
    return {name: image.size[0] for name, image in images_of(glb).items()}


def test_the_least_visible_maps_are_reduced_first(rooms: Rooms, prop: Path, tmp_path: Path) -> None:
    write = {"formats": ("glb",), "texture_format": "jpeg"}
    exported(rooms, prop, tmp_path / "free", **write)
    free = (tmp_path / "free" / "prop.glb").stat().st_size
    assert set(sides(tmp_path / "free" / "prop.glb").values()) == {1024}
    limit = round(free / 1e6 * 0.7, 2)
    notes = exported(rooms, prop, tmp_path / "less", **write, megabytes=limit)
    file = tmp_path / "less" / "prop.glb"
    assert file.stat().st_size <= limit * 1e6
    made = sides(file)
    assert made["emission"] == made["surface"] == made["occlusion"] == 512, made
    assert made["color"] == 1024
    said = "roughness and metallic from 1024 to 512 px, emission from 1024 to 512 px"
    assert len(notes) == 1
    assert notes[0].startswith(f"Textures reduced for {limit:g} MB: ")
    assert notes[0].endswith(said)
    again = exported(rooms, prop, tmp_path / "again", **write, megabytes=limit)
    assert again == notes
    assert (tmp_path / "again" / "prop.glb").read_bytes() == file.read_bytes()
    assert not [p for p in tmp_path.rglob("*") if "part" in p.name]


def test_what_cannot_be_within_the_limit_is_told(rooms: Rooms, prop: Path, tmp_path: Path) -> None:
    notes = exported(
        rooms, prop, tmp_path, formats=("glb",), texture_format="jpeg", megabytes=0.002
    )
    assert notes[0] == "Textures reduced from 1024 to 256 px for 0.002 MB"
    assert "instead of 0.002 MB, even with textures of 256 px" in notes[1]
    assert set(sides(tmp_path / "prop.glb").values()) == {256}


def test_a_limit_of_pixels_holds_for_every_format(rooms: Rooms, prop: Path, tmp_path: Path) -> None:
    notes = exported(
        rooms,
        prop,
        tmp_path,
        formats=("glb", "usd"),
        texture_pixels=512,
        texture_format="png",
    )
    assert notes[:1] == ["GLB: Textures reduced from 1024 to 512 px"]
    assert "USD: Textures reduced from 1024 to 512 px" in notes
    found = images_of(tmp_path / "prop.glb")
    assert {image.format for image in found.values()} == {"PNG"}
    pictures = list((tmp_path / "textures").iterdir())
    assert len(pictures) == 4
    assert {Image.open(path).size for path in pictures} == {(512, 512)}
    # With materials of its own, for which the textures are reduced before.
    notes = exported(rooms, prop, tmp_path / "obj", formats=("obj",), texture_pixels=512)
    assert notes[-1] == "Textures reduced from 1024 to 512 px"
    maps = [path for path in (tmp_path / "obj").iterdir() if path.suffix in (".png", ".jpg")]
    assert {Image.open(path).size for path in maps} == {(512, 512)}


def test_the_web_gets_webp_and_a_compressed_mesh_or_a_note(
    rooms: Rooms, prop: Path, tmp_path: Path
) -> None:
    web = rooms("core.destinations.table").built_in()["web"].export
    notes = exported(rooms, prop, tmp_path, **web.to_dict())
    found = images_of(tmp_path / "prop.glb")
    assert {image.format for image in found.values()} == {"WEBP"}
    assert b"ICCP" not in (tmp_path / "prop.glb").read_bytes()
    for name, image in found.items():
        image.load()  # it is complete
        assert image.size == (1024, 1024), name
    extensions = rooms("importer.viewers.glb_file").extensions_of(tmp_path / "prop.glb")
    compressed = "KHR_draco_mesh_compression" in extensions
    # The bpy module comes without the library, Blender's own builds have it.
    assert compressed != ("The mesh is not compressed: this Blender has no Draco" in notes)
    assert "EXT_texture_webp" in extensions


def test_a_transparent_color_stays_png(rooms: Rooms, tmp_path: Path) -> None:
    write_mapped_prop(rooms, tmp_path / "prop", 64, clear=True)
    before = sorted((tmp_path / "prop" / "textures").iterdir())
    kept = {path: path.read_bytes() for path in before}
    exported(rooms, tmp_path / "prop", tmp_path / "out", formats=("glb",), texture_format="jpeg")
    found = images_of(tmp_path / "out" / "prop.glb")
    assert found["color"].format == "PNG"
    assert found["color"].mode == "RGBA"
    assert {found[name].format for name in found if name != "color"} == {"JPEG"}
    # The alpha is that of the prop's own file, and the prop's files are as they were.
    own = next(Image.open(path) for path in before if "base-color" in path.name)
    assert own.tobytes() == found["color"].tobytes()
    assert kept == {path: path.read_bytes() for path in before}


def test_a_plain_export_copies_the_textures(rooms: Rooms, prop: Path, tmp_path: Path) -> None:
    assert exported(rooms, prop, tmp_path, formats=("glb",)) == []
    content = (tmp_path / "prop.glb").read_bytes()
    for path in (prop / "textures").iterdir():
        assert path.read_bytes() in content, path.name
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "prop.glb"))
    (found,) = bpy.data.objects
    assert found.dimensions[:] == (2.0, 2.0, 2.0)


def test_a_usdz_is_within_the_limit_as_well(rooms: Rooms, prop: Path, tmp_path: Path) -> None:
    write = {"formats": ("usdz", "glb"), "texture_format": "jpeg"}
    exported(rooms, prop, tmp_path / "free", **write)
    limit = round((tmp_path / "free" / "prop.usdz").stat().st_size / 1e6 / 2, 2)
    notes = exported(rooms, prop, tmp_path / "less", **write, megabytes=limit)
    for name in ("prop.usdz", "prop.glb"):
        assert (tmp_path / "less" / name).stat().st_size <= limit * 1e6, name
    for name in ("USDZ", "GLB"):
        assert any(note.startswith(f"{name}: Textures reduced") for note in notes), notes


def test_what_this_blender_lacks_is_replaced_and_told(
    rooms: Rooms, prop: Path, tmp_path: Path
) -> None:
    extensions_of = rooms("importer.viewers.glb_file").extensions_of
    export = {"formats": ("glb",), "texture_format": "ktx2", "texture_pixels": 64}
    notes = exported(rooms, prop, tmp_path, **export, compression="meshopt")
    used = extensions_of(tmp_path / "prop.glb")
    replaced = "Textures are WebP: this Blender has no KTX2 for GLB" in notes
    assert replaced == ("EXT_texture_webp" in used) == ("KHR_texture_basisu" not in used)
    missing = "The mesh is not compressed: this Blender has no meshopt" in notes
    assert missing == (not any("meshopt" in name or "draco" in name for name in used))
