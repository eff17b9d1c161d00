# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators for a prop in the gallery: copy its prompt, use its settings, resume it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, preferences_of, window_manager_of
from ...core.generation.request_settings import SEEDS
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..place.library_ops import chosen_prop
from ..settings.properties import settings_in
from ..translation.translations import iface, rpt

if TYPE_CHECKING:
    from ...library.prop_folder import PropFolder
    from ...library.record import PropRecord

VARIANT: Final = (
    "Generate another prop of this prompt and these settings, with a new seed, and place it. "
    "This costs credit"
)
ONCE_MORE: Final = (
    "Generate this prop once more, with the same seed if it had one, and place it. This costs "
    "credit"
)

WIDTH: Final = 420
"""The width of the dialog with the prompt, in pixels at a scale of 1."""


def meant(context: bpy.types.Context, prop_id: str = "") -> str:
    """The id of the prop that the user means: the given one, or the active asset's or object's, or
    else the one that is chosen in the gallery.
    """
    from ..gallery_data.gallery import Gallery

    return prop_id or chosen_prop(context) or Gallery.get().chosen


def folder_of(prop_id: str) -> "PropFolder":
    """The folder of a prop, which may have been deleted since it was drawn.

    :raises InputError: there is no id, or no such prop.
    :raises InternalError: a library that records need is missing.
    """
    from ...core.errors import InputError, InternalError
    from ..gallery_data.gallery import Gallery

    try:
        from ...library.prop_folder import PropFolder
    except ImportError as error:  # pydantic, which comes with the extension
        raise InternalError.no_library(error) from error
    if not prop_id:
        raise InputError("No prop is chosen", "Choose one in the sidebar's Library panel")
    path = read_settings().library / prop_id
    # Scripts may pass any text, and a path in it must not lead out of the library.
    if Path(prop_id).name != prop_id or not path.is_dir():
        Gallery.get().refresh()
        raise InputError(
            f"{Gallery.get().name_of(prop_id)} is not in the library any more",
            "It was moved or deleted; look into the system's bin",
        )
    return PropFolder(path)


class _OnProp:
    """The common part of these operators: the prop, and the reporting of errors."""

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The prop's id: its folder in the library. Empty: the active asset's, the "
        "active object's, or the one chosen in the sidebar",
        options={"SKIP_SAVE"},
    )

    @reports_errors
    def execute(self, context: bpy.types.Context) -> Any:
        """Find the prop, and call the operator's ``act`` with it."""
        this: Any = self
        done: OperatorResult = this.act(context, folder_of(meant(context, this.prop_id)))
        return done


class TRELLIS_OT_show_prompt(_OnProp, bpy.types.Operator):
    """Show the whole prompt of a prop, with a button to copy it"""

    bl_idname = "trellis.show_prompt"
    bl_label = "Show Prompt"
    bl_options = {"INTERNAL"}

    @reports_errors
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Show the prompt in a popup, which closes when the pointer leaves it."""
        self._prompt = prompt_of(folder_of(meant(context, self.prop_id)).read())
        return window_manager_of(context).invoke_popup(self, width=WIDTH)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the whole prompt, and the button that copies it."""
        layout: Any = self.layout
        draw_prompt(layout, context, self._prompt)
        copy = layout.operator("trellis.copy_prompt", icon="COPYDOWN")
        copy.text = self._prompt

    def act(self, _context: bpy.types.Context, folder: "PropFolder") -> OperatorResult:
        """For scripts: tell it."""
        self.report({"INFO"}, prompt_of(folder.read()))
        return {"FINISHED"}


