# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators that export a prop as GLB, FBX, OBJ or USD, by Blender's own exporters."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, preferences_of, region_of, window_manager_of
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..translation.translations import iface, phrase, rpt
from .reuse_ops import folder_of, meant

if TYPE_CHECKING:
    from .export_queue import Outcome
    from .export_wishes import FileWish, Wish


PICTURES: Final = (".png", ".mp4")
"""The endings of product shots; the pictures of a turntable are in a folder."""

FORMATS: Final = (
    ("GLB", "GLB", "Binary glTF: one file with its pictures, for engines and the web"),
    ("FBX", "FBX", "Autodesk FBX: one file with its pictures, for engines and other 3D programs"),
    ("OBJ", "OBJ", "Wavefront OBJ, with its .mtl and pictures beside it"),
    ("USD", "USD", "Universal Scene Description, with its pictures in a folder beside it"),
    ("USDZ", "USDZ", "Universal Scene Description in one file with its pictures, for AR"),
)


class TRELLIS_OT_export_prop(bpy.types.Operator):
    """Write the full prop as a file for other programs. Blender stays usable meanwhile"""

    bl_idname = "trellis.export_prop"
    bl_label = "Export Prop"
    bl_options = {"REGISTER"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The prop's id: its folder in the library. Empty: the active asset's, the "
        "active object's, or the one chosen in the sidebar",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    filepath: bpy.props.StringProperty(
        name="File Path", description="The file to write", subtype="FILE_PATH"
    )
    check_existing: bpy.props.BoolProperty(
        name="Check Existing",
        description="Mark the name when there is such a file already",
        default=True,
        options={"HIDDEN"},
    )
    filter_glob: bpy.props.StringProperty(
        name="Filter",
        description="Which files are shown",
        default="*.glb;*.fbx;*.obj;*.usdc;*.usdz",
        options={"HIDDEN"},
    )
    file_format: bpy.props.EnumProperty(
        name="Format", description="The kind of file", items=FORMATS, default="GLB"
    )

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
        """Give the file the extension of the format."""
        path = _with_ending(self.filepath, self.file_format)
        changed: bool = path != self.filepath
        self.filepath = path
        return changed

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the options in the file browser."""
        layout: Any = self.layout
        layout.use_property_split = True
        layout.prop(self, "file_format")

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Start the export; in background mode, wait until it is done."""
        wish = self._wish(context)
        return start_or_wait(self, wish, f"Exporting {wish.label} in the background")

    def _wish(self, context: bpy.types.Context) -> "FileWish":
        from ...core.errors import InputError
        from ...core.files.safe_names import safe_name
        from .export_wishes import FileWish, this_blender

        folder = folder_of(meant(context, self.prop_id))
        if not self.filepath:
            raise InputError("No file is named", "Give a file path")
        path = Path(bpy.path.abspath(_with_ending(self.filepath, self.file_format)))
        return FileWish(
            folder=folder,
            file_format=self.file_format.lower(),
            target=path.parent,
            stem=safe_name(path.stem),
            blender=this_blender(),
        )


class TRELLIS_OT_cancel_export(bpy.types.Operator):
    """Stop the export; nothing is left of it"""

    bl_idname = "trellis.cancel_export"
    bl_label = "Cancel Export"
    bl_options = {"INTERNAL"}

    key: bpy.props.StringProperty(
        name="Export",
        description="Which export is meant. Empty: all of them",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """The queue forgets it when its thread has ended."""
        from ..common.redraw import redraw_sidebars
        from .export_queue import ExportQueue

        ExportQueue.get().cancel(self.key)
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_forget_export(bpy.types.Operator):
    """Hide this result; the files stay"""

    bl_idname = "trellis.forget_export"
    bl_label = "Hide Export"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(
        name="Number", description="Which result is meant, from the newest", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Drop it from the list."""
        from ..common.redraw import redraw_sidebars
        from .export_queue import ExportQueue

        ExportQueue.get().forget(self.number)
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_show_export(bpy.types.Operator):
    """Open the folder with the exported files"""

    bl_idname = "trellis.show_export"
    bl_label = "Open Folder"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(
        name="Number", description="Which result is meant, from the newest", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """In the system's file manager."""
        ended = result(self.number)
        folder = ended.folder if ended else None
        if folder is None or not folder.is_dir():
            self.report({"ERROR"}, rpt("The folder is not there any more"))
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


def start_or_wait(operator: bpy.types.Operator, wish: "Wish", words: str) -> OperatorResult:
    """Start an export or a shot and report the words; in background mode, wait for its end, and
    report that.
    """
    from .export_queue import ExportQueue

    exports = ExportQueue.get()
    one = exports.start(wish)
    if not bpy.app.background:
        operator.report({"INFO"}, words)
        return {"FINISHED"}
    outcome = exports.wait(one)
    operator.report({"INFO" if outcome.good else "ERROR"}, outcome.text)
    return {"FINISHED"} if outcome.good else {"CANCELLED"}


def result(number: int) -> "Outcome | None":
    """The result of an export or a shot, counted from the newest; None if it is hidden by now."""
    from .export_queue import ExportQueue

    ended = ExportQueue.get().ended
    return ended[number] if number < len(ended) else None


def draw_exports(layout: Any, context: bpy.types.Context) -> None:
    """Draw the waiting and running exports and product shots, and the last results."""
    from .export_queue import ExportQueue

    exports = ExportQueue.get()
    if not exports.running and not exports.ended:
        return
    box = layout.box().column()
    for one in exports.running:
        row = box.row()
        words = f"{one.wish.label}: {iface(one.text)}"
        _draw_text(row, context, words, "EXPORT", buttons=1)
        row.operator("trellis.cancel_export", text="", icon="X", emboss=False).key = one.wish.key
    for number, ended in enumerate(exports.ended):
        row = box.row()
        icon = "CHECKMARK" if ended.good else "ERROR"
        is_picture = ended.path is not None and ended.path.suffix in PICTURES
        _draw_text(row, context, phrase(ended.text), icon, buttons=2 + is_picture)
        if is_picture:
            row.operator(
                "trellis.open_shot", text="", icon="IMAGE_DATA", emboss=False
            ).number = number
        if ended.folder is not None:
            row.operator(
                "trellis.show_export", text="", icon="FILE_FOLDER", emboss=False
            ).number = number
        row.operator("trellis.forget_export", text="", icon="X", emboss=False).number = number


def _draw_text(row: Any, context: bpy.types.Context, text: str, icon: str, buttons: int) -> None:
    """Draw a text of at most five lines. :param buttons: the number of icons to its right."""
    from ..gallery_data.texts import first_lines, prompt_lines

    lines = row.column(align=True)
    lines.scale_y = 0.8
    around = (102 + 26 * buttons) * preferences_of(context).system.ui_scale
    room = region_of(context).width - around
    for number, line in enumerate(first_lines(prompt_lines(context, text, room), 5)):
        lines.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)


def last_folder(filepath: str) -> Path:
    """The folder of the last export or shot, else of the open file, else the home folder."""
    if filepath and Path(filepath).parent.is_dir():
        return Path(filepath).parent
    return Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()


def _with_ending(filepath: str, file_format: str) -> str:
    from ...importer.pipe.export_messages import ENDINGS

    path = Path(filepath)
    # Other suffixes are part of a name, such as "Vase 1.5".
    known = path.suffix.lower() in ENDINGS.values()
    stem = path.stem if known else path.name
    return str(path.with_name(f"{stem or 'prop'}{ENDINGS[file_format.lower()]}"))


CLASSES = (
    TRELLIS_OT_export_prop,
    TRELLIS_OT_cancel_export,
    TRELLIS_OT_forget_export,
    TRELLIS_OT_show_export,
)


register, unregister = registering(CLASSES)
