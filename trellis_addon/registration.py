# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers everything with Blender, from one ordered tuple, and unregisters it in reverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .headless import blender_command
from .ui.common import take_back
from .ui.common.class_registration import run_all
from .ui.gallery import (
    browse_ops,
    export_ops,
    finish_for_ops,
    finish_ops,
    menus,
    prop_panels,
    reuse_ops,
    shot_ops,
)
from .ui.generate import (
    cut_out_ops,
    generate_ops,
    import_ops,
    main_panel,
    model_ops,
    prompt_panel,
    reference_panel,
    settings_panels,
    show_placed,
    word_menus,
)
from .ui.job_list import job_ops, jobs_panel
from .ui.pictures import choose_ops, picture_ops, picture_panel, plain_background_op
from .ui.place import (
    generate_on_surface,
    library_ops,
    place_ops,
    prop_ops,
    saved_links,
    surface_modal,
)
from .ui.settings import (
    finishing_properties,
    model_properties,
    picture_properties,
    preferences_backup,
    presets,
    properties,
    startup_defaults,
)
from .ui.setup import keymap, preferences_page, setup_ops
from .ui.translation import translations

PARTS: Final = (
    translations,
    preferences_page,
    preferences_backup,
    model_properties,
    finishing_properties,
    picture_properties,
    properties,
    generate_ops,
    picture_ops,
    plain_background_op,
    choose_ops,
    job_ops,
    show_placed,
    setup_ops,
    model_ops,
    surface_modal,
    generate_on_surface,
    place_ops,
    prop_ops,
    library_ops,
    saved_links,
    presets,
    startup_defaults,
    word_menus,
    cut_out_ops,
    prompt_panel,
    picture_panel,
    main_panel,
    reference_panel,
    settings_panels,
    jobs_panel,
    import_ops,
    browse_ops,
    export_ops,
    shot_ops,
    prop_panels,
    menus,
    reuse_ops,
    finish_ops,
    finish_for_ops,
    keymap,
    blender_command,
    # Last, so that the jobs end before anything that they show or call is unregistered.
    take_back,
)


def register() -> None:
    """Register all parts; Blender calls this when the extension is enabled. This imports no bundled
    library and opens no socket.

    If a part fails, nothing stays registered, so that the extension can be enabled again.
    """
    for number, part in enumerate(PARTS):
        try:
            part.register()
        except BaseException:
            # The failed part is included, as it may have registered something before it failed.
            _take_back(PARTS[: number + 1])
            raise


def unregister() -> None:
    """Unregister all parts, even if some of them fail; Blender calls this when the extension is
    disabled, and when Blender quits.
    """
    # Anything left registered makes the bpy module of 4.2 crash at exit, and that of 4.5 hang.
    _take_back(PARTS)


def _take_back(parts: Sequence[Any]) -> None:
    run_all(part.unregister for part in reversed(parts))
