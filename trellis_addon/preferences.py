# SPDX-License-Identifier: GPL-3.0-or-later
"""Key, gateway and library folder: Blender's preferences and the environment -> ``Settings``.

The environment wins, as in the gateway's own command line. Nothing of this is ever written into
a .blend: preferences belong to the user, not to the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import bpy

from .core.identity import ADDON_ID
from .core.secret import Secret
from .core.settings import DEFAULT_BASE_URL, GatewaySettings, Settings

KEY_VARIABLE: Final = "AIGATEWAY_API_KEY"
URL_VARIABLE: Final = "AIGATEWAY_BASE_URL"
LIBRARY_VARIABLE: Final = "TRELLIS_LIBRARY"


class TrellisPreferences(bpy.types.AddonPreferences):
    """The extension's page in Preferences > Add-ons."""

    bl_idname = ADDON_ID

    api_key: bpy.props.StringProperty(
        name="API Key",
        description="Your AIgateway key; it begins with sk-aig- and is sent to the gateway only. "
        "Blender keeps it in its preferences file in clear text",
        subtype="PASSWORD",
    )
    base_url: bpy.props.StringProperty(
        name="Gateway URL",
        description="The gateway's address, with or without /v1. Any OpenAI-compatible gateway "
        "that serves a 3D model works",
        default=DEFAULT_BASE_URL,
    )
    library: bpy.props.StringProperty(
        name="Library Folder",
        description="Where generated props are kept, one folder each. Empty: a Trellis folder "
        "beside Blender's own user asset library",
        subtype="DIR_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Three fields, and what the environment overrides."""
        column = self.layout.column()
        column.use_property_split = True
        for name, variable in (
            ("api_key", KEY_VARIABLE),
            ("base_url", URL_VARIABLE),
            ("library", LIBRARY_VARIABLE),
        ):
            column.prop(self, name)
            if os.environ.get(variable):
                column.label(
                    text=f"The environment variable {variable} is used instead", icon="INFO"
                )
        if not self.library:
            column.label(text=f"Now: {default_library()}", icon="FILE_FOLDER")


def stored() -> TrellisPreferences | None:
    """The extension's preferences; None where it runs without being installed."""
    addon = bpy.context.preferences.addons.get(ADDON_ID)
    return addon.preferences if addon else None


def default_library() -> Path:
    """A ``Trellis`` folder beside Blender's own user asset library.

    Never inside the extension's folder, which an uninstall deletes.
    """
    for library in bpy.context.preferences.filepaths.asset_libraries:
        path = Path(library.path)
        if library.path and path.name == "Assets" and path.parent.name == "Blender":
            return path.parent / "Trellis"
    return Path.home() / "Documents" / "Blender" / "Trellis"


def read_settings(
    environment: Mapping[str, str] = os.environ,
    *,
    base_url: str | None = None,
    library: Path | None = None,
    online: bool = False,
) -> Settings:
    """Plain values for the other rooms. Main thread only.

    :param base_url: from the command line, before everything else.
    :param library: likewise.
    :param online: consent given on the command line, where there are no preferences to ask.
    """
    own = stored()
    key = environment.get(KEY_VARIABLE, "").strip() or (own.api_key if own else "")
    url = base_url or environment.get(URL_VARIABLE, "").strip() or (own.base_url if own else "")
    folder = environment.get(LIBRARY_VARIABLE, "").strip() or (own.library if own else "")
    return Settings(
        gateway=GatewaySettings(base_url=url or DEFAULT_BASE_URL, key=Secret(key)),
        library=library or (Path(bpy.path.abspath(folder)) if folder else default_library()),
        online_access=online or bpy.app.online_access,
        online_locked=bpy.app.online_access_override and not bpy.app.online_access,
    )


def register() -> None:
    """Make the preferences known."""
    bpy.utils.register_class(TrellisPreferences)


def unregister() -> None:
    """Take them back."""
    bpy.utils.unregister_class(TrellisPreferences)
