# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a :class:`TrellisError` in an operator into a report in the user's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from ..translation.translations import sentence

Method = TypeVar("Method", bound=Callable[..., Any])


def reports_errors(method: Method) -> Method:
    """Decorate an operator's ``execute`` or ``invoke``, so that a :class:`TrellisError` is reported
    and cancels the operator.
    """

    # Blender counts the arguments of the functions that it registers, and refuses `*arguments`.
    def execute(self: Any, context: Any) -> Any:
        return _guarded(method, self, context)

    def invoke(self: Any, context: Any, event: Any) -> Any:
        return _guarded(method, self, context, event)

    return cast("Method", invoke if method.__code__.co_argcount == 3 else execute)


def _guarded(method: Callable[..., Any], operator: Any, *arguments: Any) -> Any:
    from ...core.errors import TrellisError
    from .log_handlers import attach

    attach()
    try:
        return method(operator, *arguments)
    except TrellisError as error:
        # If a script has called the operator, Blender raises this report as a RuntimeError.
        operator.report({"ERROR"}, sentence(error.facts))
        return {"CANCELLED"}
