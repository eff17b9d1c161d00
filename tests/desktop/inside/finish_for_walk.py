# SPDX-License-Identifier: GPL-3.0-or-later
"""Finish For in a narrow sidebar, by F3, and for several props at once, with a real pointer.

Runs inside Blender: `blender --python finish_for_walk.py -- --out DIR --library DIR`; key and
gateway come from the environment. What the walk sees goes to DIR/facts.json.
"""

from __future__ import annotations

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

PROMPTS = ("weathered oak barrel, iron hoops", "brass lantern")
NARROW = 260
ROW = 22
"""The height of a button, in pixels at a scale of 1."""
OWN = """
[site]
label = "Our Site"
description = "A GLB for our own site"
use = "web"
[site.finishing]
shading = "flat"
[site.export]
formats = ["glb"]
"""


class FinishForWalk:
    """The steps: two props, the menu in the sidebar, F3, both at once."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")

    def all(self) -> Steps:
        """Everything, then quit."""
        product.preferences().library = str(self.given.library)
        tables = self.given.library / "destinations"
        tables.mkdir(parents=True)
        (tables / "studio.toml").write_text(OWN, encoding="utf-8")
        yield 2.0
        yield from self.two_props()
        yield from self.menu()
        yield from self.search()
        yield from self.both()
        yield from self.quality()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    def exports(self) -> Any:
        """The queue of exports."""
        return product.part("ui.gallery.export_queue").ExportQueue.get()

    def props(self) -> list[Any]:
        """The objects that carry props."""
        return [o for o in bpy_context.scene().objects if o.instance_collection]

    def select(self, *objects: Any) -> None:
        """These alone; the last is active."""
        for other in bpy.context.selected_objects:
            other.select_set(False)
        for obj in objects:
            obj.select_set(True)
            bpy_context.view_layer().objects.active = obj

    def two_props(self) -> Steps:
        """Two props stand in the scene, and our tab is as narrow as it is by default."""
        self.window.area()[1].spaces.active.show_region_ui = True
        yield 1.0
        self.window.region("UI").active_panel_category = "Trellis"
        for obj in list(bpy.data.objects):
            bpy.data.objects.remove(obj)
        session = product.session()
        for number, prompt in enumerate(PROMPTS):
            bpy_context.scene().cursor.location = (2.0 * number, 0.0, 0.0)
            with self.window.override():
                trellis_ops.generate("INVOKE_DEFAULT", prompt=prompt)
        yield lambda: not session.running
        yield from self.window.narrow(NARROW)
        self.facts.note("two", props=len(self.props()), width=self.window.region("UI").width)

    def menu(self) -> Steps:
        """The button in the Active Prop panel, its menu, and its third entry."""
        self.select(self.props()[0])
        yield 1.0
        yield from self.window.find("trellis.finish_again")
        row = int(ROW * bpy_context.preferences().system.ui_scale)
        yield from self.window.run("xdotool", "mousemove_relative", "--", 0, row)
        yield 0.3
        yield from self.window.picture("60-sidebar", self.window.region("UI"))
        yield from self.window.click()
        yield 1.0
        yield from self.window.picture("61-menu")
        # Typed letters choose an entry of an open menu by its accelerator; arrows always work.
        yield from self.window.press(*["Down"] * 2, "Return")
        yield lambda: self.exports().running or self.exports().ended
        began = [one.wish.destination.id for one in self.exports().running]
        yield from self.window.move()
        yield 1.0
        yield from self.window.picture("62-running", self.window.region("UI"))
        yield lambda: not self.exports().running
        yield from self.window.still()
        yield from self.window.picture("63-done", self.window.region("UI"))
        outcome = self.exports().ended[0]
        files = sorted(path.name for path in outcome.folder.iterdir()) if outcome.folder else []
        self.facts.note("menu", began=began, good=outcome.good, text=outcome.text, files=files)

    def search(self) -> Steps:
        """F3 finds an entry by the menu's name and its own."""
        yield from self.window.move("WINDOW", 0.3, 0.4)
        yield from self.window.press("F3")
        yield from self.window.write("Finish For Our Site")
        yield from self.window.still()
        yield from self.window.picture("64-search")
        yield from self.window.press("Return")
        yield lambda: self.exports().running
        began = [one.wish.destination.id for one in self.exports().running]
        yield lambda: not self.exports().running
        self.facts.note("search", began=began, good=self.exports().ended[0].good)

    def both(self) -> Steps:
        """Both are selected; one is cancelled while it waits or runs, and comes to no harm."""
        self.select(*self.props())
        yield 0.5
        for _ in range(2):
            with self.window.override():
                trellis_ops.finish_for("INVOKE_DEFAULT", destination="site")
        exports = self.exports()
        count = len(exports.running)
        yield 1.0
        yield from self.window.picture("65-both", self.window.region("UI"))
        yield lambda: not exports.running
        yield from self.window.still()
        yield from self.window.picture("66-both-done", self.window.region("UI"))
        self.facts.note("both", count=count, ended=[each.text for each in exports.ended])

    def quality(self) -> Steps:
        """The lights of the active prop, with a button for each use that it is not ready for."""
        self.select(self.props()[0])
        # Else the results are between the button and the lights.
        self.exports().ended.clear()
        self.window.redraw()
        yield 1.0
        yield from self.window.find("trellis.show_in_library")
        row = int(1.4 * ROW * bpy_context.preferences().system.ui_scale)
        yield from self.window.run("xdotool", "mousemove_relative", "--", 0, row)
        yield from self.window.click()
        yield from self.window.move()
        yield from self.window.still()
        yield from self.window.picture("67-quality", self.window.region("UI"))
        view = bpy_context.preferences().view
        view.language = "de_DE"
        view.use_translate_interface = view.use_translate_reports = True
        yield from self.window.still()
        yield from self.window.picture("68-de_DE", self.window.region("UI"))
        view.language = "en_US"


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = FinishForWalk()
    play(walk.all(), walk.failed)
