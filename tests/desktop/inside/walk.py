# SPDX-License-Identifier: GPL-3.0-or-later
"""A person's first hour with Trellis Props, with a real pointer and real keys.

Runs inside Blender: `blender --python walk.py -- --out DIR --library DIR --gateway URL`. What it
sees goes to DIR/facts.json, step by step; the test reads it. The gateway takes a few seconds for
a prop and answers the third request with 402.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import product
from support import bpy_context
from support.bpy_context import trellis_ops
from window import Facts, Steps, Ticks, Window, play

KEY = "sk-aig-typed-with-real-keys"
FIRST = "weathered oak barrel, iron hoops"
SECOND = "small brass lantern"
CURSOR = (3.0, -3.0, 0.0)
BESIDE = 0.81
"""Where a small button at the right end of a row is, as a part of the sidebar's width."""


class Walk:
    """The steps, in the order of a first use."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")
        self.ticks = Ticks()

    def all(self) -> Steps:
        """Everything, then quit."""
        self.facts.note("blender", version=bpy.app.version_string)
        self.window.area()[1].spaces.active.show_region_ui = True
        yield 2.0
        self.window.region("UI").active_panel_category = "Trellis"
        yield 1.0
        yield from self.online()
        yield from self.key()
        yield from self.start()
        yield from self.generate()
        yield from self.arrival()
        yield from self.undo()
        yield from self.look()
        yield from self.search_and_cancel()
        yield from self.refusal()
        yield from self.menu()
        yield from self.narrow()
        yield from self.light()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    # --- what is missing, and the buttons that mend it

    def online(self) -> Steps:
        """A fresh profile may not go online; the button gives consent."""
        system = bpy_context.preferences().system
        before = product.obstacle()
        yield from self.window.find("trellis.allow_online_access")
        yield from self.window.picture("1-offline")
        yield from self.window.click()
        yield lambda: system.use_online_access
        self.facts.note("online", before=before, after=product.obstacle())
        yield from self.window.move()
        yield from self.window.picture("1-no-key")

    def key(self) -> Steps:
        """The button beside Paste opens the preferences; the key is typed there."""
        window = self.window
        yield from window.find("trellis.preferences", at=BESIDE)
        yield from window.click()
        yield lambda: window.shown("PREFERENCES")
        yield 1.5
        yield from window.run(
            "xdotool", "search", "--sync", "--name", "Preferences", "windowmove", 100, 100
        )
        yield 0.5
        product.preferences().base_url = self.given.gateway
        yield from window.find("api_key", "PREFERENCES", "WINDOW", title="Preferences")
        yield from window.click(times=2)
        yield from window.write(KEY)
        yield from window.press("Return")
        yield lambda: product.preferences().api_key == KEY
        product.preferences().library = str(self.given.library)
        # The stand-in is on this machine and needs no consent; nothing else shall go online.
        bpy_context.preferences().system.use_online_access = False
        yield from window.still()
        yield from window.picture("6-preferences")
        preferences = next(
            w
            for w in bpy_context.window_manager().windows
            if any(a.type == "PREFERENCES" for a in w.screen.areas)
        )
        with bpy.context.temp_override(window=preferences):
            bpy.ops.wm.window_close()
        yield lambda: not window.shown("PREFERENCES")
        yield from window.move()
        self.facts.note("key", typed=True, obstacle=product.obstacle())

    def start(self) -> Steps:
        """All is there: the connection is tested, and the prompt comes by itself."""
        window, account = self.window, product.part("ui.account.account").Account.get()
        yield from window.find("trellis.test_connection")
        yield from window.click()
        yield lambda: not account.first_run
        yield from window.move()
        yield from window.still()
        yield from window.picture("1-tested", window.region("UI"))
        checks = {check.name: check.verdict for check in account.checks}
        self.facts.note("start", checks=checks)

    # --- one prop, while Blender goes on

    def generate(self) -> Steps:
        """Type a prompt, click Generate, orbit meanwhile."""
        window, scene = self.window, bpy_context.scene()
        scene.cursor.location = CURSOR
        quiet = yield from self.orbit()
        yield from window.find("prompt")
        yield from window.picture("2-empty")
        yield from window.click(times=2)
        yield from window.write(FIRST)
        yield from window.press("Return")
        yield lambda: bpy_context.properties(scene).prompt == FIRST
        yield from window.find("trellis.generate")
        yield from window.picture("2-typed")
        yield from window.click()
        yield lambda: product.session().running
        running = product.session().running[0]
        yield from window.move()
        yield lambda: running.seconds > 3
        yield from window.picture("2-progress")
        busy = yield from self.orbit()
        self.facts.note(
            "generate",
            prop_id=running.job.prop_id,
            typed=running.prompt,
            moved=busy["moved"],
            still_running_after_orbit=running in product.session().running,
            with_job=busy,
            without_job=quiet,
        )

    def orbit(self) -> Steps:
        """Turn the view with the middle button; gives how far it went and the ticks meanwhile."""
        window = self.window
        view = window.area()[1].spaces.active.region_3d
        yield from window.move("WINDOW", 0.35, 0.5)
        before, start = view.view_rotation.copy(), time.monotonic()
        yield from window.drag(160, 30)
        half = view.view_rotation.copy()
        yield from window.drag(-160, -30)
        return {
            "moved": round(before.rotation_difference(half).angle, 3),
            **self.ticks.since(start),
        }

    def arrival(self) -> Steps:
        """The prop is linked, at the cursor."""
        session, start = product.session(), time.monotonic()
        yield lambda: not session.running
        yield 1.0  # its first drawing belongs to the arrival
        prop = self.placed()
        self.facts.note(
            "arrival",
            error=session.last_error and session.last_error.sentence,
            note=session.last_note,
            object=prop and prop.name,
            type=prop and prop.type,
            instance_type=prop and prop.instance_type,
            linked_from=prop and prop.instance_collection.library.filepath,
            location=prop and list(prop.location),
            **self.ticks.since(start),
        )

    def placed(self) -> Any:
        """The object that carries the prop, if there is one."""
        return next((o for o in bpy_context.scene().objects if o.instance_collection), None)

    def undo(self) -> Steps:
        """One step back takes the prop away, one forward brings it again."""
        yield from self.window.move()
        yield from self.window.press("ctrl+z")
        yield 0.5
        gone, others = self.placed() is None, sorted(o.name for o in bpy_context.scene().objects)
        yield from self.window.press("ctrl+shift+z")
        yield 0.5
        self.facts.note("undo", gone=gone, others=others, back=self.placed() is not None)

    def look(self) -> Steps:
        """Solid and material preview, from near, alone."""
        window, prop = self.window, self.placed()
        space = window.area()[1].spaces.active
        for thing in bpy_context.scene().objects:
            thing.select_set(thing == prop)
            thing.hide_set(thing != prop)
        with window.override():
            bpy.ops.view3d.view_selected(use_all_regions=True)
        yield 1.0
        space.region_3d.view_distance *= 1.5
        yield 1.0
        yield from window.still()
        yield from window.picture("3-solid")
        space.shading.type = "MATERIAL"
        yield from window.still(pictures=12)
        yield from window.picture("3-material")
        images = [i for i in bpy.data.images if getattr(i, "library", None) and min(i.size) > 0]
        self.facts.note("look", images=len(images), shading=space.shading.type)
        space.shading.type = "SOLID"

    # --- the other ways in and out

    def search_and_cancel(self) -> Steps:
        """F3, the dialog, and Escape over the sidebar, which asks."""
        window, session = self.window, product.session()
        yield from window.move("WINDOW", 0.3, 0.4)
        yield from window.press("F3")
        yield from window.write("Trellis Prop")
        yield from window.still()
        yield from window.picture("4-search")
        yield from window.press("Return")
        yield from window.still()
        yield from window.press("ctrl+a")
        yield from window.write(SECOND)
        yield from window.press("Return")
        yield from window.still()
        yield from window.picture("4-dialog")
        yield from window.press("Return")
        yield lambda: session.running
        running = session.running[0]
        yield 1.5
        yield from window.press("Escape")
        yield 0.5
        over_view = running.job.token.cancelled
        yield from window.move("UI", 0.4, 0.8)
        yield from window.press("Escape")
        yield 1.5  # it is never still, as the ring of the job turns
        yield from window.picture("4-asked")
        over_sidebar = running.job.token.cancelled
        yield from window.press("Return")
        yield lambda: not session.running
        yield 0.8
        yield from window.picture("4-cancelled", window.region("UI"))
        self.facts.note(
            "cancel",
            prop_id=running.job.prop_id,
            prompt=running.prompt,
            escape_over_view_cancels=over_view,
            escape_over_sidebar_cancels=over_sidebar,
            note=session.last_note,
            props=len([o for o in bpy_context.scene().objects if o.instance_collection]),
        )

    def refusal(self) -> Steps:
        """The gateway answers 402."""
        window, session = self.window, product.session()
        yield from window.find("trellis.generate")
        yield from window.click()
        yield lambda: session.last_error
        yield from window.move()
        yield from window.still()
        yield from window.picture("5-error")
        yield from window.press("Escape")  # the report's own window
        yield from window.still()
        yield from window.picture("5-error-panel", window.region("UI"))
        facts = session.last_error
        self.facts.note(
            "refusal",
            kind=facts.kind,
            status=facts.status,
            message=facts.message,
            next_step=facts.next_step,
            running=len(session.running),
        )

    def menu(self) -> Steps:
        """The entry in the Add menu."""
        window = self.window
        yield from window.move("WINDOW", 0.3, 0.2)
        yield from window.press("shift+a")
        yield from window.still()
        yield from window.picture("6-add-menu")
        yield from window.press("Escape")
        yield from window.move()

    # --- how it looks elsewhere

    def narrow(self) -> Steps:
        """The sidebar at about 200 pixels: the error, then a running job and the settings."""
        window, session = self.window, product.session()
        wide = yield from window.narrow()
        yield from window.picture("7-narrow-error", window.region("UI"))
        yield from window.find("trellis.generate")
        yield from window.click()
        yield lambda: session.running
        yield 2.5
        yield from window.picture("7-narrow-running", window.region("UI"))
        session.cancel()
        yield lambda: not session.running
        self.facts.note("narrow", before=wide, after=window.region("UI").width)

    def light(self) -> Steps:
        """Blender's light theme, with a running job."""
        window, session = self.window, product.session()
        presets = bpy.utils.preset_paths("interface_theme")
        theme = next(f for p in presets for f in Path(p).glob("Blender_Light.xml"))
        with window.override():
            bpy.ops.script.execute_preset(
                filepath=str(theme), menu_idname="USERPREF_MT_interface_theme_presets"
            )
        bpy_context.properties().prompt = " ".join(["a very long prompt of many words"] * 14)
        with window.override():
            trellis_ops.generate("INVOKE_DEFAULT")
        yield 2.5
        yield from window.picture("8-light")
        session.cancel()
        yield lambda: not session.running
        self.facts.note("light", theme=theme.name)


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = Walk()
    play(walk.all(), walk.failed)
