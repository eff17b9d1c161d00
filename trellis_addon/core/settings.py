# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain values of the preferences, for rooms and threads that may not touch bpy."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .secret import Secret

DEFAULT_BASE_URL: Final = "https://api.aigateway.sh"


@dataclass(frozen=True)
class GatewaySettings:
    """How the gateway is reached. ``base_url`` is as the user wrote it."""

    base_url: str = DEFAULT_BASE_URL
    key: Secret = field(default_factory=lambda: Secret(""))
    limit_seconds: float = 900.0
    """The longest that one generation may take, all polls included."""


@dataclass(frozen=True)
class Settings:
    """Everything that both entrances read from preferences, options and environment."""

    gateway: GatewaySettings
    library: Path
    online_access: bool = False
    """Blender's Allow Online Access, read on the main thread."""
    online_locked: bool = False
    """True when the command line (--offline-mode) forbids to change it."""
