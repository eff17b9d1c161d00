# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines operators for placed props: make them editable, and choose what the viewport shows."""

from typing import Any, Final

import bpy

from ...blender_context import OperatorResult
from ..common.class_registration import registering
from ..translation.translations import phrase, rpt

WAYS: Final = (
    (
        "OVERRIDE",
        "Library Override",
        "Stays linked: changes here are kept beside the prop",
    ),
    ("APPEND", "Append", "The prop's data becomes part of this file"),
    (
        "APPEND_REUSE",
        "Append (Reuse Data)",
        "As Append; meshes, materials and images are shared with what was appended before",
    ),
)
DISPLAYS: Final = (
    ("PROXY", "Proxy", "A light stand-in; renders use all of it", "MESH_ICOSPHERE", 0),
    ("FULL", "Full", "The full mesh, as it is rendered", "MESH_UVSPHERE", 1),
    ("BOUNDS", "Bounds", "A box; renders use the full mesh", "CUBE", 2),
)  # fmt: skip

LEAST_SIZE: Final = 0.0001
"""The least size of a prop in metres, as Blender cannot show anything smaller."""


class TRELLIS_OT_make_editable(bpy.types.Operator):
    """Make the selected props editable, in their place. Other copies stay linked"""

    bl_idname = "trellis.make_editable"
    bl_label = "Make Editable"
    bl_options = {"REGISTER", "UNDO"}

    method: bpy.props.EnumProperty(
        name="Method",
        description="How the prop becomes editable",
        items=WAYS,
        default="OVERRIDE",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a selected prop that is linked or packed, and Object Mode."""
        from ...scene.link.proxies import instances

        if context.mode != "OBJECT":
            cls.poll_message_set(phrase("Leave the current mode first: this works in Object Mode"))
            return False
        chosen = list(instances(context.selected_objects))
        if not chosen:
            words = "Select a placed prop" if not context.selected_objects else _why_not(context)
            cls.poll_message_set(phrase(words))
            return False
        if not any(linked(obj) for obj in chosen):
            cls.poll_message_set(phrase("The selected props are editable already"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """One after the other; the operator's own undo step takes all of them back."""
        from ...core.errors import TrellisError
        from ...scene.link.editable import make_editable
        from ...scene.link.methods import EditMethod
        from ...scene.link.proxies import instances
        from ...scene.place.placing import current_scene

        layer: Any = context.view_layer
        count = 0
        for empty in [obj for obj in instances(context.selected_objects) if linked(obj)]:
            # Before the instance is replaced, after which it can no longer be read.
            active = layer.objects.active == empty
            try:
                made = make_editable(empty, EditMethod(self.method), current_scene(), layer)
            except (TrellisError, RuntimeError) as error:
                words = error.facts.sentence if isinstance(error, TrellisError) else str(error)
                self.report({"ERROR"}, words)
                return {"FINISHED"} if count else {"CANCELLED"}
            select(made, layer, active=active)
            count += 1
        words = rpt("1 prop made editable" if count == 1 else "{} props made editable")
        self.report({"INFO"}, words.format(count))
        return {"FINISHED"}


class TRELLIS_OT_display(bpy.types.Operator):
    """Choose what the viewport shows of props. Renders always use the full mesh"""

    bl_idname = "trellis.display"
    bl_label = "Prop Display"
    bl_options = {"REGISTER", "UNDO"}

    mode: bpy.props.EnumProperty(
        name="Show",
        description="What stands for the prop in the viewport",
        items=DISPLAYS,
        default="PROXY",
    )
    all_props: bpy.props.BoolProperty(
        name="All Props", description="All props of the file, not only the selected ones"
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Require a linked or packed prop in the file."""
        from ...scene.link.proxies import instances

        if next(instances(bpy.data.objects), None) is None:
            cls.poll_message_set(phrase("There is no linked prop in this file"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Switch the selected ones, or all."""
        from ...core.errors import PlacingError
        from ...scene.link.methods import Display
        from ...scene.link.proxies import show

        chosen = bpy.data.objects if self.all_props else context.selected_objects
        try:
            count, without = show(chosen, Display(self.mode))
        except PlacingError as error:  # the file with the full mesh is gone
            self.report({"ERROR"}, error.facts.sentence)
            return {"CANCELLED"}
        if not count:
            self.report({"ERROR"}, rpt("Select a placed prop, or choose All Props"))
            return {"CANCELLED"}
        shown = rpt(next(name for identifier, name, *_ in DISPLAYS if identifier == self.mode))
        words = rpt("1 prop: {}" if count == 1 else "{} props: {}")
        words = words.format(shown) if count == 1 else words.format(count, shown)
        if without and self.mode == "PROXY":
            words += "; " + rpt("{} small enough to have no proxy").format(without)
        self.report({"INFO"}, words)
        return {"FINISHED"}


def linked(empty: bpy.types.Object) -> bool:
    """Whether the prop that an instance shows is linked, and not part of the open file."""
    from ...scene.link.proxies import prop_of

    prop = prop_of(empty)
    return prop is not None and prop.library is not None


def _why_not(context: bpy.types.Context) -> str:
    if any(obj.override_library for obj in context.selected_objects):
        return "The selection is editable already: it is a library override"
    if any(obj.library for obj in context.selected_objects):
        return "The selection belongs to another file, and not to a prop of this one"
    return "The selection is editable already: no placed prop is in it"


def select(made: bpy.types.Collection, layer: bpy.types.ViewLayer, *, active: bool) -> None:
    """Select the objects that replace a selected instance."""
    from ...scene.link.roles import top_level

    layer.update()  # without this, Blender does not know yet that new objects are visible
    for obj in top_level(made):
        if obj.name in layer.objects and obj.visible_get(view_layer=layer):
            obj.select_set(True, view_layer=layer)
            if active:
                layer.objects.active = obj


CLASSES: Final = (TRELLIS_OT_make_editable, TRELLIS_OT_display)


register, unregister = registering(CLASSES)
