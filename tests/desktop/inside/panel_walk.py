# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel, line by line, with a real pointer: the active prop, the Library, jobs, errors, menus,
languages, and what is left of an earlier Blender.

Runs inside Blender: `blender --python panel_walk.py -- --out DIR --library DIR --gateway URL`; the
gateway of TRELLIS_DESKTOP_SLOW takes longer for a prop than the walk does. What is seen goes to
DIR/facts.json.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import bpy
from mathutils import Euler

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import product
from support import bpy_context
from support.bpy_context import trellis_ops
from window import Facts, Steps, Window, play

PROMPTS = ("weathered oak barrel, iron hoops", "brass lantern", "red mushroom", "wooden crate")
SLOW = ("old well with a roof", "mossy stone fountain with two lions")
SCENE = (
    ("Weathered", (0.0, 0.6, 0.0), 0.2, 0.95),
    ("Weathered", (-0.75, 0.95, 0.0), 1.4, 0.95),
    ("Wooden crate", (0.85, 0.75, 0.0), 0.3, 0.6),
    ("Wooden crate", (0.95, 0.7, 0.6), -0.2, 0.4),
    ("Brass", (0.62, 0.62, 0.6), 0.5, 0.32),
    ("Wooden chair", (1.75, 0.35, 0.0), -0.7, 0.95),
    ("Red", (-0.2, -0.35, 0.0), 0.0, 0.22),
    ("Red", (0.02, -0.5, 0.0), 1.0, 0.14),
    ("Red", (1.2, -0.2, 0.0), 2.0, 0.18),
)
"""The beginning of a prop's name, where it stands, how it is turned, its longest side."""

RIGHT = 0.8
"""Where the small buttons at the right end of a row are, as a part of the sidebar's width."""

SAME = {
    "", "Trellis", "Trellis Props", "Prop", "Start", "Prompt", "Seed", "Name", "Status", "Proxy",
    "Top P", "Chat", "Format", "Props", "Variant", "Gateway", "GLB", "FBX", "OBJ", "USD", "USDZ",
    "Info", "Debug", "Budget", "Standard", "Material", "X", "Y", "Z",
}  # fmt: skip
"""Words that a language may have from English, or that have no language."""

HIDDEN = {
    "Check Existing", "Filter", "Pages", "Trellis Gallery", "Folder", "Folders", "Files",
    "Default Settings", "Remove by Name", "Remove Active", "Rotation", "Location", "Text",
    "Report Ended Jobs", "Settings of the Sidebar", "Number", "Directory",
}  # fmt: skip
"""Names of properties for scripts, which no panel and no dialog draws."""


