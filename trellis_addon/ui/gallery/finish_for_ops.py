# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines Finish For: props are finished again for a destination, and then exported for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import bpy

from ...blender_context import OperatorResult
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..place.library_ops import chosen_prop
from ..place.place_ops import suggest
from ..translation.translations import iface, phrase, rpt
from .finish_ops import found

if TYPE_CHECKING:
    from ...core.destinations.destination import Destination
    from .export_queue import Exporting
    from .export_wishes import DestinationWish


def known() -> "Mapping[str, Destination]":
    """The destinations, with those of the library's own tables.

    :raises InputError: one of these tables cannot be used.
    """
    from ...core.destinations.table import destinations

    return destinations(read_settings().library)


def suggest_destinations(_operator: Any, _context: bpy.types.Context, text: str) -> list[str]:
    """The names of destinations that contain what the user has typed."""
    from ...core.errors import InputError

    try:
        return [name for name in known() if text.strip().lower() in name]
    except InputError:
        return []


def meant_ids(context: bpy.types.Context, prop_id: str = "") -> tuple[str, ...]:
    """The ids of the props that the user means: the given one, the active asset, those selected in
    the scene, or else the one that is chosen in the gallery.
    """
    from ..gallery_data.gallery import Gallery
    from .active_prop import selected_prop_ids

    if prop_id:
        return (prop_id,)
    asset = chosen_prop(context) if getattr(context, "asset", None) else ""
    one = asset or Gallery.get().chosen
    selected = () if asset else selected_prop_ids(context)
    return selected or ((one,) if one else ())


class TRELLIS_OT_finish_for(bpy.types.Operator):
    """Finish the prop again for where it goes, and export it for that"""

    bl_idname = "trellis.finish_for"
    bl_label = "Finish For"
    bl_options = {"REGISTER"}

    prop_id: bpy.props.StringProperty(
        name="Prop",
        description="The prop's id. Empty: the active asset's, those of all selected objects, or "
        "the one chosen in the sidebar",
        search=suggest,
        options={"SKIP_SAVE"},
    )
    destination: bpy.props.StringProperty(
        name="Destination",
        description="The destination's name, such as game, web or unreal",
        search=suggest_destinations,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """What is made for the destination, as the table says."""
        from ...core.errors import InputError

        words = iface(cls.__doc__ or "")
        try:
            meant = known().get(properties.destination)
        except InputError:
            return words
        if meant is None:
            return words
        free = iface("It costs nothing and runs in the background")
        return f"{iface(meant.label)}. {iface(meant.description)}.\n{free}"

    @reports_errors
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for the destination, if none is given."""
        if self.destination:
            return self.execute(context)
        bpy.ops.wm.call_menu(name=TRELLIS_MT_finish_for.bl_idname)
        return {"FINISHED"}

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Start it for each prop; in background mode, wait until it is done."""
        from .export_queue import ExportQueue

        wishes = self._wishes(context)
        exports = ExportQueue.get()
        started = [exports.start(wish) for wish in wishes]
        if bpy.app.background:
            return self._waited(started)
        words = rpt("Finishing {} for {} in the background")
        what = wishes[0].name if len(wishes) == 1 else rpt("{} props").format(len(wishes))
        self.report({"INFO"}, words.format(what, iface(wishes[0].destination.label)))
        return {"FINISHED"}

    def _wishes(self, context: bpy.types.Context) -> "list[DestinationWish]":
        """:raises TrellisError: no prop or no destination is meant, or a prop has no model."""
        from ...core.destinations.table import destination
        from ...core.errors import InputError
        from .export_wishes import DestinationWish, this_blender

        settings = read_settings()
        meant = destination(self.destination, settings.library)
        ids = meant_ids(context, self.prop_id)
        if not ids:
            raise InputError("No prop is chosen", "Select one in the scene or the Asset Browser")
        blender, wishes = this_blender(), []
        for prop_id in ids:
            folder, _, name = found(prop_id)
            wishes.append(DestinationWish(folder, name, meant, settings.export_folder, blender))
        return wishes

    def _waited(self, started: "list[Exporting]") -> OperatorResult:
        from ..jobs.session import Session
        from .export_queue import ExportQueue

        session, good = Session.get(), True
        for one in started:
            outcome = ExportQueue.get().wait(one)
            told = session.reports.pop(one.wish.prop_id, None)
            good &= outcome.good
            if told and told.level == "ERROR":
                self.report({"WARNING"}, told.text)
            self.report({"INFO" if outcome.good else "ERROR"}, outcome.text)
        return {"FINISHED"} if good else {"CANCELLED"}


def listed(layout: Any) -> "tuple[Destination, ...]":
    """The destinations for the entries of a menu; if a table cannot be used, its error is drawn."""
    from ...core.errors import InputError

    # With invoke, Blender would ask for a region that the sidebar is not.
    layout.operator_context = "EXEC_DEFAULT"
    try:
        return tuple(known().values())
    except InputError as error:
        layout.label(text=phrase(error.facts.sentence), icon="ERROR", translate=False)
        return ()


class TRELLIS_MT_finish_for(bpy.types.Menu):
    """Finish the selected props again for where they go, and export them for that"""

    bl_idname = "TRELLIS_MT_finish_for"
    bl_label = "Finish For"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw an entry for each destination; F3 finds each by the menu's name and its own."""
        layout: Any = self.layout
        for each in listed(layout):
            entry = layout.operator("trellis.finish_for", text=iface(each.label), translate=False)
            entry.prop_id, entry.destination = "", each.id


class TRELLIS_MT_gallery_finish_for(bpy.types.Menu):
    """Finish the chosen prop again for where it goes, and export it for that"""

    bl_idname = "TRELLIS_MT_gallery_finish_for"
    bl_label = "Finish For"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw an entry for each destination."""
        from ..gallery_data.gallery import Gallery

        layout: Any = self.layout
        for each in listed(layout):
            entry = layout.operator("trellis.finish_for", text=iface(each.label), translate=False)
            entry.prop_id, entry.destination = Gallery.get().chosen, each.id


register, unregister = registering(
    (TRELLIS_OT_finish_for, TRELLIS_MT_finish_for, TRELLIS_MT_gallery_finish_for)
)
