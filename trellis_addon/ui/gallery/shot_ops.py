# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operator that takes a product shot of a prop, and the one that opens the picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, window_manager_of
from ...core.generation.shot_settings import SHOT_SETTINGS
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..settings.setting_properties import annotations_of, properties_of, values_of
from ..translation.translations import rpt
from .export_ops import PICTURES, last_folder, result, start_or_wait
from .reuse_ops import folder_of, meant

if TYPE_CHECKING:
    from ...core.generation.shot import Shot
    from .shot_wish import ShotWish

PICTURE: Final = ".png"

PROPERTIES: Final = {
    "prop_id": bpy.props.StringProperty(
        name="Prop",
        description="The prop's id: its folder in the library. Empty: the active asset's, the "
        "active object's, or the one chosen in the sidebar",
        options={"SKIP_SAVE", "HIDDEN"},
    ),
    "filepath": bpy.props.StringProperty(
        name="File Path", description="The file to write", subtype="FILE_PATH"
    ),
    "check_existing": bpy.props.BoolProperty(
        name="Check Existing",
        description="Mark the name when there is such a file already",
        default=True,
        options={"HIDDEN"},
    ),
    "filter_glob": bpy.props.StringProperty(
        name="Filter",
        description="Which files are shown",
        default="*.png;*.mp4",
        options={"HIDDEN"},
    ),
    **properties_of(SHOT_SETTINGS.values()),
}


class TRELLIS_OT_product_shot(bpy.types.Operator):
    """Render the prop in a studio, as a picture or a turntable. Blender stays usable meanwhile"""

    bl_idname = "trellis.product_shot"
    bl_label = "Product Shot"
    bl_options = {"REGISTER"}

    __annotations__ = annotations_of(PROPERTIES, "PROPERTIES")
    if TYPE_CHECKING:  # Blender makes an attribute of each annotation
        prop_id: str
        filepath: str

        def __getattr__(self, name: str) -> Any: ...

    @reports_errors
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for the file, in Blender's file browser."""
        from ...core.text import slug
        from ..gallery_data.gallery import Gallery

        self.prop_id = meant(context, self.prop_id)
        folder = folder_of(self.prop_id)
        entry = Gallery.get().entry(folder.id)
        name = slug(entry.name) if entry else folder.id
        self.filepath = str(last_folder(self.filepath) / name)
        # Blender only calls check() after a change in the file browser.
        self.check(context)
        window_manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Give the file the extension of what is written."""
        path = _with_ending(self.filepath, self._shot())
        changed = path != self.filepath
        self.filepath = path
        return changed

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the settings in the file browser."""
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("backdrop", "angle"):
            layout.prop(self, name)
        size = layout.column(align=True)
        size.prop(self, "width")
        size.prop(self, "height")
        layout.prop(self, "engine")
        layout.prop(self, "samples")
        layout.prop(self, "turntable")
        if self.turntable:
            turn = layout.column()
            turn.prop(self, "frames")
            turn.prop(self, "film")
            if self._shot().is_movie:
                turn.prop(self, "fps")

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Start the shot; in background mode, wait until it is done."""
        wish = self._wish(context)
        words = rpt("Rendering {} in the background").format(wish.path.name)
        return start_or_wait(self, wish, words)

    def _shot(self) -> "Shot":
        from ...core.generation.shot import Shot

        shown = {name: getattr(self, name) for name in PROPERTIES}
        return Shot(**values_of(SHOT_SETTINGS.values(), shown))

    def _wish(self, context: bpy.types.Context) -> "ShotWish":
        from ...core.errors import InputError
        from ...core.files.safe_names import safe_name
        from .export_wishes import this_blender
        from .shot_wish import ShotWish

        folder = folder_of(meant(context, self.prop_id))
        if not self.filepath:
            raise InputError("No file is named", "Give a file path")
        shot = self._shot()
        shot.check()
        path = Path(bpy.path.abspath(_with_ending(self.filepath, shot)))
        return ShotWish(folder.id, folder, shot, path.parent, safe_name(path.stem), this_blender())


class TRELLIS_OT_open_shot(bpy.types.Operator):
    """Open the picture, the movie or the folder of a turntable with the system's own program"""

    bl_idname = "trellis.open_shot"
    bl_label = "Open Picture"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(
        name="Number", description="Which result is meant, from the newest", options={"SKIP_SAVE"}
    )

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        """Not in an Image Editor, as the picture would then become a part of the artist's file."""
        ended = result(self.number)
        path = ended.path if ended else None
        if path is None or not path.exists():
            self.report({"ERROR"}, rpt("The file is not there any more"))
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}


def _with_ending(filepath: str, shot: "Shot") -> str:
    path = Path(filepath)
    # Other suffixes are part of a name, such as "Vase 1.5".
    stem = path.stem if path.suffix.lower() in PICTURES else path.name
    return str(path.with_name(f"{stem or 'prop'}{'.mp4' if shot.is_movie else PICTURE}"))


register, unregister = registering((TRELLIS_OT_product_shot, TRELLIS_OT_open_shot))