class PanelWalk:
    """The steps, one for each line of what the panel promises."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")

    def all(self) -> Steps:
        """Everything, then quit."""
        own = product.preferences()
        own.library, own.jobs_at_once = str(self.given.library), 2
        own.base_url, own.api_key = self.given.gateway, "sk-aig-of-the-walk"
        yield 2.0
        yield from self.sidebar()
        yield from self.first_screen()
        yield from self.library()
        yield from self.active()
        yield from self.menus()
        yield from self.jobs()
        yield from self.escape()
        yield from self.refused()
        yield from self.interrupted()
        yield from self.dropped()
        yield from self.preferences()
        yield from self.scene()
        yield from self.looks()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    def sidebar(self) -> Steps:
        """Our tab in front."""
        self.window.area()[1].spaces.active.show_region_ui = True
        yield 1.5
        self.window.region("UI").active_panel_category = "Trellis"
        product.part("ui.account.account").Account.get().welcome = False
        yield from self.window.move()
        yield 1.0

    def shot(self, name: str) -> Steps:
        """The sidebar alone, when it has been drawn."""
        yield 1.5
        yield from self.window.picture(name, self.window.region("UI"))

    def generate(self, prompt: str) -> Any:
        """Begin a job as the button does; gives it."""
        with self.window.override():
            trellis_ops.generate("INVOKE_DEFAULT", prompt=prompt)
        return product.session().running[-1]

    def gallery(self) -> Any:
        """What the Library shows."""
        return product.part("ui.gallery_data.gallery").Gallery.get()

    def props(self) -> list[Any]:
        """The objects that carry props."""
        return [o for o in bpy_context.scene().objects if o.instance_collection]

    def select(self, obj: Any) -> None:
        """Alone, and active."""
        for other in bpy.context.selected_objects:
            other.select_set(False)
        obj.select_set(True)
        bpy_context.view_layer().objects.active = obj

    # --- the prompt and the Library

    def first_screen(self) -> Steps:
        """Nothing below the prompt moves while it is written."""
        scene = bpy_context.scene()
        yield from self.shot("30-first-screen")
        before = yield from self.height_of("trellis.generate")
        bpy_context.properties(scene).prompt = PROMPTS[0]
        yield 1.0
        after = yield from self.height_of("trellis.generate")
        panel = yield from self.height_of("trellis.reset_model", at=RIGHT)
        bpy_context.properties(scene).prompt = " ".join(["a very long prompt of many words"] * 14)
        yield 1.0
        long = yield from self.height_of("trellis.generate")
        bpy_context.properties(scene).prompt = ""
        yield 1.0
        empty = yield from self.height_of("trellis.reset_model", at=RIGHT)
        yield from self.window.move()
        self.facts.note("first", generate=[before, after, long], below=[panel, empty])

    def height_of(self, wanted: str, **where: Any) -> Steps:
        """How far down the screen something stands, in pixels."""
        yield from self.window.find(wanted, **where)
        text = yield from self.window.run("xdotool", "getmouselocation", "--shell")
        return int(dict(line.split("=") for line in text.split())["Y"])

    def library(self) -> Steps:
        """Three props; the chosen one can be placed from above the pictures."""
        session, scene = product.session(), bpy_context.scene()
        bpy.data.objects.remove(bpy.data.objects["Cube"])
        for number, prompt in enumerate(PROMPTS):
            scene.cursor.location = (1.5 * number - 1.5, 0.0, 0.0)
            self.generate(prompt)
            yield lambda: not session.running
        scene.cursor.location = (0.0, -2.0, 0.0)
        session.forget()
        yield from self.shot("31-library")
        shown = [entry.name for entry in self.gallery().snapshot.entries]
        self.facts.note("library", names=sorted(shown), props=len(self.props()))

    # --- the prop that is selected

    def active(self) -> Steps:
        """Another size is typed, a box is shown, and the Library has followed."""
        window, prop = self.window, self.props()[0]
        self.select(prop)
        with window.override():
            bpy.ops.ed.undo_push(message="Select")
        yield from self.shot("32-active")
        followed = self.gallery().chosen == prop.instance_collection["trellis_id"]
        before, name = round(prop.trellis_size, 3), prop.name
        yield from window.find("trellis_size", at=0.5)
        yield from window.click(times=2)
        yield 0.5
        yield from window.press("ctrl+a")
        yield from window.write("2")
        yield from window.press("Return")
        yield 0.5
        after = round(prop.trellis_size, 3)
        yield from window.find("trellis.display", at=RIGHT, told="BOUNDS")
        yield from window.click()
        yield lambda: bpy.data.objects[name].display_type == "BOUNDS"
        yield from window.move()
        yield from self.shot("33-active-bounds")
        yield from window.press("ctrl+z", "ctrl+z")
        yield 1.0
        prop = bpy.data.objects[name]
        undone = [round(prop.trellis_size, 3), prop.display_type]
        self.facts.note("active", followed=followed, sizes=[before, after], undone=undone)

    def menus(self) -> Steps:
        """Add, Object > Trellis in the context menu, F3, the pie, the presets."""
        window = self.window
        menus = (
            ("34-add", "VIEW3D_MT_add", "wm.call_menu"),
            ("34-object", "TRELLIS_MT_object", "wm.call_menu"),
            ("34-context", "VIEW3D_MT_object_context_menu", "wm.call_menu"),
            ("34-pie", "TRELLIS_MT_pie", "wm.call_menu_pie"),
        )
        for picture, name, operator in menus:
            yield from window.move("WINDOW", 0.3, 0.4)
            module, function = operator.split(".")
            with window.override():
                getattr(getattr(bpy.ops, module), function)("INVOKE_DEFAULT", name=name)
            yield 2.5
            yield from window.picture(picture)
            yield from window.press("Escape")
        yield from window.move("WINDOW", 0.3, 0.05)
        yield from window.press("F3")
        yield from window.write("trellis")
        yield 2.0
        yield from window.picture("34-search")
        yield from window.press("Return")
        yield 2.0
        yield from window.picture("34-search-first")
        yield from window.press("Escape", "Escape")  # out of the field, then out of the dialog
        with window.override():
            bpy.ops.wm.call_panel("INVOKE_DEFAULT", name="TRELLIS_PT_presets", keep_open=True)
        yield 2.0
        yield from window.picture("34-presets")
        yield from window.press("Escape")
        yield from window.move()
        self.facts.note("menus", presets=product.part("ui.settings.presets").has_presets())

    # --- jobs

    def jobs(self) -> Steps:
        """Two at once, a line each, and Place is in sight without scrolling."""
        window, session, own = self.window, product.session(), product.preferences()
        own.base_url = os.environ["TRELLIS_DESKTOP_SLOW"]
        for prompt in SLOW:
            self.generate(prompt)
        yield lambda: session.running[-1].seconds > 3
        yield from self.shot("35-jobs")
        yield from window.picture("35-jobs-whole")
        bar = bpy_context.existing(bpy.context.workspace)
        yield from window.find("trellis.show_job", at=0.3)
        yield 2.0
        yield from window.picture("35-job-tooltip")
        types: Any = bpy.types
        tip = types.TRELLIS_OT_show_job.description(bpy.context, session.running[0].job)
        place = yield from self.height_of("trellis.place", at=0.2)
        yield from window.move()
        told = product.part("ui.jobs.job_state").status(session.running)
        self.facts.note("jobs", place=place, tip=tip, status=told, workspace=bar.name)

    def escape(self) -> Steps:
        """Esc over the tab asks; Esc again keeps the job, Return cancels the one that is named."""
        window, session = self.window, product.session()
        yield from window.move("UI", 0.4, 0.1)
        yield from window.press("Escape")
        yield 1.5
        yield from window.picture("36-asked")
        asked = [running.job.token.cancelled for running in session.running]
        yield from window.press("Escape")
        yield 1.0
        kept = [running.job.token.cancelled for running in session.running]
        yield from window.move("UI", 0.4, 0.1)
        yield from window.press("Escape")
        yield 1.5
        yield from window.press("Return")
        yield lambda: len(session.running) == 1
        left = session.running[0].prompt
        session.cancel()
        yield lambda: not session.running
        self.facts.note("escape", asked=asked, kept=kept, left=left)

    def refused(self) -> Steps:
        """No credit: whether it was charged, and the way on."""
        window, session = self.window, product.session()
        product.preferences().base_url = self.given.gateway
        yield 0.5
        self.generate("stone well")
        yield lambda: session.ended
        yield from self.shot("37-refused")
        ended = session.ended[0]
        yield from window.find("trellis.try_again", at=0.4)
        yield from window.move()
        self.facts.note("refused", charge=ended.charge, status=ended.facts.status)
        session.forget()

    def interrupted(self) -> Steps:
        """A prop of an earlier Blender: one row, and Continue finishes it."""
        window, session, gallery = self.window, product.session(), self.gallery()
        library = product.part("library.library").Library(self.given.library)
        request = product.part("core.generation.request").GenerationRequest.checked(
            prompt="wooden chair"
        )
        folder, lock = library.create_locked(request, self.given.gateway, "chat")
        lock.release()
        found = product.part("ui.job_list.resume_unfinished").interrupted
        gallery.refresh()
        yield lambda: found()
        yield from self.shot("38-interrupted")
        count = len(found())
        yield from window.find("trellis.resume_interrupted", at=RIGHT)
        yield from window.click()
        yield lambda: session.running
        yield lambda: not session.running
        yield from window.move()
        yield from self.shot("38-continued")
        state = str(folder.read().state)
        self.facts.note("interrupted", count=count, state=state, left=len(found()))

    def dropped(self) -> Steps:
        """A picture is dragged into the view whose sidebar shows our tab; Blender asks what for."""
        window, scene = self.window, bpy_context.scene()
        folder = self.given.out / "dragged"
        folder.mkdir()
        picture = next(self.given.library.glob("*/thumbnail.png"))
        (folder / "sketch of a chair.png").write_bytes(picture.read_bytes())
        yield from window.drop_file(folder, 0.2, 0.4)
        yield from window.picture("39-dropped-menu")
        yield from window.press("Return")
        yield lambda: bpy_context.properties(scene).reference
        yield from window.move("WINDOW", 0.3, 0.05)
        yield from self.shot("39-dropped")
        self.facts.note("dropped", name=bpy_context.properties(scene).reference.name)
        bpy_context.properties(scene).reference = None

    # --- a scene worth looking at

    def scene(self) -> Steps:
        """What is in the library, in real sizes, in Material Preview, with one prop active."""
        window, scene = self.window, bpy_context.scene()
        for obj in list(scene.objects):
            if not obj.instance_collection:
                bpy.data.objects.remove(obj)
        props = self.props()
        for name, where, turn, metres in SCENE:
            prop = next(obj for obj in props if obj.name.startswith(name))
            if prop.get("used"):
                prop = prop.copy()
                scene.collection.objects.link(prop)
            prop["used"] = True
            prop.location, prop.rotation_euler.z, prop.trellis_size = where, turn, metres
        with window.override():
            bpy.ops.mesh.primitive_plane_add(size=30)
        ground = bpy_context.active_object()
        material = bpy.data.materials.new("Ground")
        material.use_nodes = True
        shader = bpy_context.nodes(material)["Principled BSDF"]
        shader.inputs["Base Color"].default_value = (0.09, 0.075, 0.06, 1.0)
        shader.inputs["Roughness"].default_value = 0.9
        bpy_context.mesh(ground).materials.append(material)
        self.select(next(obj for obj in props if obj.name.startswith("Brass")))
        space = window.area()[1].spaces.active
        overlay, view = space.overlay, space.region_3d
        for name in ("show_floor", "show_axis_x", "show_axis_y", "show_cursor", "show_extras"):
            setattr(overlay, name, False)
        view.view_location, view.view_distance = (0.75, 0.3, 0.45), 4.2
        view.view_rotation = Euler((1.25, 0.0, 0.35)).to_quaternion()
        space.shading.type = "MATERIAL"
        yield from window.coloured()
        yield from window.still(pictures=8)
        yield from window.picture("45-scene")
        space.shading.type = "SOLID"
        self.facts.note("scene", props=len(self.props()), active=bpy_context.active_object().name)

    # --- preferences

    def preferences(self) -> Steps:
        """The answers for one key are not shown for another."""
        window, account = self.window, product.part("ui.account.account").Account.get()
        own = product.preferences()
        with window.override():
            trellis_ops.preferences()
            trellis_ops.test_connection()
        yield lambda: account.works is not None
        yield from window.run(
            "xdotool", "search", "--sync", "--name", "Preferences", "windowmove", 50, 50
        )
        yield 1.5
        yield from window.picture("40-preferences-tested")
        before = len(account.checks)
        own.api_key = "sk-aig-of-another-account"
        window.redraw()
        yield 1.5
        yield from window.picture("40-preferences-changed")
        after = len(account.checks)
        with window.override("WINDOW", "PREFERENCES"):
            bpy.ops.wm.window_close()
        yield 0.5
        self.facts.note("preferences", before=before, after=after)

    # --- how it looks elsewhere

    def looks(self) -> Steps:
        """At about 230 pixels, in German and Japanese, in the light theme, with two jobs."""
        window, session, own = self.window, product.session(), product.preferences()
        view = bpy_context.preferences().view
        own.base_url = os.environ["TRELLIS_DESKTOP_SLOW"]
        for prompt in SLOW:
            self.generate(prompt)
        self.select(self.props()[0])
        yield from window.narrow(230)
        yield from self.shot("41-narrow")
        english = {}
        for language in ("de_DE", "ja_JP"):
            view.language = language
            view.use_translate_interface = view.use_translate_reports = True
            yield from self.shot(f"42-{language}")
            english[language] = self.untranslated()
        view.language = "en_US"
        presets = bpy.utils.preset_paths("interface_theme")
        theme = next(f for p in presets for f in Path(p).glob("Blender_Light.xml"))
        with window.override():
            bpy.ops.script.execute_preset(
                filepath=str(theme), menu_idname="USERPREF_MT_interface_theme_presets"
            )
        yield from self.shot("43-light")
        icons = [key for key in self.gallery().previews._known if key.endswith("-dark")]
        session.cancel()
        yield lambda: not session.running
        width = window.region("UI").width
        self.facts.note("looks", english=english, width=width, icons=icons)

    def untranslated(self) -> list[str]:
        """Labels, names and choices of ours that Blender would show in English now."""
        translate = bpy.app.translations.pgettext
        words: set[str] = set()
        for kind in (bpy.types.Panel, bpy.types.Menu, bpy.types.Operator, bpy.types.PropertyGroup):
            for cls in kind.__subclasses__():
                if not cls.__module__.startswith(product.MODULE):
                    continue
                words.add(getattr(cls, "bl_label", ""))
                rna = getattr(cls, "bl_rna", None)
                for prop in rna.properties if rna else ():
                    if prop.identifier.startswith("bl_") or prop.is_hidden:
                        continue
                    if prop.identifier in cls.__annotations__:
                        words.add(prop.name)
                        if prop.type == "ENUM":
                            words |= {item.name for item in prop.enum_items}
        return sorted(
            word
            for word in words - SAME - HIDDEN
            if all(translate(word, context) == word for context in ("*", "Operator"))
        )


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    walk = PanelWalk()
    play(walk.all(), walk.failed)