class TRELLIS_OT_copy_prompt(bpy.types.Operator):
    """Copy the prompt to the clipboard"""

    bl_idname = "trellis.copy_prompt"
    bl_label = "Copy Prompt"
    bl_options = {"INTERNAL"}

    text: bpy.props.StringProperty(
        name="Prompt", description="What is copied", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """And say so, as a clipboard cannot be seen."""
        window_manager_of(context).clipboard = self.text
        self.report({"INFO"}, rpt("Prompt copied"))
        return {"FINISHED"}


class TRELLIS_OT_reuse_settings(_OnProp, bpy.types.Operator):
    """Fill the sidebar with this prop's prompt and settings, its seed included"""

    bl_idname = "trellis.reuse_settings"
    bl_label = "Reuse Settings"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene, which has the settings."""
        return context.scene is not None

    def act(self, context: bpy.types.Context, folder: "PropFolder") -> OperatorResult:
        """What the record does not tell goes back to its default."""
        from ...core.generation.finishing import Finishing
        from ...core.generation.views import VIEWS
        from ..jobs.job_state import record_name
        from ..settings.finishing_mapping import fill, reset
        from ..settings.reference_slots import put_image

        record = folder.read()
        settings = settings_in(context.scene)
        for group in (settings, *_groups_in(settings)):
            _take_over(group, record.request)
        reset(settings.finishing)
        if record.finishing:
            fill(settings.finishing, Finishing.from_dict(record.finishing))
        settings.use_text = False
        # The images in the sidebar belong to another prompt, and would be sent with this one.
        for view in VIEWS:
            put_image(settings, view, _kept_image(folder.path, view))
        words = rpt("The settings are those of {} now").format(record_name(record))
        if record.request.get("image_url") and not settings.reference:
            words += ". " + rpt("Its reference image is not: choose it again")
        self.report({"INFO"}, words)
        return {"FINISHED"}


class TRELLIS_OT_generate_again(_OnProp, bpy.types.Operator):
    """Generate one more prop of the same prompt and settings. This costs credit"""

    bl_idname = "trellis.generate_again"
    bl_label = "Generate Variant"
    bl_options = {"REGISTER"}

    new_seed: bpy.props.BoolProperty(
        name="New Seed",
        description="Ask with another seed, for another prop; else with the same one",
        default=True,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The tooltip, which depends on the seed."""
        if properties.new_seed:
            return iface(VARIANT)
        return iface(ONCE_MORE)

    @reports_errors
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for confirmation, as a menu shows neither prompt nor cost. The buttons of the
        sidebar, which shows both, call ``execute``.
        """
        folder = folder_of(meant(context, self.prop_id))
        request = folder.read().request
        self.prop_id = folder.id
        self._prompt, self._model = str(request.get("prompt") or ""), str(request.get("model"))
        return window_manager_of(context).invoke_props_dialog(
            self, width=WIDTH, confirm_text="Generate"
        )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the prompt, the seed, the place and the likely cost."""
        from ..account.cost_display import draw_cost
        from ..jobs.start_jobs import where_words

        layout: Any = self.layout
        draw_prompt(layout, context, self._prompt)
        layout.prop(self, "new_seed")
        layout.label(text=where_words(settings_in(context.scene)), icon="PIVOT_CURSOR")
        draw_cost(layout, context, self._model)

    def act(self, context: bpy.types.Context, folder: "PropFolder") -> OperatorResult:
        """The sidebar's own settings stay as they are."""
        import secrets

        from ...core.generation.finishing import Finishing
        from ...core.generation.request import GenerationRequest
        from ..jobs.end_of_job import ended
        from ..jobs.session import Session
        from ..jobs.start_jobs import begin

        record = folder.read()
        # Records of imported or newer props may have other fields as well.
        fields = set(GenerationRequest.model_fields)
        values = {name: value for name, value in record.request.items() if name in fields}
        if self.new_seed:
            values["seed"] = secrets.randbelow(SEEDS)
        finishing = Finishing.from_dict(record.finishing)
        prop_id = begin(context, GenerationRequest.checked(**values), finishing)
        return ended(self, Session.get(), prop_id, rpt("Generating another variant"))


class TRELLIS_OT_resume_prop(_OnProp, bpy.types.Operator):
    """Go on with this prop from where it stopped, and place it at the 3D cursor. What was paid
    for already is not paid for again
    """

    bl_idname = "trellis.resume_prop"
    bl_label = "Continue"
    bl_options = {"REGISTER", "INTERNAL"}

    def act(self, context: bpy.types.Context, folder: "PropFolder") -> OperatorResult:
        """A second click while it is under way does nothing."""
        from ...core.errors import InputError
        from ..gallery_data.gallery import Gallery
        from ..jobs.end_of_job import ended
        from ..jobs.job_state import record_name
        from ..jobs.jobs_here import jobs_here
        from ..jobs.session import Session
        from ..jobs.start_jobs import go_on

        if folder.id in jobs_here():
            name = Gallery.get().name_of(folder.id)
            self.report({"INFO"}, rpt("{} is under way").format(name))
            return {"CANCELLED"}
        record = folder.read()
        name = record_name(record)
        if not record.is_resumable or record.is_newer:
            raise InputError(f"{name} cannot go on", "Generate it again")
        go_on(context, folder, record)
        return ended(self, Session.get(), folder.id, rpt("Going on with {}").format(name))


class TRELLIS_OT_repair_prop(_OnProp, bpy.types.Operator):
    """Make a new record for a prop whose own is damaged; its model is kept. Then Continue"""

    bl_idname = "trellis.repair_prop"
    bl_label = "Repair Record"
    bl_options = {"REGISTER", "INTERNAL"}

    def act(self, _context: bpy.types.Context, folder: "PropFolder") -> OperatorResult:
        """The damaged one stays beside it."""
        from ...core.files.prop_files import RECORD
        from ...library.library import Library
        from ...library.record_repair import set_aside
        from ..gallery_data.gallery import Gallery

        if (folder.path / RECORD).is_file():
            set_aside(folder)
        if not (folder.path / RECORD).is_file():
            Library(folder.path.parent).adopt(folder.path)
        Gallery.get().refresh()
        name = Gallery.get().name_of(folder.id)
        self.report({"INFO"}, rpt("{} has a new record").format(name))
        return {"FINISHED"}


class TRELLIS_OT_open_prop_folder(_OnProp, bpy.types.Operator):
    """Open the prop's folder in the system's file manager: model, .blend, pictures, record"""

    bl_idname = "trellis.open_prop_folder"
    bl_label = "Open Folder"
    bl_options = {"REGISTER"}

    def act(self, _context: bpy.types.Context, folder: "PropFolder") -> OperatorResult:
        """Open the folder by Blender's own operator, which supports all systems."""
        bpy.ops.wm.path_open(filepath=str(folder.path))
        return {"FINISHED"}


def _kept_image(folder: Path, view: str) -> Any:
    """The reference image that a prop was made from; None if it is not kept as a file."""
    from ...core.errors import InputError
    from ...library.reference_files import references_in
    from ..settings.reference_image import of_file

    try:
        path = references_in(folder).get(view)
        return of_file(str(path)) if path else None
    except InputError:
        return None


def prompt_of(record: "PropRecord") -> str:
    """The prompt of a record."""
    return str(record.request.get("prompt") or "")


def draw_prompt(layout: Any, context: bpy.types.Context, prompt: str) -> None:
    """Draw a whole prompt in a dialog with the width :data:`WIDTH`."""
    from ..gallery_data.texts import prompt_lines

    column = layout.column(align=True)
    room = (WIDTH - 40) * preferences_of(context).system.ui_scale
    for line in prompt_lines(context, prompt, room):
        column.label(text=line, translate=False)


def _groups_in(group: Any) -> list[Any]:
    """The property groups inside a group, except the one for finishing."""
    pointers = [p.identifier for p in group.bl_rna.properties if p.type == "POINTER"]
    values = [getattr(group, name) for name in pointers if name not in ("rna_type", "finishing")]
    return [value for value in values if isinstance(value, bpy.types.PropertyGroup)]


def _take_over(group: Any, request: dict[str, Any]) -> None:
    """Set the properties that a group and a request have in common."""
    known = {p.identifier: p for p in group.bl_rna.properties if not p.is_readonly}
    for name, value in request.items():
        if name not in known:
            continue
        # Optional values, such as the seed, have a check box of their own.
        if f"use_{name}" in known:
            setattr(group, f"use_{name}", value is not None)
        if value is None:
            group.property_unset(name)
        elif known[name].type in ("STRING", "INT", "FLOAT", "BOOLEAN"):
            setattr(group, name, value)


def draw_entries(layout: Any, prop_id: str) -> None:
    """Draw the operators as menu entries, as F3 only finds operators that are in a menu."""
    layout.separator()
    layout.operator_context = "INVOKE_DEFAULT"
    for name, text, icon in ENTRIES:
        layout.operator(name, text=text, icon=icon).prop_id = prop_id


def draw_asset(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Draw the entries in the Asset Browser's context menu, if the active asset is a prop."""
    if prop_id := chosen_prop(context):
        draw_entries(self.layout, prop_id)


ENTRIES: Final = (
    ("trellis.show_prompt", "Show Prompt", "TEXT"),
    ("trellis.reuse_settings", "Reuse Settings", "PRESET"),
    ("trellis.generate_again", "Generate Variant...", "DUPLICATE"),
    ("trellis.export_prop", "Export Prop", "EXPORT"),
    ("trellis.open_prop_folder", "Open Folder", "FILE_FOLDER"),
)

MENUS: Final = (("ASSETBROWSER_MT_context_menu", draw_asset),)

CLASSES = (
    TRELLIS_OT_show_prompt,
    TRELLIS_OT_copy_prompt,
    TRELLIS_OT_reuse_settings,
    TRELLIS_OT_generate_again,
    TRELLIS_OT_resume_prop,
    TRELLIS_OT_repair_prop,
    TRELLIS_OT_open_prop_folder,
)


register, unregister = registering(CLASSES, MENUS)
