# SPDX-License-Identifier: GPL-3.0-or-later
"""The light stand-in looks like the prop: its outline, its colours, its thin and small parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from gateway.meshes import make_glb
from mathutils import Vector
from PIL import Image
from support import bpy_context
from support.glbs import FLOAT, LONG, Model, charts
from support.imp_making import JobFactory, box_of
from support.imp_models import animated, dressed, egg, picture

VIEWS = ((20, 0), (110, 10), (200, 35), (290, -30), (65, 60), (155, -5))
"""Degrees around and above."""
SIDE = 512
LOW: dict[str, Any] = {"proxy_above_triangles": 500}
"""So that small models are heavy."""


@pytest.fixture
def shop(rooms: Any, tmp_path: Path) -> JobFactory:
    return JobFactory(rooms, tmp_path)


def parts(made: Any) -> tuple[list[Any], list[Any]]:
    """The full objects and the light ones, by their collections."""
    full, light = made.collection.children
    assert (full["trellis_role"], light["trellis_role"]) == ("full", "proxy")
    assert (full.hide_viewport, full.hide_render) == (True, False)
    assert (light.hide_viewport, light.hide_render) == (False, True)
    return list(full.objects), list(light.objects)


def colour_picture(obj: Any) -> Any:
    """The picture that an object's base colour shows."""
    tree = obj.material_slots[0].material.node_tree
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    return shader.inputs["Base Color"].links[0].from_node.image


# --- the whole, as it looks


@contextmanager
def studio(tmp_path: Path) -> Iterator[Callable[[list[Any], str], list[Any]]]:
    """Takes pictures (S, S, 4) from all sides of some objects, by Cycles."""
    scene: Any = bpy.data.scenes.new("Studio")
    camera: Any = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 1.5
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    for obj in (camera, sun):
        scene.collection.objects.link(obj)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("Studio")
    if bpy.app.version < (5, 0, 0):
        scene.world.use_nodes = True
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 2, False
    scene.cycles.max_bounces = 1
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = SIDE
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.view_settings.view_transform = "Standard"

    def shots(objects: list[Any], name: str) -> list[Any]:
        for obj in objects:
            scene.collection.objects.link(obj)
        made = []
        for number, (around, above) in enumerate(VIEWS):
            a, b = radians(around), radians(above)
            way = Vector((cos(b) * sin(a), -cos(b) * cos(a), sin(b)))
            camera.location = Vector((0, 0, 0.5)) + way * 5
            camera.rotation_euler = (-way).to_track_quat("-Z", "Y").to_euler()
            sun.rotation_euler = camera.rotation_euler
            scene.render.filepath = str(tmp_path / f"{name}-{number}.png")
            bpy.ops.render.render(write_still=True, scene=scene.name)
            with Image.open(scene.render.filepath) as image:
                made.append(np.asarray(image, dtype=np.float32) / 255)
        for obj in objects:
            scene.collection.objects.unlink(obj)
        return made

    yield shots
    bpy.data.scenes.remove(scene)


def overlap(one: Any, other: Any) -> float:
    """Of two outlines: what they share, as a part of what they cover."""
    a, b = one[..., 3] > 0.5, other[..., 3] > 0.5
    return float((a & b).sum() / (a | b).sum())


