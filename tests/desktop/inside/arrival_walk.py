# SPDX-License-Identifier: GPL-3.0-or-later
"""How a prop arrives beside what is there, and how the extension goes with a job under way.

Runs inside Blender: `blender --python arrival_walk.py -- --out DIR --library DIR --gateway URL`.
The default cube stays where it is, and the viewport in Solid mode. What the walk sees goes to
DIR/facts.json; Blender's undo steps go to its output. TRELLIS_DESKTOP_ZIP names the zip that is
installed a second time.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import product
from support import bpy_context
from support.bpy_context import trellis_ops
from window import Facts, Steps, Window, play

PROMPT = "weathered oak barrel, iron hoops"
KEY = "sk-aig-kept-while-disabled"
TRIANGLE = b"v 0 0 0\nv 1 0 0\nv 0 1 1\nf 1 2 3\n"


class ArrivalWalk:
    """The steps: two variants, one that finds the user at work, a file, and disabling."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")

    def all(self) -> Steps:
        """Everything, then quit."""
        own = product.preferences()
        own.api_key, own.base_url, own.library = KEY, self.given.gateway, str(self.given.library)
        yield 2.0
        self.window.area()[1].spaces.active.show_region_ui = True
        yield 1.0
        self.window.region("UI").active_panel_category = "Trellis"
        yield 1.0
        yield from self.two()
        yield from self.arrive()
        yield from self.show()
        yield from self.at_work()
        yield from self.drop()
        yield from self.disable()
        yield from self.update()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    def props(self) -> list[Any]:
        """The objects that carry props, in the order of their places."""
        found = [o for o in bpy_context.scene().objects if o.instance_collection]
        return sorted(found, key=lambda prop: prop.location.x)

    def selected(self) -> list[str]:
        """The names of what is selected."""
        return sorted(obj.name for obj in bpy_context.scene().objects if obj.select_get())

    def generate(self, prompt: str, count: int = 1) -> None:
        """As the button does it."""
        bpy_context.properties().prompt, bpy_context.properties().count = prompt, count
        with self.window.override():
            trellis_ops.generate("INVOKE_DEFAULT")

    # --- beside the default cube

    def two(self) -> Steps:
        """Two variants at the cursor, which is in the default cube."""
        window, session = self.window, product.session()
        bpy_context.properties().prompt = PROMPT
        yield from window.still()
        yield from window.picture("40-size-from-prompt", window.region("UI"))
        self.generate(PROMPT, 2)
        yield lambda: len(session.running) == 2
        yield from window.move("WINDOW", 0.3, 0.3)
        yield 1.0
        boxes = product.part("ui.jobs.pending_boxes").Placeholders.boxes
        yield from window.picture("41-boxes")
        self.facts.note(
            "two",
            shading=window.area()[1].spaces.active.shading.type,
            boxes=[[round(value, 3) for value in box.location] for box in boxes],
            sizes=[round(box.size, 3) for box in boxes],
        )

    def arrive(self) -> Steps:
        """They stand where their boxes were, selected, and in colour."""
        window, session = self.window, product.session()
        rows: set[str] = set()

        def come() -> bool:
            rows.update([session.arrivals.shown.name] if session.arrivals.shown else [])
            return not session.running

        yield come
        yield from window.picture("42-row", window.region("UI"))
        yield from window.still()
        yield from window.picture("42-arrived")
        first = self.props()[0].instance_collection
        materials = [m for obj in first.all_objects for m in obj.data.materials if m]
        self.facts.note(
            "arrive",
            places=[[round(value, 3) for value in prop.location] for prop in self.props()],
            selected=self.selected(),
            active=bpy_context.active_object().name,
            props=[prop.name for prop in self.props()],
            colour=[round(value, 3) for value in materials[0].diffuse_color],
            rows=sorted(rows),
            libraries=[library.name for library in bpy.data.libraries],
        )
        bpy_context.window_manager().print_undo_steps()

    def show(self) -> Steps:
        """The row's button frames it; after a while the row is gone."""
        window, session = self.window, product.session()
        bpy.ops.object.select_all(action="DESELECT")
        session.arrivals.note(self.placed())  # its 20 s may be over on a slow machine
        window.redraw()
        view = window.area()[1].spaces.active.region_3d
        before = view.view_distance
        yield from window.find("trellis.show_placed", at=0.68, start=0.2)
        yield from window.click()
        yield 2.0
        yield from window.still()
        yield from window.picture("43-shown")
        self.facts.note("show", selected=self.selected(), closer=view.view_distance < 0.8 * before)
        yield lambda: session.arrivals.shown is None
        yield from window.still()
        yield from window.picture("44-faded", window.region("UI"))

    def placed(self) -> list[Any]:
        """The last prop, as placing tells it."""
        prop = self.props()[-1]
        return [product.part("scene.place.placing").Placed(prop, roots=(prop,))]

    # --- the user has gone on meanwhile

    def at_work(self) -> Steps:
        """The user selects the cube before the next one comes."""
        session, cube = product.session(), bpy.data.objects["Cube"]
        self.generate("small brass lantern")
        yield lambda: session.running
        bpy.ops.object.select_all(action="DESELECT")
        cube.select_set(True)
        bpy_context.view_layer().objects.active = cube
        yield lambda: not session.running
        self.facts.note("at_work", selected=self.selected(), count=len(self.props()))

    def drop(self) -> Steps:
        """A file that is dragged from the File Browser stands below the pointer."""
        window, session = self.window, product.session()
        folder = self.given.out / "dragged"
        folder.mkdir()
        (folder / "dropped chair.obj").write_bytes(TRIANGLE)
        before, below = set(self.props()), self.point_below(0.2, 0.75)
        yield from window.drop_file(folder, 0.2, 0.75)
        yield from window.picture("45-drop-menu")
        if len(self.props()) == len(before) and not session.running:
            yield from window.press("Return")  # Blender asks where others take such files, too
        yield lambda: len(self.props()) > len(before)
        yield from window.still()
        yield from window.picture("45-dropped")
        (prop,) = [each for each in self.props() if each not in before]
        self.facts.note(
            "drop",
            from_cursor=round(prop.location.length, 3),
            from_pointer=round((prop.location - below).length, 3),
        )
        bpy_context.window_manager().print_undo_steps()

    def point_below(self, across: float, down: float) -> Any:
        """What the pointer would be over, as parts of the view's size."""
        region = self.window.region()
        views = product.part("ui.common.view_under_pointer")
        with self.window.override():
            x = region.x + int(region.width * across)
            y = region.y + region.height - int(region.height * down)
            return views.view_under(bpy.context, x, y).hit(bpy.context, x, y).location

    # --- disabled with a job under way

    def disable(self) -> Steps:
        """As the box in the preferences does it; then enabled again."""
        window, session = self.window, product.session()
        self.generate("stone lantern")
        yield lambda: session.running and session.running[0].at_gateway
        prop_id = session.running[0].job.prop_id
        kept = product.part("ui.settings.preferences_backup").path()
        with window.override():
            bpy.ops.preferences.addon_disable(module=product.MODULE)
        yield lambda: kept.is_file()
        left = [name for name in dir(bpy.types) if "trellis" in name.lower()]
        self.facts.note(
            "disabled",
            left=left,
            forgotten=product.MODULE not in bpy_context.preferences().addons,
            mode=oct(stat.S_IMODE(kept.stat().st_mode)),
            state=self.state(prop_id),
        )
        yield from window.picture("46-disabled")
        with window.override():
            bpy.ops.preferences.addon_enable(module=product.MODULE)
        yield 1.0
        yield from window.still()
        yield from window.picture("47-enabled", window.region("UI"))
        self.facts.note(
            "enabled",
            key=product.preferences().api_key == KEY,
            url=product.preferences().base_url == self.given.gateway,
            copy=kept.is_file(),
            obstacle=product.obstacle(),
        )
        with window.override():
            trellis_ops.resume_prop(prop_id=prop_id)
        session = product.session()
        yield lambda: not session.running
        self.facts.note("enabled", state=self.state(prop_id))

    def update(self) -> Steps:
        """Installed again from its zip, as a newer version is, with a job under way."""
        window, session = self.window, product.session()
        self.generate("clay jug")
        yield lambda: session.running and session.running[0].at_gateway
        prop_id = session.running[0].job.prop_id
        with window.override():
            bpy.ops.extensions.package_install_files(
                filepath=os.environ["TRELLIS_DESKTOP_ZIP"], repo="user_default"
            )
        yield lambda: product.MODULE in bpy_context.preferences().addons
        yield 1.0
        self.facts.note(
            "updated",
            another_session=product.session() is not session,
            left_running=len(session.running),
            key=product.preferences().api_key == KEY,
            obstacle=product.obstacle(),
            before=self.state(prop_id),
        )
        with window.override():
            trellis_ops.resume_prop(prop_id=prop_id)
        yield lambda: not product.session().running
        yield from window.still()
        yield from window.picture("48-updated")
        self.facts.note("updated", state=self.state(prop_id))

    def state(self, prop_id: str) -> str:
        """What the library says of a prop."""
        text = (self.given.library / prop_id / "prop.json").read_text(encoding="utf-8")
        return str(json.loads(text)["state"])


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = ArrivalWalk()
    play(walk.all(), walk.failed)
