# SPDX-License-Identifier: GPL-3.0-or-later
"""What identifies this product: its id in Blender, its version, its ``User-Agent``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

PRODUCT: Final = "Trellis Props"
"""The name that users see."""

MODEL: Final = "microsoft/trellis"
"""The gateway's id of the model that this product was made for."""

ADDON_ID: Final = (__package__ or "").removesuffix(".core").removesuffix(".trellis_addon")
"""The root package, under which Blender stores the preferences.

``bl_ext.user_default.trellis`` as an installed extension; ``trellis_addon`` where the package is
imported by itself (tests, ``python -m trellis_addon``), in which case there are no preferences.
"""


@cache
def root() -> Path:
    """The folder with ``blender_manifest.toml``: the extension's, or the checkout."""
    return Path(__file__).resolve().parents[2]


@cache
def version() -> str:
    """The version, read from the manifest, which is the only place where it is written."""
    import tomllib  # here, so that Blender's start-up does not pay for it

    manifest = tomllib.loads((root() / "blender_manifest.toml").read_text(encoding="utf-8"))
    return str(manifest["version"])


def user_agent() -> str:
    """The ``User-Agent`` of every request (RFC 9110, section 10.1.5)."""
    # It names the product and nothing about the user's machine.
    return f"trellis-props-blender/{version()}"
