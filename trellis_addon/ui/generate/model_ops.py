# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators of the Model panel: new seed, reset, and the gateway's list of models."""

from __future__ import annotations

import bpy

from ...blender_context import OperatorResult
from ...core.generation.request_settings import SEEDS
from ...preferences import read_settings
from ..common.class_registration import registering
from ..settings.model_properties import NAMES, is_changed, model_group
from ..setup.setup_ops import blocked, finish
from ..translation.translations import phrase


class TRELLIS_OT_random_seed(bpy.types.Operator):
    """Throw the dice: another seed gives another prop of the same prompt"""

    bl_idname = "trellis.random_seed"
    bl_label = "New Seed"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require a scene."""
        return model_group(context) is not None

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Take a random seed, and use it."""
        import secrets

        if group := model_group(context):
            group.use_seed = True
            group.seed = secrets.randbelow(SEEDS)
        return {"FINISHED"}


class TRELLIS_OT_reset_model(bpy.types.Operator):
    """Set everything in this panel to its default"""

    bl_idname = "trellis.reset_model"
    bl_label = "Reset Model Settings"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Require that a setting differs from its default."""
        group = model_group(context)
        if group is None:
            return False
        if not is_changed(group):
            cls.poll_message_set(phrase("Everything is at its default"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Unset every property."""
        if group := model_group(context):
            for name in NAMES:
                group.property_unset(name)
        return {"FINISHED"}


class TRELLIS_OT_refresh_models(bpy.types.Operator):
    """Ask the gateway for its list of 3D models. Costs nothing"""

    bl_idname = "trellis.refresh_models"
    bl_label = "Refresh Models"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Require a gateway that may be asked, and that it is not being asked already."""
        from ..account.account import MODELS

        return not blocked(cls, MODELS)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Ask in the background; in background mode, wait."""
        from ..account.account import MODELS, Account

        account = Account.get()
        account.refresh_models(read_settings())
        return finish(self, account, MODELS, "The list of models is fresh")


CLASSES = (TRELLIS_OT_random_seed, TRELLIS_OT_reset_model, TRELLIS_OT_refresh_models)


register, unregister = registering(CLASSES)
