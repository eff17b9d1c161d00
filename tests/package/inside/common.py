# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared by the scripts in this folder, where only bpy and the standard library are in reach."""

import json
import sys
import threading
from typing import Any

import bpy

# isort: split
# Blender's own modules are importable once bpy is.
import addon_utils

MODULE = "bl_ext.user_default.trellis"
# Packages whose import would slow down every start of Blender.
HEAVY = ("httpx", "httpcore", "anyio", "psutil", "pydantic", "pydantic_core", "numpy", "tqdm")
# Bundled packages that no Blender brings itself, so that they can only come out of the zip.
BUNDLED = (
    "annotated_types",
    "anyio",
    "h11",
    "httpcore",
    "httpx",
    "psutil",
    "pydantic",
    "pydantic_core",
    "tqdm",
    "truststore",
    "typing_inspection",
)


def preferences() -> bpy.types.Preferences:
    """Blender's preferences, which a running Blender has."""
    found = bpy.context.preferences
    assert found is not None
    return found


def answer(**facts: Any) -> None:
    """Print the facts as the last JSON line."""
    print()
    print(json.dumps(facts), flush=True)


def verdict() -> list[bool]:
    """Blender's word on the extension: enabled by default, and loaded."""
    state: Any = addon_utils.check(MODULE)
    return list(state)


def enable() -> list[bool]:
    """Enable the extension and return the verdict."""
    addon_utils.enable(MODULE, default_set=True)
    return verdict()


def heavy_among(names: set[str]) -> list[str]:
    """Which of these module names belong to a heavy package."""
    return sorted(name for name in names if name.split(".")[0] in HEAVY)


def origins() -> dict[str, str]:
    """Import every bundled package; its name to the file it came from, or to the error."""
    found = {}
    for name in BUNDLED:
        try:
            found[name] = str(__import__(name).__file__)
        except ImportError as error:
            found[name] = f"not importable: {error}"
    return found


def registered() -> dict[str, list[str]]:
    """Everything in Blender that an add-on can leave behind and that can be listed."""
    handlers = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)}
    return {
        "types": sorted(dir(bpy.types)),
        "operators": sorted(f"{m}.{o}" for m in dir(bpy.ops) for o in dir(getattr(bpy.ops, m))),
        "scene": sorted(bpy.types.Scene.bl_rna.properties.keys()),
        "window manager": sorted(bpy.types.WindowManager.bl_rna.properties.keys()),
        "handlers": sorted(
            f"{name}: {function.__module__}"
            for name, functions in handlers.items()
            if isinstance(functions, list)
            for function in functions
        ),
        "menu entries": sorted(
            f"{name}: {function.__module__}"
            for name in dir(bpy.types)
            for function in getattr(
                getattr(getattr(bpy.types, name), "draw", None), "_draw_funcs", ()
            )
            if not function.__module__.startswith("bl_ui.")  # the menu's own drawing stays listed
        ),
        "asset libraries": sorted(
            library.name for library in preferences().filepaths.asset_libraries
        ),
        "threads": thread_names(),
    }


def thread_names() -> list[str]:
    """Names of the Python threads that are running."""
    return sorted(thread.name for thread in threading.enumerate())


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is there after that was not there before."""
    return {key: added for key in after if (added := sorted(set(after[key]) - set(before[key])))}


def module_names() -> set[str]:
    """Names of all modules imported so far."""
    return set(sys.modules)
