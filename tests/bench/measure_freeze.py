# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long a prop that arrives stops Blender's window. Run by ``bench_freeze.py``:

    blender --background --python measure_freeze.py -- make FOLDER TRIANGLES PIXELS
    blender --python measure_freeze.py -- arrive OUT SHADING "GLB|BLEND"...
    blender --python measure_freeze.py -- orbit OUT BLEND COUNT

``make`` writes ``model.glb`` and, by the product's own import, ``prop.blend``. ``arrive`` brings
each pair in by Blender's importer and by the product, in turn, and measures from the first call to
the end of the second redraw; what two redraws of the same picture cost afterwards, when all is
loaded, is taken off. ``orbit`` measures such redraws with COUNT props in view, as stand-ins and in
full. OUT gets the result as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy
from mathutils import Euler, Vector
from support import bpy_context

from trellis_addon.ui.place import saved_links

ROUNDS = 5
SETTLE = 4
AT_ONCE = 0.02


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def make(folder: str, triangles: str, pixels: str) -> None:
    """One prop, as the background Blender makes it."""
    from support.glbs import charts

    from trellis_addon.importer.pipe.messages import Task
    from trellis_addon.importer.prop.convert import convert

    (Path(folder) / "model.glb").write_bytes(charts(int(triangles), int(pixels)))
    convert(Task(folder=folder, name="Ball", prompt="ball"), lambda text: None)


# --- in the window


def redraw() -> None:
    """The whole window, to its end."""
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)


def view(shading: str, distance: float = 3.0) -> None:
    """The 3D view fills the window and looks at the origin."""
    screen = bpy_context.window_manager().windows[0].screen
    area = max((a for a in screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width * a.height)
    space: Any = area.spaces.active
    space.shading.type = shading
    region = space.region_3d
    region.view_perspective = "PERSP"
    region.view_location = Vector((0, 0, 0.5))
    region.view_distance = distance
    region.view_rotation = Euler((1.1, 0, 0.6)).to_quaternion()


def clear() -> None:
    """Everything that came in goes."""
    blocks = [*bpy.data.objects, *bpy.data.collections, *bpy.data.libraries]
    bpy.data.batch_remove(blocks)
    data: Any = bpy.data
    data.orphans_purge(do_recursive=True)
    for _ in range(2):
        redraw()


def import_glb(glb: str) -> None:
    """As other extensions do."""
    bpy.ops.import_scene.gltf(filepath=glb)


def place(blend: str) -> None:
    """As the product does when a prop is ready."""
    from trellis_addon.scene.place.placing import PlaceItem, at_origin, place_many
    from trellis_addon.scene.place.prefetch import fetch
    from trellis_addon.scene.place.undo_steps import undo_step

    items = [PlaceItem(Path(blend), at_origin(bpy_context.scene()))]
    fetch(items, AT_ONCE)
    for placed in place_many(items):
        if placed.error:
            raise placed.error
    undo_step("Trellis")


def freeze(work: Callable[[], None]) -> float:
    """Milliseconds in which the window stands still: never less than the calls alone."""
    clear()
    calls = milliseconds(work)
    drawn = milliseconds(redraw) + milliseconds(redraw)
    steady = statistics.median(milliseconds(redraw) for _ in range(SETTLE))
    return calls + max(drawn - 2 * steady, 0.0)


def textured() -> bool:
    """Whether a picture has been decoded for the view."""
    return any(image.has_data for image in bpy.data.images if image.source == "FILE")


def arrive(out: str, shading: str, *pairs: str) -> None:
    """All pairs, each way in turn. The first round loads modules and shaders and is not counted."""
    view(shading)
    found: dict[str, dict[str, list[float]]] = {}
    for number in range(ROUNDS + 1):
        for pair in pairs:
            glb, blend = pair.split("|")
            for name, work in (
                ("ours", lambda b=blend: place(b)),
                ("importer", lambda g=glb: import_glb(g)),
            ):
                took = freeze(work)
                if shading == "MATERIAL" and number and not textured():
                    raise AssertionError(f"{name}: the view did not show the prop's pictures")
                if number:
                    found.setdefault(pair, {}).setdefault(name, []).append(took)
    write(out, [found[pair] for pair in pairs])


def orbit(out: str, blend: str, count: str) -> None:
    """Stand-ins and full meshes in one scene, one of the two in view, in turn."""
    from trellis_addon.scene.link.methods import Method
    from trellis_addon.scene.place.placing import Placement
    from trellis_addon.scene.place.placing import place as put

    clear()
    view("SOLID", 14.0)
    scene = bpy_context.scene()
    groups = {}
    for name, method in (("proxy", Method.LINK), ("full", Method.APPEND_REUSE)):
        group = bpy.data.collections.new(name)
        scene.collection.children.link(group)
        bpy_context.view_layer().active_layer_collection = (
            bpy_context.view_layer().layer_collection.children[name]
        )
        for index in range(int(count)):
            place_at = (index % 10 - 4.5, index // 10 - 2.0, 0.0)
            put(Path(blend), Placement(scene.name, place_at, method))
        groups[name] = group
    times: dict[str, list[float]] = {name: [] for name in groups}
    for _ in range(ROUNDS):
        for name in groups:
            for other, group in groups.items():
                group.hide_viewport = other != name
            redraw()
            redraw()
            times[name].append(milliseconds(redraw))
    write(out, times)


def write(out: str, result: Any) -> None:
    """For the benchmark, with what it was measured on."""
    Path(out).write_text(
        json.dumps({"blender": bpy.app.version_string, "result": result}), encoding="utf-8"
    )


def main() -> None:
    """Run the named measurement; in a window from a timer, when it has been drawn."""
    name, *arguments = sys.argv[sys.argv.index("--") + 1 :]
    works: dict[str, Callable[..., None]] = {"make": make, "arrive": arrive, "orbit": orbit}
    work = works[name]
    if name == "make":
        work(*arguments)
        return

    def run() -> None:
        try:
            work(*arguments)
        except BaseException:
            traceback.print_exc()
        bpy.ops.wm.quit_blender()

    saved_links.register()  # without these handlers, light files are not linked
    preferences = bpy_context.preferences()
    preferences.view.show_splash = False
    preferences.view.use_save_prompt = False
    preferences.edit.use_global_undo = True
    bpy.app.timers.register(run, first_interval=3.0)


if __name__ == "__main__":
    main()
