# SPDX-License-Identifier: GPL-3.0-or-later
"""Textures beside a model, however it spells their names: found, or told, and never magenta."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest
from support.imp_making import JobFactory, picture_of, quick
from support.imp_models import dressed, egg, picture
from support.imp_named import MTL, OBJ, PIXELS, TEXTURE, WRITERS, obj, usda, written

SECRET = picture(pixels=48)


@pytest.fixture
def shop(rooms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobFactory:
    quick(rooms, monkeypatch)
    (tmp_path / "secret.png").write_bytes(SECRET)
    return JobFactory(rooms, tmp_path)


SPELLINGS = {
    "backslash": (r"tex\t.png", "tex/t.png"),
    "dot backslash": (r".\tex\t.png", "tex/t.png"),
    "absolute windows": (r"D:\artist\Desktop\t.png", "t.png"),
    "absolute posix": ("/mnt/artist/Desktop/t.png", "t.png"),
    "absolute with its folder": ("/mnt/artist/props/maps/wood/t.png", "maps/wood/t.png"),
    "absolute, in textures": (r"D:\work\t.png", "textures/t.png"),
    "bare, in textures": ("t.png", "Textures/t.png"),
    "file URI": ("file:///C:/artist/t.png", "t.png"),
    "upwards": ("../maps/t.png", "maps/t.png"),
    "case": ("T.PNG", "t.png"),
    "case of the folder": ("TEX/T.png", "tex/t.PNG"),
    "percent sign": ("100%.png", "100%.png"),
    "percent encoding": ("old%20oak.png", "old oak.png"),
    "query": ("t.png?v=2", "t.png"),
    "fragment": ("t.png#1", "t.png"),
    "spaces": ("my old oak.png", "my old oak.png"),
    "umlaut": ("Möbel.png", "Mo\u0308bel.png"),
}
"""How a model names a picture, and where that lies."""


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", WRITERS)
def test_picture_beside_is_found(shop: JobFactory, kind: str, spelling: str) -> None:
    name, place = SPELLINGS[spelling]
    folder = shop.folder / "in"
    (folder / place).parent.mkdir(parents=True)
    (folder / place).write_bytes(TEXTURE)
    made = shop.brought(WRITERS[kind](folder, name))
    assert made.notes == []
    (image,) = made.textures
    assert tuple(image.size) == (PIXELS, PIXELS)
    assert made.shader.inputs["Base Color"].is_linked


@pytest.mark.parametrize(
    "words",
    [
        "-s 2 2 1 my tex.png",
        "-o 0.5 0 0 -s 2 2 my tex.png",
        "-blendu on -clamp off -mm 0 1 my tex.png",
        "-bm 0.5 my tex.png",
        "-imfchan r my tex.png",
        '"my tex.png"',
        "'my tex.png'",
        "-s 1 1 1 2 tex.png",
        "my tex.png -s 2 2 1",
        "C:\\a b\\my tex.png",
    ],
)
def test_options_before_a_name_with_spaces(shop: JobFactory, words: str) -> None:
    folder = shop.folder / "in"
    folder.mkdir()
    name = "2 tex.png" if " 2 tex" in words else "my tex.png"
    (folder / name).write_bytes(TEXTURE)
    made = shop.brought(obj(folder, words))
    assert made.notes == []
    assert [tuple(image.size) for image in made.textures] == [(PIXELS, PIXELS)]
    scales = [n.inputs["Scale"].default_value[:2] for n in made.nodes if n.type == "MAPPING"]
    assert scales == (
        [(2.0, 2.0)] if words.startswith("-s 2 2") or "-s 2 2 my" in words else scales
    )


@pytest.mark.parametrize(
    ("library", "place", "name", "texture"),
    [
        ("mats/a.mtl", "mats/a.mtl", "t.png", "mats/t.png"),
        (r"mats\a.mtl", "mats/a.mtl", r"..\t.png", "t.png"),
        ("a b.mtl", "a b.mtl", "t.png", "t.png"),
        ("C:/x/A.MTL", "a.mtl", "t.png", "t.png"),
        (r".\a.mtl", "a.mtl", "tex/t.png", "tex/t.png"),
        ("one.mtl a.mtl", "a.mtl", "t.png", "t.png"),
        ("mats/a.mtl", "mats/a.mtl", "t.png", "t.png"),
    ],
)
def test_library_beside_is_found(
    shop: JobFactory, library: str, place: str, name: str, texture: str
) -> None:
    folder = shop.folder / "in"
    for path, content in ((place, MTL.format(name=name).encode()), (texture, TEXTURE)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    made = shop.brought(written(folder / "m.obj", OBJ.format(library=library)))
    assert made.notes == []
    assert [tuple(image.size) for image in made.textures] == [(PIXELS, PIXELS)]
    assert tuple(made.shader.inputs["Base Color"].default_value[:3]) == (0.25, 0.5, 0.75)


def test_library_of_the_same_name_is_taken_where_none_is_named(shop: JobFactory) -> None:
    # As Blender's importer does.
    folder = shop.folder / "in"
    folder.mkdir()
    (folder / "m.mtl").write_text(MTL.format(name="t.png"))
    (folder / "t.png").write_bytes(TEXTURE)
    made = shop.brought(written(folder / "m.obj", OBJ.partition("\n")[2]))
    assert [tuple(image.size) for image in made.textures] == [(PIXELS, PIXELS)]


MISSING = {
    "gone": ("gone.png", "gone.png"),
    "above": ("../../secret.png", "secret.png"),
    "absolute": ("{above}/secret.png", "secret.png"),
    "web": ("http://127.0.0.1:9/a.png", "a.png"),
}


@pytest.mark.parametrize("how", MISSING)
@pytest.mark.parametrize("kind", WRITERS)
def test_missing_picture_is_named_and_the_base_colour_shown(
    shop: JobFactory, kind: str, how: str
) -> None:
    name, told = MISSING[how]
    folder = shop.folder / "in" / "deep"
    folder.mkdir(parents=True)
    made = shop.brought(WRITERS[kind](folder, name.format(above=shop.folder.as_posix())))
    assert made.notes == [f"Not beside the model, so left out: {told}"]
    assert made.textures == []
    assert not [image for image in bpy.data.images if tuple(image.size) == (48, 48)]
    assert not made.shader.inputs["Base Color"].is_linked
    wanted = {"obj": (0.25, 0.5, 0.75), "gltf": (0.2, 0.4, 0.6)}.get(kind)
    if wanted:
        assert made.shader.inputs["Base Color"].default_value[:3] == pytest.approx(wanted)


@pytest.mark.parametrize("kind", WRITERS)
def test_damaged_picture_is_named_and_nothing_is_magenta(shop: JobFactory, kind: str) -> None:
    folder = shop.folder / "in"
    folder.mkdir()
    (folder / "t.png").write_bytes(TEXTURE[: len(TEXTURE) // 2])
    made = shop.brought(WRITERS[kind](folder, "t.png"))
    assert made.notes == ["This Blender cannot read t.png, so the base colour is shown"] or (
        made.notes == ["This Blender cannot read t, so the base colour is shown"]
    )
    assert made.textures == []
    sheet = picture_of(made.collection, shop.folder / "x.png", shop.rooms)
    shown = sheet[sheet[..., 3] > 0.9][:, :3]
    assert not ((shown[:, 0] > shown[:, 1] + 0.3) & (shown[:, 2] > shown[:, 1] + 0.3)).any()


def test_several_missing_pictures_are_one_note(shop: JobFactory) -> None:
    folder = shop.folder / "in"
    folder.mkdir()
    lines = "".join(f"map_{key} {key}.png\n" for key in ("Kd", "Ks", "Ke", "Ns", "d", "Bump"))
    (folder / "a.mtl").write_text(f"newmtl m\n{lines}")
    made = shop.brought(written(folder / "m.obj", OBJ.format(library="a.mtl")))
    assert made.notes == [
        "Not beside the model, so left out: Kd.png, Ks.png, Ke.png, Ns.png and 2 more"
    ]


def test_names_that_are_no_utf_8(shop: JobFactory) -> None:
    folder = shop.folder / "in"
    folder.mkdir()
    name = b"h\xf6lzern.png"  # as an older Windows writes it
    try:
        (folder / name.decode("utf-8", "surrogateescape")).write_bytes(TEXTURE)
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    (folder / "a.mtl").write_bytes(b"newmtl m\nmap_Kd " + name + b"\n")
    made = shop.brought(written(folder / "m.obj", OBJ.format(library="a.mtl")))
    assert made.notes == []
    assert [tuple(image.size) for image in made.textures] == [(PIXELS, PIXELS)]


@pytest.mark.parametrize("kind", ["fbx", "usdc"])
def test_file_of_blender_that_was_moved(shop: JobFactory, kind: str) -> None:
    """Binary files, which name their picture where it was when they were written."""
    before, after = shop.folder / "before", shop.folder / "after"
    (before / "pictures").mkdir(parents=True)
    (before / "pictures" / "t.png").write_bytes(TEXTURE)
    shop.empty()
    bpy.ops.import_scene.gltf(filepath=str(shop.write(dressed(egg(), TEXTURE).pack(), "e.glb")))
    (image,) = [image for image in bpy.data.images if image.source == "FILE"]
    image.unpack(method="REMOVE")
    image.filepath = str(before / "pictures" / "t.png")
    path = before / f"m.{kind}"
    if kind == "fbx":
        import addon_utils

        addon_utils.enable("io_scene_fbx")
        bpy.ops.export_scene.fbx(filepath=str(path), path_mode="ABSOLUTE")
    else:
        more: dict[str, Any] = {"export_textures_mode": "KEEP"} if bpy.app.version >= (4, 4) else {}
        more = more or {"export_textures": False}
        bpy.ops.wm.usd_export(filepath=str(path), relative_paths=False, **more)
    (after / "TEXTURES").mkdir(parents=True)
    shutil.move(path, after / path.name)
    shutil.move(before / "pictures" / "t.png", after / "TEXTURES" / "T.png")
    made = shop.brought(after / path.name)
    assert made.notes == []
    assert {tuple(image.size) for image in made.textures} == {(PIXELS, PIXELS)}


def test_zip_with_textures_in_a_folder_beside_the_models(shop: JobFactory) -> None:
    files = shop.folder / "files"
    (files / "source").mkdir(parents=True)
    (files / "all my pictures").mkdir()
    obj(files / "source", "C:\\work\\t.png")
    (files / "all my pictures" / "t.png").write_bytes(TEXTURE)
    (files / "__MACOSX" / "source").mkdir(parents=True)
    (files / "__MACOSX" / "source" / "._m.obj").write_bytes(bytes(100_000))
    (files / "source" / "._m.obj").write_bytes(bytes(100_000))
    shutil.make_archive(str(shop.folder / "m"), "zip", files)
    made = shop.brought(shop.folder / "m.zip")
    assert made.finished.triangles == 1
    assert [tuple(image.size) for image in made.textures] == [(PIXELS, PIXELS)]


def test_usd_of_several_layers(shop: JobFactory) -> None:
    folder = shop.folder / "in"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "t.png").write_bytes(TEXTURE)
    triangle = "int[] faceVertexCounts = [3]\n int[] faceVertexIndices = [0, 1, 2]\n"
    points = "point3f[] points = [(0,0,0), (1,0,0), (0,1,0)]\n"
    usda(folder / "parts", "./t.png").rename(folder / "parts" / "large.usda")
    layers = '#usda 1.0\n(subLayers = [@./parts/large.usda@]\nupAxis = "Z")\n'
    made = shop.brought(
        written(folder / "m.usda", f'{layers}def Mesh "Own" {{\n {triangle} {points}}}\n')
    )
    assert made.finished.triangles == 2, "the one that was chosen, with what it is made of"
    assert made.notes == []
    assert [tuple(image.size) for image in made.textures] == [(PIXELS, PIXELS)]
