# SPDX-License-Identifier: GPL-3.0-or-later
"""Who this product is: its id in Blender, its version, the name it gives to servers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

PRODUCT: Final = "Trellis Props"
"""The name that people read."""

MODEL: Final = "microsoft/trellis"
"""The gateway's id of the model that this product was made for."""

ADDON_ID: Final = (__package__ or "").removesuffix(".core").removesuffix(".trellis_addon")
"""The root package, under which Blender keeps the preferences.

``bl_ext.user_default.trellis`` as an installed extension; ``trellis_addon`` where the package
is imported by itself (tests, ``python -m trellis_addon``): there are no preferences then.
"""

ROOT: Final = Path(__file__).resolve().parents[2]
"""The folder with ``blender_manifest.toml``: the extension's, or the checkout."""


@cache
def version() -> str:
    """The version, from the manifest: the one place where it stands."""
    import tomllib  # here, for the sake of Blender's start-up

    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    return str(manifest["version"])


def user_agent() -> str:
    """The ``User-Agent`` of every request (RFC 9110, section 10.1.5)."""
    return f"trellis-props-blender/{version()}"
