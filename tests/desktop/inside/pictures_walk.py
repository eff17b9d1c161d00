# SPDX-License-Identifier: GPL-3.0-or-later
"""From a prompt to four pictures, and from one of them to a prop, with a real pointer.

Runs inside Blender: `blender --python pictures_walk.py -- --out DIR --library DIR --gateway URL`.
What is seen goes to DIR/facts.json.
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
from window import Facts, Steps, Window, play

PROMPT = "weathered oak barrel, iron hoops"
LEFT, MIDDLE, RIGHT = 0.25, 0.4, 0.7
"""Where to look for a button, as a part of the sidebar's width."""


class PicturesWalk:
    """The steps of somebody who chooses a look."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")

    def all(self) -> Steps:
        """Everything, then quit."""
        own = product.preferences()
        own.library, own.base_url = str(self.given.library), self.given.gateway
        own.api_key = "sk-aig-of-the-walk"
        yield 2.0
        self.window.area()[1].spaces.active.show_region_ui = True
        yield 1.5
        self.window.region("UI").active_panel_category = "Trellis"
        product.part("ui.account.account").Account.get().welcome = False
        yield from self.window.move()
        yield 1.0
        yield from self.pictures()
        yield from self.choose()
        yield from self.prop()
        yield from self.narrow()
        yield from self.more()
        yield from self.refused()
        yield from self.earlier()
        yield from self.german()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    @property
    def desk(self) -> Any:
        """The owner of the pictures."""
        return product.part("ui.pictures.picture_desk").PictureDesk.get()

    @property
    def group(self) -> Any:
        """The sidebar's properties."""
        return bpy_context.properties(bpy_context.scene())

    def shot(self, name: str) -> Steps:
        """The sidebar alone, when it has been drawn."""
        yield 1.5
        yield from self.window.picture(name, self.window.region("UI"))

    def press(self, wanted: str, at: float = MIDDLE, told: str = "") -> Steps:
        """Click on a button, and go away from it."""
        yield from self.window.find(wanted, at=at, told=told)
        yield from self.window.click()
        yield from self.window.move()

    def pictures(self) -> Steps:
        """One click, a row that fills itself, and a window that stays awake."""
        yield from self.shot("70-empty")
        self.group.prompt = PROMPT
        self.window.redraw()
        yield from self.shot("70-prompt")
        yield from self.press("trellis.pictures")
        yield lambda: self.desk.shown
        yield from self.shot("71-under-way")
        busy = self.desk.busy
        yield lambda: not self.desk.busy
        yield 2.0
        yield from self.shot("72-four")
        shown = self.desk.shown
        icons = [
            product.part("ui.gallery_data.gallery")
            .Gallery.get()
            .previews.picture(f"{shown.id}:{number}", path)
            for number, path in shown.pictures
        ]
        self.facts.note("pictures", busy=busy, numbers=[n for n, _ in shown.pictures], icons=icons)
        yield from self.press("trellis.pictures")
        yield 1.5
        self.facts.note("pictures", again=self.desk.shown.id == shown.id)

    def choose(self) -> Steps:
        """A click on a picture, taken back and done again."""
        yield from self.press("trellis.choose_picture", RIGHT, "number=2")
        yield lambda: self.group.pictures.chosen
        chosen = self.group.pictures.chosen
        yield from self.shot("73-chosen")
        yield from self.window.press("ctrl+z")
        yield 1.0
        undone = self.group.pictures.chosen
        there = bool(self.desk.shown)
        yield from self.window.press("ctrl+shift+z")
        yield 1.0
        redone = self.group.pictures.chosen
        words = product.part("ui.generate.prompt_panel")._generate_words(bpy.context, self.group)
        self.facts.note(
            "choose", chosen=chosen, undone=undone, redone=redone, there=there, words=words
        )

    def prop(self) -> Steps:
        """Generate makes the prop from it."""
        session = product.session()
        yield from self.press("trellis.generate")
        yield lambda: session.running
        yield lambda: not session.running
        yield 1.0
        yield from self.window.picture("74-placed")
        props = [o for o in bpy_context.scene().objects if o.instance_collection]
        record = json.loads(next(self.given.library.glob("*/prop.json")).read_text("utf-8"))
        self.facts.note("prop", placed=len(props), reference=record.get("reference"))
        for each in props:
            bpy.data.objects.remove(each)

    def narrow(self) -> Steps:
        """At 260 pixels the pictures are two beside each other."""
        yield from self.window.narrow(260)
        yield from self.shot("75-narrow")
        with self.window.override():
            bpy.ops.wm.call_panel("INVOKE_DEFAULT", name="TRELLIS_PT_picture_settings")
        yield 1.5
        yield from self.window.picture("76-settings")
        yield from self.window.press("Escape")
        yield from self.window.move("WINDOW", 0.2, 0.3)
        with self.window.override():
            bpy.ops.wm.call_menu(name="TRELLIS_MT_earlier_pictures")
        yield 1.5
        yield from self.window.picture("77-earlier")
        yield from self.window.press("Escape")
        yield from self.window.move()
        self.facts.note("narrow", width=self.window.region("UI").width)

    def more(self) -> Steps:
        """More like the chosen one."""
        before = self.desk.shown.id
        yield from self.press("trellis.more_like_this")
        yield lambda: self.desk.busy
        yield lambda: not self.desk.busy
        yield from self.shot("78-more")
        shown = self.desk.shown
        self.facts.note("more", another=shown.id != before, like=shown.is_like)

    def refused(self) -> Steps:
        """No credit left: told in place."""
        yield from self.press("trellis.pictures_again")
        yield lambda: self.desk.trouble
        yield from self.shot("79-refused")
        self.facts.note("refused", status=self.desk.trouble.status)
        yield from self.press("trellis.dismiss_pictures", 0.78)
        self.facts.note("refused", left=bool(self.desk.trouble))

    def earlier(self) -> Steps:
        """Cleared away, and taken up again from the library."""
        yield from self.press("trellis.clear_pictures", 0.82)
        yield lambda: self.desk.shown is None
        yield from self.shot("80-cleared")
        yield lambda: self.desk.sets is not None
        first = self.desk.sets[-1]
        with self.window.override():
            bpy.ops.trellis.earlier_pictures(set_id=first.id)  # type: ignore[attr-defined]
        yield from self.shot("81-earlier")
        self.facts.note("earlier", sets=len(self.desk.sets), shown=self.desk.shown.id == first.id)

    def german(self) -> Steps:
        """In another language, where words are longer."""
        view = bpy_context.preferences().view
        view.language = "de_DE"
        view.use_translate_interface = True
        with self.window.override():
            bpy.ops.trellis.choose_picture(number=1)  # type: ignore[attr-defined]
        yield from self.shot("82-german")


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = PicturesWalk()
    play(walk.all(), walk.failed)