def colour_difference(one: Any, other: Any) -> float:
    """The mean of what differs, of 1, where both are solid; over 4 x 4 pixels, as one who stands
    back sees it."""

    def coarse(values: Any) -> Any:
        return values.reshape(SIDE // 4, 4, SIDE // 4, 4, -1).mean(axis=(1, 3))

    solid = (coarse(one[..., 3:]) == 1) & (coarse(other[..., 3:]) == 1)
    away = np.abs(coarse(one[..., :3]) - coarse(other[..., :3]))
    return float(away[solid[..., 0]].mean())


def test_it_looks_like_the_prop(shop: JobFactory) -> None:
    # By the settings as they are: 110,000 triangles are heavy, a picture of 512 pixels is not.
    made = shop.made(shop.write(charts(110_000, 512)))
    full, (light,) = parts(made)
    assert made.finished.triangles > 100_000
    assert 4250 <= len(light.data.polygons) <= 5000
    assert tuple(colour_picture(light).size) == (512, 512)
    assert Path(colour_picture(light).filepath).suffix == ".jpg"
    with studio(shop.folder) as shots:
        pairs = list(zip(shots(full, "full"), shots([light], "light"), strict=True))
    assert min(overlap(a, b) for a, b in pairs) >= 0.99
    assert max(colour_difference(a, b) for a, b in pairs) <= 0.02


def test_its_draft_looks_like_it(rooms: Any, shop: JobFactory) -> None:
    """In place and from a distance: the exchange must not be seen as a jump."""
    imported = shop.imported(shop.write(make_glb("weathered oak barrel", 0, 110_000, 512)))
    settings = imported.settings(rooms("core.generation.finishing").Finishing())
    finish = rooms("importer.prop.finish_steps").finish
    made = finish(imported.objects, "Ball", settings, shop.folder / "textures", is_hasty=True)
    assert made.draft is not None
    (draft,) = made.collection.children[1].objects
    assert 16_000 <= len(draft.data.polygons) <= 60_000
    low, high = box_of([draft])
    colour = tuple(draft.data.materials[0].diffuse_color)
    with studio(shop.folder) as shots:
        before = shots([draft], "draft")
        rooms("importer.prop.proxy_collections").replace_draft(made.draft)
        (light,) = made.collection.children[1].objects
        after = shots([light], "light")
    assert len(light.data.polygons) <= 5000
    assert min(overlap(a, b) for a, b in zip(before, after, strict=True)) >= 0.98
    # The hoops of the draft are not metal, which its picture does not say.
    assert max(colour_difference(a, b) for a, b in zip(before, after, strict=True)) <= 0.09
    assert (*low, *high) == pytest.approx([*box_of([light])[0], *box_of([light])[1]], abs=0.01)
    assert colour == pytest.approx(tuple(light.data.materials[0].diffuse_color), abs=0.03)


# --- when there is one


@pytest.mark.parametrize("finishing", [{}, {"proxy": False, **LOW}])
def test_none_for_a_small_prop_or_when_off(shop: JobFactory, finishing: Any) -> None:
    made = shop.made(shop.write(dressed(egg(24), picture()).pack()), **finishing)
    assert not made.finished.has_proxy
    assert len(made.collection.children) == 0


def test_heavy_in_pixels_alone(shop: JobFactory) -> None:
    model = dressed(egg(12), picture(pixels=1200, holes=0.4), alphaMode="BLEND")
    made = shop.made(shop.write(model.pack()))
    (full,), (light,) = parts(made)
    assert light.data == full.data
    small = colour_picture(light)
    assert tuple(small.size) == (512, 512)
    assert tuple(colour_picture(full).size) == (1200, 1200)
    # Its alpha is used, so it stays.
    alpha = np.array(small.pixels[:])[3::4]
    assert Path(small.filepath).suffix == ".png"
    assert alpha.mean() == pytest.approx(0.6, abs=0.02)


def test_a_prop_that_moves_keeps_its_mesh(shop: JobFactory) -> None:
    made = shop.made(shop.write(animated().pack()), proxy_above_triangles=4)
    full, (light,) = parts(made)
    (mesh,) = [obj for obj in full if obj.type == "MESH"]
    assert light.data == mesh.data
    made.collection.children[0].hide_viewport = False  # else Blender does not move the full one
    for frame in (1, 12, 24):
        bpy_context.scene().frame_set(frame)
        assert box_of([light])[0] == pytest.approx(box_of([mesh])[0], abs=1e-5)
    assert box_of([light])[0][2] > 1


def test_packed_with_the_prop(shop: JobFactory) -> None:
    model = dressed(egg(24), picture())
    made = shop.made(shop.write(model.pack()), textures="packed", **LOW)
    _, (light,) = parts(made)
    assert colour_picture(light).packed_file is not None
    assert not (shop.folder / "textures").exists()


def test_unpacked_it_is_a_file_beside(shop: JobFactory) -> None:
    _, (light,) = parts(shop.made(shop.write(dressed(egg(24), picture()).pack()), **LOW))
    path = Path(colour_picture(light).filepath)
    assert path.parent == shop.folder / "textures"
    assert path.is_file()


# --- colours


def test_it_shines_through_where_the_prop_does(shop: JobFactory) -> None:
    model = dressed(egg(24), picture(holes=0.5), alphaMode="BLEND")
    _, (light,) = parts(shop.made(shop.write(model.pack()), **LOW))
    image = colour_picture(light)
    assert Path(image.filepath).suffix == ".png"
    shader = next(n for n in light.data.materials[0].node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    assert shader.inputs["Alpha"].is_linked
    assert 0.2 < np.array(image.pixels[:])[3::4].mean() < 0.8


def test_one_colour_needs_no_picture(shop: JobFactory) -> None:
    model = egg(24)
    metal = {"baseColorFactor": [0.5, 0.1, 0.05, 1], "roughnessFactor": 0.25, "metallicFactor": 1}
    model.document["materials"] = [{"pbrMetallicRoughness": metal}]
    model.document["meshes"][0]["primitives"][0]["material"] = 0
    _, (light,) = parts(shop.made(shop.write(model.pack()), **LOW))
    inputs = next(
        n for n in light.data.materials[0].node_tree.nodes if n.type == "BSDF_PRINCIPLED"
    ).inputs
    assert tuple(inputs["Base Color"].default_value)[:3] == pytest.approx(
        (0.5, 0.1, 0.05), abs=0.01
    )
    assert inputs["Roughness"].default_value == pytest.approx(0.25, abs=0.01)
    assert inputs["Metallic"].default_value == pytest.approx(1.0, abs=0.01)
    assert [n.type for n in light.data.materials[0].node_tree.nodes].count("TEX_IMAGE") == 0


def test_vertex_colours(shop: JobFactory) -> None:
    # Red goes up with the angle around, green with the height.
    _, (light,) = parts(shop.made(shop.write(egg(40, colours=True).pack()), **LOW))
    values = np.array(colour_picture(light).pixels[:]).reshape(-1, 4)
    assert values[:, 0].std() > 0.1
    assert values[:, 1].std() > 0.1


# --- shapes, without Blender: the steps are numpy


def stand_in(rooms: Any, points: Any, corners: Any) -> Any:
    made = rooms("importer.proxy.proxy_mesh").stand_in(
        np.asarray(points, dtype=np.float64), np.asarray(corners, dtype=np.int64)
    )
    assert made is not None
    return made


def sheet(rows: int, columns: int) -> tuple[Any, Any]:
    """A flat grid of 1 by 1, facing up."""
    y, x = np.meshgrid(np.linspace(0, 1, rows + 1), np.linspace(0, 1, columns + 1), indexing="ij")
    points = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1)
    first = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1, 1)
    over = columns + 1
    return points, (first + np.array([0, 1, over + 1, 0, over + 1, over])).reshape(-1, 3)


