# SPDX-License-Identifier: GPL-3.0-or-later
"""The words below the prompt, and four sides of a blockout, with a real pointer at 260 pixels.

Runs inside Blender: `blender --python views_walk.py -- --out DIR --library DIR --gateway URL`. What
the walk sees goes to DIR/facts.json.
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

WIDTH = 260
LONG = "a weathered oak treasure chest with wrought-iron hoops and brass corner fittings, " * 5
SIDES = ("reference", "reference_back", "reference_left", "reference_right")
PARTS = {"nose": ((0.0, -1.2, 0.0), 0.4), "ear": ((1.3, 0.0, 0.6), 0.3)}
"""One part stands out at the front, one at the right; each has its place and size."""


class ViewsWalk:
    """The steps: words, a prompt that is too long, four sides, and what Generate sends."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")

    def all(self) -> Steps:
        """Everything, then quit."""
        own = product.preferences()
        own.api_key, own.base_url = "sk-aig-of-the-walk", self.given.gateway
        own.library = str(self.given.library)
        yield 2.0
        self.window.area()[1].spaces.active.show_region_ui = True
        yield 1.0
        self.window.region("UI").active_panel_category = "Trellis"
        yield 1.0
        yield from self.window.narrow(WIDTH)
        yield from self.words()
        yield from self.sides()
        yield from self.cut_out()
        yield from self.send()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    def words(self) -> Steps:
        """A word of a menu, and a prompt that is too long."""
        window, group = self.window, bpy_context.properties()
        group.prompt = "treasure chest"
        yield from window.still()
        yield from window.picture("70-words", window.region("UI"))
        yield from window.find("trellis.generate", at=0.4)
        # The menus stand in the second row above the button.
        row = int(46 * bpy_context.preferences().system.ui_scale)
        yield from window.run("xdotool", "mousemove_relative", "--", -60, -row)
        yield from window.click()
        yield from window.still()
        yield from window.picture("71-menu")
        yield from window.press("Escape")
        yield from window.move()
        with window.override():
            trellis_ops.prompt_words("INVOKE_DEFAULT", words="brass")
        added = group.prompt
        group.prompt = LONG
        window.redraw()
        yield from window.still()
        yield from window.picture("72-too-long", window.region("UI"))
        group.prompt = "treasure chest"
        self.facts.note("words", added=added, width=window.region("UI").width)

    def sides(self) -> Steps:
        """F3 takes four pictures of a cube with a nose and an ear, and not of what is beside it."""
        window, group = self.window, bpy_context.properties()
        cube = bpy.data.objects["Cube"]
        chosen = [cube]
        with window.override():
            for name, (place, size) in PARTS.items():
                bpy.ops.mesh.primitive_cube_add(size=size * 2, location=place)
                obj: Any = bpy.context.object
                obj.name = name
                chosen.append(obj)
            bpy.ops.mesh.primitive_cube_add(size=9.0, location=(0.0, 20.0, 0.0))
            bpy.ops.object.select_all(action="DESELECT")
        for obj in chosen:
            obj.select_set(True)
        yield from window.move("WINDOW", 0.3, 0.4)
        yield from window.press("F3")
        yield from window.write("Four Sides of Selection")
        yield from window.still()
        yield from window.press("Return")
        yield lambda: group.reference_right
        hidden = [obj.name for obj in bpy_context.scene().objects if obj.hide_get()]
        self.facts.note(
            "sides",
            hidden=hidden,
            **{name: self.seen(getattr(group, name)) for name in SIDES},
        )
        for name in SIDES:
            image: Any = getattr(group, name)
            image.save_render(str(self.given.out / f"{name}.png"))
        yield from window.find("trellis.reset_model", at=0.8)
        header = int(26 * bpy_context.preferences().system.ui_scale)
        yield from window.run("xdotool", "mousemove_relative", "--", -110, -header)
        yield from window.click()
        yield from window.move()
        yield from window.still()
        yield from window.picture("73-sides", window.region("UI"))

    def cut_out(self) -> Steps:
        """The button below the picture, and the one that takes it back."""
        window, group = self.window, bpy_context.properties()
        before = group.reference.name
        yield from window.find("trellis.cut_out_reference", at=0.4)
        yield from window.click()
        yield lambda: group.reference.name != before
        yield from window.move()
        yield from window.still()
        yield from window.picture("74-cut-out", window.region("UI"))
        pixels = list(group.reference.pixels)
        cut = sum(alpha < 0.5 for alpha in pixels[3::4]) / len(pixels[3::4])
        yield from window.find("trellis.use_original", at=0.4)
        yield from window.click()
        yield lambda: group.reference.name == before
        self.facts.note("cut", share=round(cut, 3))

    def seen(self, image: Any) -> dict[str, Any]:
        """Where the object is in a picture: its columns and rows, as parts of the side."""
        import numpy as np

        side = image.size[0]
        pixels = np.array(image.pixels[:]).reshape(side, side, 4)
        drawn = (pixels[..., :3] < 0.97).any(axis=2)
        rows, columns = np.nonzero(drawn.any(axis=1))[0], np.nonzero(drawn.any(axis=0))[0]
        return {
            "alpha": float(pixels[..., 3].min()),
            "corner": float(pixels[0, 0, 0]),
            "columns": [round(float(columns[at]) / side, 3) for at in (0, -1)]
            if len(columns)
            else [],
            "rows": [round(float(rows[at]) / side, 3) for at in (0, -1)] if len(rows) else [],
        }

    def send(self) -> Steps:
        """Generate, to the end."""
        window, session = self.window, product.session()
        yield from window.find("trellis.generate", at=0.4)
        yield from window.click()
        yield lambda: session.running
        yield lambda: not session.running
        yield from window.move()
        yield from window.still()
        yield from window.picture("75-placed")
        self.facts.note(
            "sent", failed=[ended.facts.message for ended in session.ended if ended.facts]
        )


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = ViewsWalk()
    play(walk.all(), walk.failed)
