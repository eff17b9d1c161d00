# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares the panel "Jobs", and the operator that continues what an earlier Blender has left.

What they draw and do is in modules that are loaded when Blender calls them.
"""

from __future__ import annotations

import bpy

from ...blender_context import OperatorResult
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..setup.panel_base import InSidebar


class TRELLIS_PT_jobs(InSidebar, bpy.types.Panel):
    """Jobs under way, and the last failures."""

    bl_idname = "TRELLIS_PT_jobs"
    bl_label = "Jobs"
    bl_order = 10

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Show the panel while it has something to show, even if the checklist is back (such as
        after the key was cleared), as it must be possible to cancel what costs money.
        """
        from .panel import is_needed

        return is_needed()

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Draw the buttons for all jobs."""
        from .panel import draw_all_at_once

        draw_all_at_once(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the jobs and the failures."""
        from .panel import draw_jobs

        draw_jobs(self.layout, context)


class TRELLIS_OT_resume_interrupted(bpy.types.Operator):
    """Go on with every prop that was interrupted, and place them. What was paid for already is not
    paid for again
    """

    bl_idname = "trellis.resume_interrupted"
    bl_label = "Continue"
    bl_options = {"INTERNAL"}

    @reports_errors
    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        """Continue them one after the other."""
        from .resume_unfinished import resume_all

        return resume_all(self)


register, unregister = registering([TRELLIS_PT_jobs, TRELLIS_OT_resume_interrupted])
