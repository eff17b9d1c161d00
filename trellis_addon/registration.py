# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is made known to Blender, in one ordered tuple; taken back in reverse."""

from __future__ import annotations

from typing import Final

from .headless import command
from .ui import (
    account,
    account_ops,
    defaults,
    diagnostics,
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
    keymap,
    library_ops,
    menus,
    model_ops,
    model_panel,
    model_settings,
    operators,
    overlay,
    panels,
    place_menus,
    place_ops,
    placeholder,
    placing_panel,
    preferences_page,
    presets,
    prompt_panel,
    prop_ops,
    properties,
    reference_panel,
    session,
    surface_op,
    translations,
)

PARTS: Final = (
    translations,
    preferences_page,
    diagnostics,
    account,
    model_settings,
    finishing_group,
    properties,
    placeholder,
    session,
    operators,
    jobs_ops,
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
    place_menus,
    gallery_prop_ops,
    finish_ops,
    keymap,
    command,
)


def register() -> None:
    """Called by Blender when the extension is enabled. Imports no library, opens no socket."""
    for part in PARTS:
        part.register()


def unregister() -> None:
    """Called when it is disabled, and when Blender quits."""
    for part in reversed(PARTS):
        part.unregister()