def rod(length: float, radius: float, at: Any, rows: int = 200, around: int = 12) -> Any:
    """A closed upright rod."""
    points, corners = sheet(rows, around)
    turn = points[:, 0] * 2 * np.pi
    made = np.stack(
        [np.cos(turn) * radius, np.sin(turn) * radius, points[:, 1] * length], axis=1
    ) + np.array(at)
    ends = np.array([at, (at[0], at[1], at[2] + length)], dtype=float)
    caps = []
    for k in range(around):
        caps += [
            (len(made), k + 1, k),
            (len(made) + 1, rows * (around + 1) + k, rows * (around + 1) + k + 1),
        ]
    return np.concatenate([made, ends]), np.concatenate([corners, np.array(caps)])


def joined(*meshes: Any) -> tuple[Any, Any]:
    points, corners, count = [], [], 0
    for places, triangles in meshes:
        points.append(places)
        corners.append(triangles + count)
        count += len(places)
    return np.concatenate(points), np.concatenate(corners)


def area(points: Any, corners: Any) -> float:
    a, b, c = (points[corners[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_thin_and_small_parts_stay(rooms: Any) -> None:
    # A plate, four legs of 8 mm, and a knob of 4 mm, each a part of its own.
    plate, corners = sheet(200, 200)
    legs = [rod(0.9, 0.004, (x, y, -0.95)) for x in (0.1, 0.9) for y in (0.1, 0.9)]
    knob = rod(0.004, 0.002, (0.5, 0.5, 0.1), rows=6)
    points, all_corners = joined((plate, corners), *legs, knob)
    light = stand_in(rooms, points, all_corners)
    assert len(light.corners) <= 5000
    for x in (0.1, 0.9):
        for y in (0.1, 0.9):
            near = np.hypot(light.points[:, 0] - x, light.points[:, 1] - y) < 0.02
            leg = light.points[near & (light.points[:, 2] < -0.01)]
            assert np.ptp(leg[:, 2]) > 0.88
            # Not a line, and not flat: seen from any side it has a width.
            assert np.ptp(leg[:, 0]) > 0.005
            assert np.ptp(leg[:, 1]) > 0.005
    assert (np.abs(light.points[:, 2] - 0.1) < 0.01).sum() >= 4


def test_open_patches_keep_their_borders(rooms: Any) -> None:
    # Forty leaves above each other, nearer than a cell of the grid is wide.
    leaf, corners = sheet(50, 25)
    leaves = [(leaf * (1, 0.5, 1) + (0, 0, 0.004 * k), corners) for k in range(40)]
    points, all_corners = joined(*leaves)
    light = stand_in(rooms, points, all_corners)
    assert len(light.corners) <= 5000
    assert area(light.points, light.corners) == pytest.approx(40 * 0.5, rel=0.03)
    for k in range(40):
        own = light.points[np.abs(light.points[:, 2] - 0.004 * k) < 0.001]
        assert (*own.min(axis=0)[:2], *own.max(axis=0)[:2]) == pytest.approx(
            (0, 0, 1, 0.5), abs=0.01
        )


def test_no_cracks_between_charts(rooms: Any) -> None:
    # Every quad is a chart: no two share a vertex. Merged, the ball has no open edge.
    points, corners = ball(200)
    light = stand_in(rooms, points, corners)
    ends = np.sort(light.corners[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, uses = np.unique(ends, axis=0, return_counts=True)
    assert set(uses.tolist()) == {2}
    centre = light.points[light.corners].mean(axis=1)
    a, b, c = (light.points[light.corners[:, k]] for k in range(3))
    assert ((np.cross(b - a, c - a) * centre).sum(axis=1) > 0).all()  # all face outward


def ball(rows: int) -> tuple[Any, Any]:
    """A closed ball of which no two quads share a vertex."""
    points, corners = sheet(rows, 2 * rows)
    turn, height = points[:, 0] * 2 * np.pi, points[:, 1] * np.pi
    turn = np.where(points[:, 0] == 1, 0, turn)
    ring = np.where((points[:, 1] == 0) | (points[:, 1] == 1), 0, np.sin(height))
    round_ = np.stack([ring * np.cos(turn), ring * np.sin(turn), np.cos(height)], axis=1)
    round_ = round_.astype(np.float32).astype(np.float64)
    return round_[corners[:, ::-1]].reshape(-1, 3), np.arange(corners.size).reshape(-1, 3)


def test_two_sides_of_a_thin_sheet_keep_their_colours(shop: JobFactory) -> None:
    # 2 mm thick, red above and blue below.
    top, corners = sheet(60, 60)
    points, all_corners = joined((np.add(top, (0, 0, 0.002)), corners), (top, corners[:, ::-1]))
    model = Model()
    position = np.ascontiguousarray(points[:, [0, 2, 1]] * (1, 1, -1), dtype="<f4")
    half = len(all_corners) // 2
    place = model.accessor(
        position.tobytes(), FLOAT, "VEC3", len(position),
        min=position.min(0).tolist(), max=position.max(0).tolist(),
    )  # fmt: skip
    primitives = []
    for material, own in enumerate((all_corners[:half], all_corners[half:])):
        order = model.accessor(own.astype("<u4").tobytes(), LONG, "SCALAR", own.size)
        primitives.append(
            {"attributes": {"POSITION": place}, "indices": order, "material": material}
        )
    model.document["meshes"] = [{"primitives": primitives}]
    colours = ([1, 0, 0, 1], [0, 0, 1, 1])
    model.document["materials"] = [
        {"pbrMetallicRoughness": {"baseColorFactor": colour}} for colour in colours
    ]
    content = model.show(model.node(mesh=0)).pack()
    _, (light,) = parts(shop.made(shop.write(content), **LOW))
    mesh, image = light.data, colour_picture(light)
    pixels = np.array(image.pixels[:]).reshape(512, 512, 4)
    seen: dict[bool, list[Any]] = {True: [], False: []}
    for face in mesh.polygons:
        uv = sum((mesh.uv_layers[0].uv[k].vector for k in face.loop_indices), Vector((0, 0))) / 3
        if abs(face.normal.z) > 0.9:
            seen[face.normal.z > 0].append(pixels[int(uv.y * 512), int(uv.x * 512)])
    for up, wanted in ((True, 0), (False, 2)):
        assert len(seen[up]) > 10
        assert np.mean([colour[wanted] > 0.8 for colour in seen[up]]) > 0.98


def test_detail_finer_than_a_triangle(rooms: Any) -> None:
    # Waves that are as long as a triangle's side, read back from the picture at its middle.
    points, corners = sheet(250, 250)
    light = stand_in(rooms, points, corners)

    def wave(places: Any) -> Any:
        return 0.5 + 0.5 * np.sin(places[:, :1] * 2 * np.pi * 50)

    at = points[corners[light.samples.triangles]]
    values = wave(np.einsum("nk,nkc->nc", light.samples.shares, at))
    picture_ = light.drawing.picture(values)
    column, row = light.drawing.atlas.places.mean(axis=1).astype(int).T
    middles = light.points[light.corners].mean(axis=1)
    assert np.corrcoef(picture_[row, column, 0], wave(middles)[:, 0])[0, 1] > 0.9


def test_every_size_of_mesh(rooms: Any) -> None:
    # One triangle, a few, none that has an area.
    one = stand_in(rooms, [(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)])
    assert len(one.corners) == 1
    few = stand_in(rooms, *sheet(4, 4))
    assert area(few.points, few.corners) == pytest.approx(1.0)
    flat = rooms("importer.proxy.proxy_mesh").stand_in(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    assert flat is None or len(flat.corners) <= 1
