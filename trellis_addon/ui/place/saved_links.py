# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets saved files name the full files of props, of which the open file links the light ones."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent


@persistent  # type: ignore[untyped-decorator]
def name_full_files(*_of_the_file: Any) -> None:
    """Before a file is saved. ``scene.link.light_links`` knows this handler by its name."""
    from ...scene.link.light_links import name_full
    from ...scene.link.own_copies import complete_copies

    try:
        if complete_copies():
            from ...scene.place.undo_steps import undo_step

            undo_step("Full Meshes")
    finally:  # the file is saved in any case
        name_full()


@persistent  # type: ignore[untyped-decorator]
def name_light_files(*_of_the_file: Any) -> None:
    """After a file was saved, or could not be saved."""
    from ...scene.link.light_links import name_light

    name_light()


@persistent  # type: ignore[untyped-decorator]
def replace_unusable_files(*_of_the_file: Any) -> None:
    """After a file was opened."""
    if len(bpy.data.libraries):
        from ...scene.link.renewing import replace_unusable

        replace_unusable()


def _handlers() -> list[tuple[list[Any], Any]]:
    of = bpy.app.handlers
    return [
        (of.save_pre, name_full_files),
        (of.save_post, name_light_files),
        (of.save_post_fail, name_light_files),
        (of.load_post, replace_unusable_files),
    ]


def register() -> None:
    """Add the handlers."""
    for handlers, own in _handlers():
        handlers.append(own)


def unregister() -> None:
    """Remove the handlers. What is linked stays as it is."""
    for handlers, own in _handlers():
        if own in handlers:
            handlers.remove(own)
