# SPDX-License-Identifier: GPL-3.0-or-later
"""Several jobs at once, their errors, and other files meanwhile, with a real pointer.

Runs inside Blender: `blender --python jobs_walk.py -- --out DIR --library DIR`; key and gateway
come from the environment. The gateway refuses the third request with 402. What the walk sees goes
to DIR/facts.json.
"""

from __future__ import annotations

import json
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
RIGHT = 0.8
"""Where the small buttons at the right end of a box are, as a part of the sidebar's width."""


class JobsWalk:
    """The steps: three jobs, one cancelled, one refused, one whose file is closed."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")

    def all(self) -> Steps:
        """Everything, then quit."""
        own = product.preferences()
        own.library, own.jobs_at_once = str(self.given.library), 2
        yield 2.0
        yield from self.sidebar()
        yield from self.reference()
        yield from self.three()
        yield from self.cancel()
        yield from self.arrive()
        yield from self.refused()
        yield from self.again()
        yield from self.looks()
        yield from self.other_file()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    def sidebar(self) -> Steps:
        """Show our tab."""
        self.window.area()[1].spaces.active.show_region_ui = True
        yield 1.0
        self.window.region("UI").active_panel_category = "Trellis"
        yield 1.0

    def props(self) -> list[Any]:
        """The objects that carry props."""
        return [o for o in bpy_context.scene().objects if o.instance_collection]

    def record(self, prop_id: str) -> dict[str, Any]:
        """What the library knows of a prop."""
        text = (self.given.library / prop_id / "prop.json").read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    # --- the picture that goes with the prompt

    def reference(self) -> Steps:
        """F3 takes a picture of the viewport."""
        window, scene = self.window, bpy_context.scene()
        yield from window.move("WINDOW", 0.3, 0.4)
        yield from window.press("F3")
        yield from window.write("Reference Image from Viewport")
        yield from window.still()
        yield from window.press("Return")
        yield lambda: bpy_context.properties(scene).reference
        image = bpy_context.properties(scene).reference
        pixels = list(image.pixels)
        self.facts.note(
            "reference",
            size=list(image.size),
            values=len({round(value, 2) for value in pixels}),
            packed=image.packed_file is not None,
        )
        yield from window.find("trellis.reset_model", at=RIGHT)
        # The closed panel above it is the one of the image.
        header = int(26 * bpy_context.preferences().system.ui_scale)
        yield from window.run("xdotool", "mousemove_relative", "--", -110, -header)
        yield from window.click()
        yield from window.move()
        yield from window.still()
        yield from window.picture("20-reference", window.region("UI"))
        yield from self.open_panels()
        yield from window.picture("20-all-panels")
        yield from self.open_panels(close=True)
        bpy_context.properties(scene).reference = None

    def open_panels(self, *, close: bool = False) -> Steps:
        """Click on the headers of the sub-panels that have a reset.

        Opened from the last to the first and closed the other way round, so that none is out of
        sight when its turn comes.
        """
        names = ["trellis.reset_placing", "trellis.reset_finishing", "trellis.reset_model"]
        for name in reversed(names) if close else names:
            yield from self.window.find(name, at=RIGHT)
            yield from self.window.run("xdotool", "mousemove_relative", "--", -110, 0)
            yield 0.3
            yield from self.window.click()
        yield from self.window.move()
        yield from self.window.still()

    # --- three at once

    def three(self) -> Steps:
        """Two run, one waits, and each has its box in the viewport."""
        window, session, scene = self.window, product.session(), bpy_context.scene()
        bpy.data.objects.remove(bpy.data.objects["Cube"])
        bpy_context.properties(scene).prompt, bpy_context.properties(scene).count = PROMPT, 3
        yield 0.5
        yield from window.picture("21-generate-3", window.region("UI"))
        yield from window.find("trellis.generate")
        yield from window.click()
        yield lambda: len(session.running) == 3
        yield from window.move("WINDOW", 0.3, 0.3)
        yield lambda: session.running[0].seconds > 4
        yield from window.picture("22-three")
        product.preferences().pointer_progress = True
        boxes = product.part("ui.jobs.pending_boxes").Placeholders.boxes
        self.facts.note(
            "three",
            waiting=[running.waiting for running in session.running],
            words=[running.text for running in session.running],
            boxes=[[round(value, 2) for value in box.location] for box in boxes],
        )

    def cancel(self) -> Steps:
        """The X of the one that waits."""
        window, session = self.window, product.session()
        last = session.running[-1].job.prop_id
        yield from window.find("trellis.cancel", at=0.83, told=last, start=0.25)
        yield from window.click()
        yield lambda: all(running.job.prop_id != last for running in session.running)
        yield from window.move()
        yield 0.5
        yield from window.picture("23-cancelled", window.region("UI"))
        left, state = len(session.running), self.record(last)["state"]
        self.facts.note("cancel", left=left, state=state)

    def arrive(self) -> Steps:
        """The two others come; an undo takes the last one away, a redo brings it back."""
        window, session = self.window, product.session()
        seen: list[float] = []
        pointer: list[int] = []

        def bars() -> bool:
            if session._showing._percent is not None:
                pointer.append(session._showing._percent)
            seen.extend(each.fraction for each in session.running if each.fraction is not None)
            return not session.running

        yield bars
        yield from window.still()
        yield from window.picture("24-arrived")
        places = sorted([round(value, 2) for value in prop.location] for prop in self.props())
        yield from window.press("ctrl+z")
        yield 0.5
        after_undo = len(self.props())
        yield from window.press("ctrl+shift+z")
        yield 0.5
        self.facts.note(
            "arrive", places=places, after_undo=after_undo, after_redo=len(self.props())
        )
        self.facts.note("arrive", bars=len(seen), note=session.last_note)
        self.facts.note("pointer", most=max(pointer, default=-1), end=session._showing._percent)
        product.preferences().pointer_progress = False

    # --- a refusal and its buttons

    def refused(self) -> Steps:
        """The third request: no credit. The Jobs panel says so, with the ways out."""
        window, session, scene = self.window, product.session(), bpy_context.scene()
        bpy_context.properties(scene).count = 1
        scene.cursor.location = (0.0, -2.0, 0.0)
        yield from window.find("trellis.generate")
        yield from window.click()
        yield lambda: session.ended
        yield from window.move()
        yield from window.still()
        yield from window.picture("25-refused")
        yield from window.find("trellis.copy_details", at=RIGHT)
        yield from window.click()
        copied = bpy_context.window_manager().clipboard
        facts = session.ended[0].facts
        self.facts.note("refused", kind=facts.kind, status=facts.status, copied=copied)

    def again(self) -> Steps:
        """Try Again: the gateway takes it now."""
        window, session, before = self.window, product.session(), len(self.props())
        yield from window.find("trellis.try_again", at=0.4)
        yield from window.click()
        yield lambda: session.running
        ended = len(session.ended)
        yield lambda: not session.running
        self.facts.note("again", ended=ended, more=len(self.props()) - before)

    # --- how it looks elsewhere

    def looks(self) -> Steps:
        """Twice as large, and at about 200 pixels with all panels open."""
        window, view = self.window, bpy_context.preferences().view
        view.ui_scale = 2.0
        yield from window.still()
        yield from window.picture("26-scale-2")
        view.ui_scale = 1.0
        yield from self.languages()
        yield from self.open_panels()
        yield from window.narrow()
        yield from window.still()
        yield from window.picture("27-narrow-all", window.region("UI"))

    def languages(self) -> Steps:
        """The panel in the languages that have a table, and back to English."""
        window, view = self.window, bpy_context.preferences().view
        spoken = {}
        for language in ("de_DE", "ja_JP", "zh_HANS"):
            view.language = language
            view.use_translate_interface = view.use_translate_reports = True
            yield from window.still()
            yield from window.picture(f"27-{language}", window.region("UI"))
            iface = bpy.app.translations.pgettext_iface
            rpt = bpy.app.translations.pgettext_rpt
            spoken[language] = [iface("Jobs"), iface("Try Again", "Operator"), rpt("Prompt copied")]
        view.language = "en_US"
        yield from window.still()
        self.facts.note("languages", spoken=spoken)

    # --- another file

    def other_file(self) -> Steps:
        """Its scene is closed while a prop is under way: the prop goes to the library."""
        window, session = self.window, product.session()
        with window.override():
            trellis_ops.generate("INVOKE_DEFAULT", prompt="small brass lantern")
        yield lambda: session.running
        prop_id = session.running[0].job.prop_id
        yield 3.0
        with window.override():
            bpy.ops.wm.read_homefile()
        yield 2.0
        still_running = len(session.running)
        yield from self.sidebar()
        boxes = len(product.part("ui.jobs.pending_boxes").Placeholders.boxes)
        yield from window.picture("28-other-file")
        yield lambda: not session.running
        yield from window.still()
        yield from window.picture("29-in-the-library", window.region("UI"))
        self.facts.note(
            "other_file",
            still_running=still_running,
            boxes=boxes,
            props=len(self.props()),
            state=self.record(prop_id)["state"],
            note=session.last_note,
        )


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = JobsWalk()
    play(walk.all(), walk.failed)
