# SPDX-License-Identifier: GPL-3.0-or-later
"""How a function becomes an answer shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from .ask import Ask

Shape = Callable[[Ask], Awaitable[Response]]


def collect(*functions: Shape) -> dict[str, Shape]:
    """The functions by their names."""
    return {getattr(function, "__name__", ""): function for function in functions}
