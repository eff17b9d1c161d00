# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain values of the preferences, for rooms and threads that may not touch bpy."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .defaults import DEFAULT_BASE_URL, DEFAULT_JOBS, DEFAULT_LIMIT_SECONDS
from .secret import Secret

Endpoint = Literal["auto", "chat", "jobs"]


@dataclass(frozen=True)
class GatewaySettings:
    """How the gateway is reached. ``base_url`` is as the user wrote it."""

    base_url: str = DEFAULT_BASE_URL
    key: Secret = field(default_factory=lambda: Secret(""))
    limit_seconds: float = DEFAULT_LIMIT_SECONDS
    """The longest that one generation may take, all polls included."""
    endpoint: Endpoint = "auto"
    """``chat`` and ``jobs`` force one of the two; ``auto`` asks the gateway."""
    tag: str = ""
    """Sent as ``x-aig-tag``, by which the gateway groups costs; at most 64 characters."""
    proxy: str = field(default="", repr=False)
    """A proxy's URL, which may hold a password; empty: the environment's (HTTPS_PROXY)."""
    ca_file: str = ""
    """A file with further certificates to trust, PEM; empty: the operating system's alone."""
    plain_http: bool = False
    """The user's consent to http in a private network, through which the key goes in clear text."""
    provider_keys: tuple[tuple[str, Secret], ...] = ()
    """The user's own keys of providers behind the gateway, by provider (``x-byok-<provider>``)."""


@dataclass(frozen=True)
class Settings:
    """Everything that both entrances read from preferences, options and environment."""

    gateway: GatewaySettings
    library: Path
    online_access: bool = False
    """Blender's Allow Online Access, read on the main thread."""
    online_locked: bool = False
    """True when the command line (--offline-mode) forbids to change it."""
    daily_limit_cents: float = 0.0
    """What a day may cost at the most, in US cents; 0: no limit."""
    jobs_at_once: int = DEFAULT_JOBS
    """How many generations run at the same time; the rest waits."""
    export_folder: Path | None = None
    """Where the window exports for destinations; None: the prop's own folder."""
