# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a prop of the library as GLB, FBX, OBJ or USD, by Blender's own exporters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpy

from ..core.errors import InputError, TrellisError
from ..core.text import slug
from .gallery import Gallery
from .gallery_prop_ops import folder_of, meant
from .gallery_texts import first_lines, prompt_lines
from .redraw import redraw_sidebars
from .registering import registering
from .translations import rpt, sentence

if TYPE_CHECKING:
    from .exports import Wish


FORMATS: Final = (
    ("GLB", "GLB", "Binary glTF: one file with its pictures, for engines and the web"),
    ("FBX", "FBX", "Autodesk FBX: one file with its pictures, for engines and other 3D programs"),
    ("OBJ", "OBJ", "Wavefront OBJ, with its .mtl and pictures beside it"),
    ("USD", "USD", "Universal Scene Description, with its pictures in a folder beside it"),
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
        default="*.glb;*.fbx;*.obj;*.usdc",
        options={"HIDDEN"},
    )
    file_format: bpy.props.EnumProperty(
        name="Format", description="The kind of file", items=FORMATS, default="GLB"
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask where to, in Blender's file browser."""
        self.prop_id = meant(context, self.prop_id)
        try:
            folder = folder_of(self.prop_id)
        except TrellisError as error:
            self.report({"ERROR"}, sentence(error.facts))
            return {"CANCELLED"}
        entry = Gallery.get().entry(folder.id)
        name = slug(entry.name) if entry else folder.id
        self.filepath = str(_last_folder(self.filepath) / name)
        self.check(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Keep the ending that the format has."""
        path = _with_ending(self.filepath, self.file_format)
        changed: bool = path != self.filepath
        self.filepath = path
        return changed

    def draw(self, _context: bpy.types.Context) -> None:
        """Beside the files."""
        layout: Any = self.layout
        layout.use_property_split = True
        layout.prop(self, "file_format")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Begin; in background mode, until it is done."""
        from .exports import Exports

        exports = Exports.get()
        try:
            wish = self._wish(context)
        except TrellisError as error:
            self.report({"ERROR"}, sentence(error.facts))
            return {"CANCELLED"}
        one = exports.start(wish)
        if not bpy.app.background:
            self.report({"INFO"}, f"Exporting {wish.path.name} in the background")
            return {"FINISHED"}
        outcome = exports.wait(one)
        self.report({"INFO" if outcome.good else "ERROR"}, outcome.text)
        return {"FINISHED"} if outcome.good else {"CANCELLED"}

    def _wish(self, context: bpy.types.Context) -> Wish:
        from .exports import Wish, command

        folder = folder_of(meant(context, self.prop_id))
        if not self.filepath:
            raise InputError("No file is named", "Give a file path")
        path = Path(bpy.path.abspath(_with_ending(self.filepath, self.file_format)))
        return Wish(
            prop_id=folder.id,
            folder=folder,
            file_format=self.file_format.lower(),
            target=path.parent,
            stem=path.stem,
            command=command(),
            version=tuple(bpy.app.version),
        )


class TRELLIS_OT_cancel_export(bpy.types.Operator):
    """Stop the export; nothing is left of it"""

    bl_idname = "trellis.cancel_export"
    bl_label = "Cancel Export"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """All of them: there is rarely more than one."""
        from .exports import Exports

        exports = Exports.get()
        exports.cancel()
        exports.last = None
        redraw_sidebars()
        return {"FINISHED"}


class TRELLIS_OT_show_export(bpy.types.Operator):
    """Open the folder with the exported file"""

    bl_idname = "trellis.show_export"
    bl_label = "Open Folder"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """In the system's file manager."""
        from .exports import Exports

        last = Exports.get().last
        if last is None or last.path is None or not last.path.parent.is_dir():
            self.report({"ERROR"}, rpt("The folder is not there any more"))
            return {"CANCELLED"}
        bpy.ops.wm.path_open(filepath=str(last.path.parent))
        return {"FINISHED"}


def draw_exports(layout: Any, context: bpy.types.Context) -> None:
    """What is being exported, and how the last one ended. For ``draw``."""
    from .exports import Exports

    exports = Exports.get()
    if not exports.running and exports.last is None:
        return
    box = layout.box().column()
    for one in exports.running:
        row = box.row()
        row.label(text=f"{one.wish.path.name}: {one.text}", icon="EXPORT")
        row.operator("trellis.cancel_export", text="", icon="X", emboss=False)
    if exports.last is not None:
        last, row = exports.last, box.row()
        lines = row.column(align=True)
        lines.scale_y = 0.8
        room = context.region.width - 130 * context.preferences.system.ui_scale
        words = first_lines(prompt_lines(context, last.text, room), 5)
        for number, line in enumerate(words):
            icon = "CHECKMARK" if last.good else "ERROR"
            lines.label(text=line, icon=icon if number == 0 else "BLANK1")
        if last.path is not None:
            row.operator("trellis.show_export", text="", icon="FILE_FOLDER", emboss=False)
        row.operator("trellis.cancel_export", text="", icon="X", emboss=False)


def _last_folder(filepath: str) -> Path:
    """Where the last export went; else the open file's folder, else the user's."""
    if filepath and Path(filepath).parent.is_dir():
        return Path(filepath).parent
    return Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()


def _with_ending(filepath: str, file_format: str) -> str:
    from ..importer.export_task import ENDINGS

    path = Path(filepath)
    known = path.suffix.lower() in ENDINGS.values()
    stem = path.stem if known else path.name
    return str(path.with_name(f"{stem or 'prop'}{ENDINGS[file_format.lower()]}"))


CLASSES = (
    TRELLIS_OT_export_prop,
    TRELLIS_OT_cancel_export,
    TRELLIS_OT_show_export,
)


register, unregister = registering(CLASSES)
