# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators that place a prop: at the 3D cursor, at the origin, or under the mouse."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, layout_of, window_manager_of
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..settings.properties import collection_of, settings_in
from ..settings.setting_properties import method_items

if TYPE_CHECKING:
    from ...scene.place.placeable import PlaceableProp
    from ...scene.place.placing import Placement
    from ..jobs.session import Session


MOST_SUGGESTIONS: Final = 200


def suggest(_operator: Any, _context: bpy.types.Context, text: str) -> list[str]:
    """The ids of props that contain what the user has typed."""
    from ...scene.place.placeable import ready_ids

    words = text.lower().split()
    ids = ready_ids(read_settings().library)
    return [name for name in ids if all(word in name for word in words)][:MOST_SUGGESTIONS]


def named_props() -> dict[str, str]:
    """The ids of the library's props that can be placed, by their names, the newest first. Props of
    the same name have a number.
    """
    from ..gallery_data.gallery import Gallery

    snapshot = Gallery.get().snapshot
    entries = [e for e in (snapshot.entries if snapshot else ()) if e.is_ready]
    found: dict[str, str] = {}
    for entry in sorted(entries, key=lambda e: e.created, reverse=True):
        name, number = entry.name, 1
        while name in found:
            number += 1
            name = f"{entry.name} ({number})"
        found[name] = entry.id
    return found


def suggest_names(_operator: Any, _context: bpy.types.Context, text: str) -> list[str]:
    """The names of props that contain what the user has typed."""
    words = text.lower().split()
    names = [name for name in named_props() if all(word in name.lower() for word in words)]
    return names[:MOST_SUGGESTIONS]


class TRELLIS_OT_place(bpy.types.Operator):
    """Place a prop of the library into the scene. Costs nothing"""

    bl_idname = "trellis.place"
    bl_label = "Place Trellis Prop"
    bl_options = {"REGISTER"}

    prop_id: bpy.props.StringProperty(
        name="Prop", description="The prop's id: its folder in the library", search=suggest
    )
    named: bpy.props.StringProperty(
        name="Prop",
        description="The prop's name, instead of its id",
        search=suggest_names,
        options={"SKIP_SAVE"},
    )
    method: bpy.props.EnumProperty(
        name="Method", description="How the prop comes into the file", items=method_items()
    )
    where: bpy.props.EnumProperty(
        name="Where",
        description="Where the prop is to stand",
        items=(
            (
                "CURSOR",
                "3D Cursor",
                "At the 3D cursor, upright, or beside it where something stands there already",
            ),
            ("EXACT", "Exactly at 3D Cursor", "At the 3D cursor, whatever stands there"),
            ("ORIGIN", "World Origin", "At the world's origin"),
            ("SURFACE", "Surface under the Mouse", "Follow the mouse; a click places it"),
        ),
        default="CURSOR",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene."""
        return context.scene is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask which prop to place, unless an id is given."""
        from ..gallery_data.gallery import Gallery
        from ..jobs.jobs_here import jobs_here

        if self.prop_id:
            return self.execute(context)
        Gallery.get().look(read_settings().library, jobs_here())
        return window_manager_of(context).invoke_props_dialog(self, width=420, confirm_text="Place")

    def draw(self, context: bpy.types.Context) -> None:
        """Three fields."""
        layout = layout_of(self)
        layout.use_property_split = True
        for name in ("named", "method", "where"):
            layout.prop(self, name)

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Place it, or hand over to the operator that follows the mouse."""
        from ...engine.unmade import unmade
        from ...scene.place.placeable import stored
        from ..jobs.end_of_job import ended
        from ..jobs.session import Session

        self.prop_id = self.prop_id or named_props().get(self.named, self.named)
        if self.where == "SURFACE" and not bpy.app.background:
            more: Any = getattr(bpy.ops, "trellis")  # noqa: B009  (not in stubs)
            done: OperatorResult = more.place_on_surface(
                "INVOKE_DEFAULT", prop_id=self.prop_id, method=self.method
            )
            return {"CANCELLED"} if "CANCELLED" in done else {"FINISHED"}
        settings, session = read_settings(), Session.get()
        # A prop that was made by another Blender may have no file that this one can read.
        if self.prop_id and (missing := unmade(settings.library, self.prop_id)):
            session.make(missing, settings, self._placement())
            return ended(self, session, self.prop_id, missing.words)
        prop = stored(settings.library, self.prop_id)
        put(session, prop, self._placement(), context.space_data)
        return {"FINISHED"}

    def _placement(self) -> "Placement":
        from ...scene.link.methods import Method
        from ...scene.place.placing import at_cursor, at_origin, current_scene

        at, scene = at_origin if self.where == "ORIGIN" else at_cursor, current_scene()
        place = at(scene, method=Method.of(self.method))
        collection = collection_of(settings_in(scene))
        return replace(place, collection=collection, aside=self.where == "CURSOR")


def put(session: "Session", prop: "PlaceableProp", placement: "Placement", space: Any) -> None:
    """Place a prop that is ready, select only it, and add an undo step.

    :param space: the space of the 3D view from which it is placed, for its local view.
    :raises PlacingError: the prop's file is unusable.
    """
    from ...scene.place.local_view import join
    from ...scene.place.placing import (
        PlaceItem,
        current_scene,
        place_many,
    )
    from ...scene.place.selection import select_only
    from ...scene.place.undo_steps import before_undo_step, undo_step
    from ..jobs.arrivals import undo_name
    from ..jobs.job_state import taken

    scene = current_scene()
    before_undo_step()
    others = taken(session.running, scene.name)
    (placed,) = place_many([PlaceItem(prop.blend, placement)], others)
    if placed.error:
        raise placed.error
    join(placed.object, space)
    select_only(scene, placed.roots)
    name = placed.object.name if placed.object else prop.id
    undo_step(undo_name([("Place", name)]))


register, unregister = registering([TRELLIS_OT_place])
