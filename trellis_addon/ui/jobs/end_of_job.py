# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports how a job ended, by the operator that started it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ...blender_context import OperatorResult

if TYPE_CHECKING:
    from .session import Session


def ended(operator: Any, session: Session, prop_id: str, words: str) -> OperatorResult:
    """What an operator gives back that has begun a job which the session ends.

    In background mode, timers never run, so the job is waited for.

    :param words: the report while the job is running.
    """
    # In a window, the report of the end is left to the session, and the operator ends here.
    if not bpy.app.background:
        operator.report({"INFO"}, words)
        return {"FINISHED"}
    session.wait(prop_id)
    report = session.reports.pop(prop_id)
    operator.report({report.level}, report.text)
    return {"FINISHED"} if report.level == "INFO" else {"CANCELLED"}
