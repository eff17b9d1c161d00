# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines operators for the library: delete a prop, and find the missing props of a file.

F3 only finds operators that are in a menu, hence the entries in File > External Data and in the
Asset Browser's context menu.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...blender_context import OperatorResult, layout_of, window_manager_of
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..translation.translations import iface, rpt

if TYPE_CHECKING:
    from ...core.settings import Settings


def chosen_prop(context: bpy.types.Context) -> str:
    """The id of the prop that the user means: the Asset Browser's active asset, or else the active
    object's prop; empty if there is neither.
    """
    from ...scene.link.linking import same_file
    from ...scene.link.relink import prop_of

    asset: Any = getattr(context, "asset", None)
    path = getattr(asset, "full_library_path", "") if asset else ""
    if path:
        folder = Path(path).parent
        # Assets of other libraries must not be deleted.
        return folder.name if same_file(folder.parent, read_settings().library) else ""
    collection = context.active_object.instance_collection if context.active_object else None
    library: bpy.types.Library | None = collection.library if collection else None
    prop = prop_of(library) if library is not None else None
    return prop[0] if prop else ""


class TRELLIS_OT_delete_prop(bpy.types.Operator):
    """Move a prop with all its files from the library to the system's bin"""

    bl_idname = "trellis.delete_prop"
    bl_label = "Delete Prop from Library"
    bl_options = {"REGISTER"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The prop's id. Empty: the active asset's or the active object's",
        options={"SKIP_SAVE"},
    )
    even_if_used: bpy.props.BoolProperty(
        name="Although This File Uses It",
        description="Delete the prop even if the open file links it; it is missing there from "
        "the next start on",
        options={"SKIP_SAVE"},
    )
    permanently: bpy.props.BoolProperty(
        name="Permanently",
        description="Delete the files instead of moving them to the bin. What was paid for the "
        "prop is lost then",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for confirmation."""
        self.prop_id = self.prop_id or chosen_prop(context)
        if not self.prop_id:
            return self.execute(context)
        return window_manager_of(context).invoke_props_dialog(
            self, width=380, title="Delete from the Library", confirm_text="Delete"
        )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw which prop is deleted, and the reasons against that."""
        from ...scene.link.relink import links_into
        from ..gallery_data.gallery import Gallery
        from ..jobs.job_state import is_owed

        column = layout_of(self).column()
        column.label(text=Gallery.get().name_of(self.prop_id), icon="TRASH", translate=False)
        if users := links_into(read_settings().library / self.prop_id):
            words = iface("This file uses it: {}").format(_some(users))
            column.label(text=words, icon="ERROR", translate=False)
            column.prop(self, "even_if_used")
        if is_owed(read_settings().library, self.prop_id):
            column.label(
                text=iface("It may have been charged, and has not arrived yet"), icon="ERROR"
            )
        column.prop(self, "permanently")

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Delete it, unless the open file links it."""
        from ...library.library import Library
        from ...scene.link.asset_library import refresh_browsers
        from ...scene.link.relink import links_into
        from ..gallery_data.gallery import Gallery

        prop_id = self.prop_id or chosen_prop(context)
        if not prop_id:
            self.report(
                {"ERROR"}, rpt("No prop is chosen. Select one in the scene or Asset Browser")
            )
            return {"CANCELLED"}
        library, name = Library(read_settings().library), Gallery.get().name_of(prop_id)
        folder = library.find(prop_id)
        # Checked again, as scripts call this without the dialog.
        users = links_into(folder.path)
        if users and not self.even_if_used:
            words = rpt("The open file uses {}: {}")
            self.report({"ERROR"}, words.format(name, _some(users)))
            return {"CANCELLED"}
        library.delete(prop_id, permanently=self.permanently)
        # The Asset Browser does not notice changes on the disk by itself.
        refresh_browsers()
        words = "{} is deleted" if self.permanently else "{} is in the system's bin now"
        self.report({"INFO"}, rpt(words).format(name))
        return {"FINISHED"}


class TRELLIS_OT_find_missing(bpy.types.Operator):
    """Link the props of this file again whose files have moved, from the library folder"""

    bl_idname = "trellis.find_missing"
    bl_label = "Find Missing Props"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Relink by the props' ids."""
        from ...scene.link.relink import find_missing, in_library
        from ...scene.link.renewing import renew_light
        from ..gallery_data.gallery import Gallery

        settings = read_settings()
        library = settings.library
        renewed = renew_light()
        result = find_missing(in_library(library))
        count = len(result.found) + len(renewed)
        found = rpt("{} found again").format(count)
        lost = set(result.lost)
        making = {prop_id for prop_id in lost if self._make(prop_id, settings)}
        if lost - making:
            names = sorted(map(Gallery.get().name_of, lost - making))
            gone = rpt("not in {}: {}").format(library, _some(names))
            self.report({"WARNING"}, f"{found}; {gone}")
        elif making:
            made = rpt("{} made again for this Blender").format(len(making))
            self.report({"INFO"}, f"{found}; {made}")
        elif count:
            self.report({"INFO"}, found)
        else:
            self.report({"INFO"}, rpt("No prop is missing"))
        return {"FINISHED"}

    def _make(self, prop_id: str, settings: "Settings") -> bool:
        """Build a prop that this Blender cannot read. It is linked again when that is done.

        :returns: whether that was started.
        """
        from ...core.errors import TrellisError
        from ...engine.unmade import unmade
        from ..jobs.end_of_job import ended
        from ..jobs.session import Session

        session = Session.get()
        try:
            missing = unmade(settings.library, prop_id)
            if missing is None:
                return False
            session.make(missing, settings)
        except TrellisError as error:
            from ..common.log_handlers import logger

            logger(__name__).info("%s: %s", prop_id, error.facts.sentence)
            return False
        return ended(self, session, prop_id, missing.words) == {"FINISHED"}


def _some(names: list[str], most: int = 4) -> str:
    more = len(names) - most
    shown = ", ".join(names[:most])
    return rpt("{} and {} more").format(shown, more) if more > 0 else shown


def draw_external_data(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """File > External Data > Find Missing Props."""
    layout_of(self).separator()
    layout_of(self).operator("trellis.find_missing")


def draw_delete(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    """Draw the entry for the active asset, if it is a prop."""
    if prop_id := chosen_prop(context):
        layout_of(self).separator()
        layout_of(self).operator_context = "INVOKE_DEFAULT"
        button = layout_of(self).operator("trellis.delete_prop", text="Delete Prop from Library...")
        setattr(button, "prop_id", prop_id)  # noqa: B010  (not in the stubs)


CLASSES = (TRELLIS_OT_delete_prop, TRELLIS_OT_find_missing)
MENUS = (
    ("TOPBAR_MT_file_external_data", draw_external_data),
    ("ASSETBROWSER_MT_context_menu", draw_delete),
)


register, unregister = registering(CLASSES, MENUS)
