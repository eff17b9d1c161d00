# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bug report needs, without secrets; and the product's own log with its last errors."""

from __future__ import annotations

import logging
import platform
import re
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import bpy

from ..core.identity import ADDON_ID, version
from ..core.secret import Secret
from ..preferences import apply_log_level, key_source, read_settings, stored

if TYPE_CHECKING:
    from ..core.settings import Settings
    from .account import Account

KEEPS: Final = 30
"""So many of the last warnings and errors are kept for a report."""

LIBRARIES: Final = ("httpx", "pydantic", "truststore", "numpy")

_KEY_LIKE: Final = re.compile(
    r"\b(?:sk|pk|key|nvapi|Bearer)[-_ ][A-Za-z0-9_.\-]{6,}", re.IGNORECASE
)
_PASSWORD: Final = re.compile(r"(://)[^/\s@]+@")
_QUERY: Final = re.compile(r"(https?://[^\s?]+)\?\S+")


class Journal(logging.Handler):
    """Keeps the last warnings and errors. One, made in ``register``."""

    current: ClassVar[Journal | None] = None

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: deque[str] = deque(maxlen=KEEPS)
        self.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Any thread may log; a deque takes that."""
        self.lines.append(self.format(record))


class Console(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard error, unless somebody has set up Python's logging as a whole."""

    current: ClassVar[Console | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("Trellis: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """What the root logger's handlers write is not written twice."""
        if not logging.getLogger().handlers:
            self.stream = sys.stderr  # Blender and tests put another one in its place
            super().emit(record)


def report_text(account: Account, model: str) -> str:
    """Versions, settings, the library's state and the last errors, one fact a line.

    The keys themselves, and whatever looks like one, stand nowhere in it; neither do prompts.
    """
    settings = read_settings()
    parts = [
        ("Versions", _versions()),
        ("Settings", _settings(settings, model)),
        ("Library", _library(settings, account)),
        ("Last connection test", [f"{c.verdict}: {c.name}: {c.text}" for c in account.checks]),
        ("Last errors", list(Journal.current.lines) if Journal.current else []),
    ]
    text = "\n\n".join(
        "\n".join((title, *(f"  {line}" for line in lines or ["none"]))) for title, lines in parts
    )
    return f"{without_secrets(text, settings)}\n"


def without_secrets(text: str, settings: Settings) -> str:
    """The text without keys, passwords, signed links and the user's own folder name."""
    for secret in (settings.gateway.key, *(key for _, key in settings.gateway.provider_keys)):
        text = secret.hide_in(text)
    # The field holds a key also while the environment's is used.
    own = stored()
    for hidden in (own.api_key, own.provider_keys, own.proxy) if own else ():
        text = Secret(hidden).hide_in(text)
    text = Secret(settings.gateway.proxy).hide_in(text)
    text = _PASSWORD.sub(r"\1***@", _QUERY.sub(r"\1?***", text))
    text = _KEY_LIKE.sub("***", text)
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _versions() -> list[str]:
    lines = [
        f"Trellis Props {version()} as {ADDON_ID}",
        f"Blender {bpy.app.version_string} ({bpy.app.build_platform.decode(errors='replace')})",
        f"Python {platform.python_version()} on {platform.platform()}",
    ]
    return lines + [f"{name} {_library_version(name)}" for name in LIBRARIES]


def _library_version(name: str) -> str:
    from importlib import metadata  # here, for the sake of Blender's start-up

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "is missing"


def _settings(settings: Settings, model: str) -> list[str]:
    gateway = settings.gateway
    providers = ", ".join(name for name, _ in gateway.provider_keys) or "none"
    access = "allowed" if settings.online_access else "off"
    limit = settings.daily_limit_cents
    return [
        f"gateway: {gateway.base_url}",
        f"key: from {key_source()}",
        f"model: {model}",
        f"endpoint: {gateway.endpoint}",
        f"online access: {access}{' (--offline-mode)' if settings.online_locked else ''}",
        f"time limit: {gateway.limit_seconds:g} s",
        f"jobs at once: {settings.jobs_at_once}",
        f"daily limit: {f'{limit:g} US cents' if limit else 'none'}",
        f"cost tag: {'set' if gateway.tag else 'none'}",
        f"proxy: {'set' if gateway.proxy else 'none'}",
        f"plain HTTP in private networks: {'allowed' if gateway.plain_http else 'off'}",
        f"certificates: {gateway.ca_file or 'the system alone'}",
        f"provider keys of: {providers}",
        f"log level: {logging.getLevelName(logging.getLogger(ADDON_ID).level)}",
    ]


def _library(settings: Settings, account: Account) -> list[str]:
    facts = account.library
    lines = [f"path: {settings.library}"]
    if facts is None or facts.path != settings.library:
        return [*lines, "not looked at yet"]
    state = facts.problem.sentence if facts.problem else "can be written"
    return [*lines, f"exists: {facts.exists}", f"state: {state}", f"props: {facts.props}"]


def register() -> None:
    """Listen to the product's own logger, at the level of the preferences."""
    logger = logging.getLogger(ADDON_ID)
    Journal.current, Console.current = Journal(), Console()
    logger.addHandler(Journal.current)
    logger.addHandler(Console.current)
    own = stored()
    apply_log_level(own.log_level if own else "WARNING")


def unregister() -> None:
    """Stop listening."""
    logger = logging.getLogger(ADDON_ID)
    for cls in (Console, Journal):
        if handler := cls.current:
            logger.removeHandler(handler)
            cls.current = None
    logger.setLevel(logging.NOTSET)
