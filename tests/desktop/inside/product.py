# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed extension as seen from inside Blender: its session, preferences and prompt."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from support import bpy_context
from window import Steps

MODULE = "bl_ext.user_default.trellis"


def options() -> argparse.Namespace:
    """What the test passes behind `--`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--gateway", default="")
    return parser.parse_args(sys.argv[sys.argv.index("--") + 1 :])


def part(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{MODULE}.trellis_addon.{name}")


def session() -> Any:
    """The owner of the running jobs."""
    return part("ui.jobs.session").Session.get()


def preferences() -> Any:
    """The extension's own preferences."""
    return bpy_context.preferences().addons[MODULE].preferences


def obstacle() -> str:
    """The kind of what stands in the way of a generation, or nothing."""
    missing = part("ui.generate.generate_ops").obstacle_now()
    return str(missing.facts.kind) if missing else ""


def load_libraries() -> Steps:
    """Wait for what a click before the panel was drawn would wait for, so that a click begins its
    job at once.
    """
    preload = part("ui.jobs.preload").Preload.get()
    preload.start()
    yield lambda: preload.is_done


def quiet() -> None:
    """No start-up picture and no question at the end; the profile is a throw-away one."""
    view = bpy_context.preferences().view
    view.show_splash = False
    view.use_save_prompt = False
