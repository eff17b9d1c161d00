# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is made known to Blender, in one ordered tuple; taken back in reverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .headless import command
from .ui import (
    account,
    account_ops,
    active_prop,
    arrivals,
    defaults,
    diagnostics,
    event_timers,
    export_ops,
    exports,
    finish_ops,
    finishing_group,
    finishing_panel,
    gallery,
    gallery_details,
    gallery_ops,
    gallery_panel,
    gallery_prop_ops,
    generate_on_surface,
    import_ops,
    jobs_ops,
    jobs_panel,
    kept_preferences,
    keymap,
    library_ops,
    menus,
    model_ops,
    model_panel,
    model_settings,
    operators,
    overlay,
    panels,
    place_ops,
    placeholder,
    placing_panel,
    preferences_page,
    presets,
    prompt_panel,
    prop_ops,
    properties,
    reference_panel,
    resuming,
    session,
    surface_op,
    translations,
)
from .ui.registering import run_all

PARTS: Final = (
    translations,
    preferences_page,
    kept_preferences,
    diagnostics,
    account,
    model_settings,
    finishing_group,
    properties,
    placeholder,
    event_timers,
    operators,
    jobs_ops,
    arrivals,
    resuming,
    account_ops,
    model_ops,
    overlay,
    surface_op,
    generate_on_surface,
    place_ops,
    prop_ops,
    library_ops,
    presets,
    defaults,
    prompt_panel,
    panels,
    reference_panel,
    model_panel,
    finishing_panel,
    placing_panel,
    jobs_panel,
    import_ops,
    gallery,
    exports,
    gallery_ops,
    export_ops,
    gallery_details,
    gallery_panel,
    menus,
    active_prop,
    gallery_prop_ops,
    finish_ops,
    keymap,
    command,
    # The last one: so the jobs end before anything that they show or call is taken back.
    session,
)


def register() -> None:
    """Called by Blender when the extension is enabled. Imports no library, opens no socket.

    When a part fails nothing stays registered, so that it can be enabled again.
    """
    for number, part in enumerate(PARTS):
        try:
            part.register()
        except BaseException:
            _take_back(PARTS[: number + 1])
            raise


def unregister() -> None:
    """Called when it is disabled, and when Blender quits. Every part is taken back, whatever
    becomes of the others.
    """
    _take_back(PARTS)


def _take_back(parts: Sequence[Any]) -> None:
    run_all(part.unregister for part in reversed(parts))
