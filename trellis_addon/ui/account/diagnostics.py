# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what a bug report needs, without secrets."""

from __future__ import annotations

import logging
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import bpy

from ...core.identity import ADDON_ID, version
from ...core.secret import Secret
from ...preferences import key_source, read_settings, stored
from ..common.log_handlers import Journal

if TYPE_CHECKING:
    from ...core.settings import Settings
    from .account import Account

LIBRARIES: Final = ("httpx", "pydantic", "truststore", "numpy")

_KEY_LIKE: Final = re.compile(
    r"\b(?:sk|pk|key|nvapi|Bearer)[-_ ][A-Za-z0-9_.\-]{6,}", re.IGNORECASE
)
_PASSWORD: Final = re.compile(r"(://)[^/\s@]+@")
_QUERY: Final = re.compile(r"(https?://[^\s?]+)\?\S+")


def report_text(account: Account, model: str) -> str:
    """Make a report with versions, settings, the library's state and the last errors.

    It contains no keys, nothing that looks like one, and no prompts.
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
    """Remove keys, passwords, the queries of links, and the name of the user's home folder."""
    for secret in (settings.gateway.key, *(key for _, key in settings.gateway.provider_keys)):
        text = secret.hide_in(text)
    # The preferences may have another key while that of the environment is used.
    own = stored()
    for hidden in (own.api_key, own.provider_keys, own.proxy) if own else ():
        text = Secret(hidden).hide_in(text)
    text = Secret(settings.gateway.proxy).hide_in(text)
    # Signed links have their signature in the query; exceptions may quote any URL.
    text = _PASSWORD.sub(r"\1***@", _QUERY.sub(r"\1?***", text))
    text = _KEY_LIKE.sub("***", text)
    # The home folder's path usually has the user's name.
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
    from importlib import metadata  # imported late, to keep Blender's start fast

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
