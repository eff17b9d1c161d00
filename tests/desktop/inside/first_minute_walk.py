# SPDX-License-Identifier: GPL-3.0-or-later
"""From the zip to the first prop in sight, as a newcomer: dragged into Blender, key pasted, prompt
typed. Counts what the hand does, and the seconds without the generation and without the
search for buttons, which a person sees at once.

Runs inside Blender, in a profile without the extension:
`blender --python first_minute_walk.py -- --out DIR --library DIR`. AIGATEWAY_BASE_URL names the
gateway and TRELLIS_DESKTOP_ZIP the zip. The scene stays as Blender opens it.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import product
from support import bpy_context
from window import Facts, Steps, Window, play

PROMPT = "weathered oak barrel, iron hoops"
KEY = "sk-aig-pasted-by-a-newcomer"


class FirstMinuteWalk:
    """The steps, and how many of them there were."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")
        self.done: list[str] = []

    def all(self) -> Steps:
        """Everything, then quit."""
        yield 3.0
        start = time.monotonic()
        yield from self.install()
        yield from self.open_tab()
        yield from self.paste_key()
        making = yield from self.generate()
        whole = time.monotonic() - start
        yield from self.window.still()
        yield from self.window.picture("60-first-prop")
        seconds = whole - making - self.window.searched
        self.facts.note("minute", actions=self.done, seconds=round(seconds, 1))
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text, actions=self.done)
        yield from self.window.picture("error")

    def install(self) -> Steps:
        """The zip, dropped on the window; Blender asks."""
        folder = self.given.out / "downloads"
        folder.mkdir()
        shutil.copy(os.environ["TRELLIS_DESKTOP_ZIP"], folder)
        yield from self.window.drop_file(folder, 0.3, 0.5)
        self.done.append("drop the zip")
        yield from self.window.picture("61-install")
        yield from self.window.press("Return")
        self.done.append("confirm")
        yield lambda: product.MODULE in bpy_context.preferences().addons
        # A user has the folder that is set; here it is one that goes away after the test.
        product.preferences().library = str(self.given.library)
        yield 1.0

    def open_tab(self) -> Steps:
        """N, then the tab among Blender's own at the sidebar's edge."""
        window = self.window
        yield from window.move("WINDOW", 0.2, 0.3)
        yield from window.press("n")
        yield lambda: window.region("UI").width > 1
        yield 1.0
        left, top, width, height = yield from window.box(window.region("UI"))
        for y in range(top + 20, top + height, 25):
            yield from window.run("xdotool", "mousemove", left + width - 10, y)
            yield from window.click()
            if window.region("UI").active_panel_category == "Trellis":
                break
        self.done += ["press N", "click the tab"]
        yield 1.0
        yield from window.picture("62-what-is-missing", window.region("UI"))

    def paste_key(self) -> Steps:
        """One click: the key is taken, tested, and the prompt comes."""
        window, account = self.window, product.part("ui.account.account").Account.get()
        yield from window.find("trellis.paste_key")
        bpy_context.window_manager().clipboard = KEY  # `find` uses it
        yield from window.click()
        self.done.append("click Paste Key")
        yield lambda: not account.first_run
        yield 1.0

    def generate(self) -> Steps:
        """Gives the seconds for which the gateway and the import have had the prop."""
        window, session = self.window, product.session()
        yield from window.find("prompt")
        yield from window.click(times=2)
        yield from window.write(PROMPT)
        yield from window.press("Return")
        self.done += ["click the prompt", "type it"]
        yield from window.find("trellis.generate")
        yield from window.click()
        self.done.append("click Generate")
        begun = time.monotonic()
        yield lambda: session.running
        yield from window.move()
        yield from window.picture("63-box")
        yield lambda: not session.running
        making = time.monotonic() - begun
        yield 1.0
        prop = next(obj for obj in bpy_context.scene().objects if obj.instance_collection)
        self.facts.note("prop", selected=prop.select_get(), on_screen=self.on_screen(prop))
        return making

    def on_screen(self, prop: Any) -> bool:
        """Whether its place is within the view that Blender opens with."""
        area, region = self.window.area()[1], self.window.region()
        at = location_3d_to_region_2d(region, area.spaces.active.region_3d, prop.location)
        return at is not None and bool(0 < at.x < region.width and 0 < at.y < region.height)


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = FirstMinuteWalk()
    play(walk.all(), walk.failed)
