# SPDX-License-Identifier: GPL-3.0-or-later
"""``trellis doctor``: what works and what does not, a verdict per line. Pays for nothing."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import bpy

from ..core.cancel import CancelToken
from ..core.errors import TrellisError
from ..core.identity import version
from ..core.settings import Settings
from ..core.text import shorten
from ..engine.consent import obstacle
from ..gateway.catalogue import Catalogue
from ..gateway.client import Gateway
from ..library.memory import DayMemory
from .exit_codes import DONE, exit_code
from .generate import settings_of
from .output import Output


class _Report:
    def __init__(self, output: Output) -> None:
        self.output = output
        self.code = DONE

    def line(self, name: str, verdict: str, text: str) -> None:
        """One line: ``ok``, ``note`` or ``fault``."""
        self.output.json(event="check", name=name, verdict=verdict, text=text)
        self.output.say(f"{verdict:6}{name:16}{text}")

    def fault(self, name: str, error: TrellisError) -> None:
        self.line(name, "fault", error.facts.sentence)
        self.code = self.code or exit_code(error.kind)

    def ask(self, name: str, question: Callable[[], str], *, needed: bool = True) -> None:
        """Run a question; what is not needed for a generation is only a note when it fails."""
        try:
            self.line(name, "ok", question())
        except TrellisError as error:
            if needed:
                self.fault(name, error)
            else:
                self.line(name, "note", f"not told: {error.facts.message}")


def doctor(options: argparse.Namespace, output: Output) -> int:
    """Run the command: 0 when a generation can be expected to work, else the fault's code."""
    settings = settings_of(options)
    report = _Report(output)
    blender = ".".join(map(str, bpy.app.version))
    report.line(
        "versions",
        "ok",
        f"Trellis Props {version()}, Blender {blender}, Python {platform.python_version()}, "
        f"{platform.system()}",
    )
    report.line("library", "ok", str(settings.library))
    report.line("online access", "ok" if settings.online_access else "note", _online(settings))
    if missing := obstacle(settings):
        report.fault("gateway", missing)
        return report.code
    _ask_gateway(settings, options.model, report)
    return report.code


def _online(settings: Settings) -> str:
    if settings.online_access:
        return "allowed"
    return "off; a gateway on this machine works all the same"


def _ask_gateway(settings: Settings, model: str, report: _Report) -> None:
    try:
        gateway = Gateway(settings.gateway, CancelToken())
    except TrellisError as error:
        report.fault("gateway", error)
        return
    catalogue = gateway.catalogue
    month = datetime.now(UTC).strftime("%Y-%m")
    try:
        report.line("gateway", "ok", gateway.address.base_url)
        report.ask("balance, key", lambda: _short(catalogue.balance()))
        report.ask("3D models", lambda: _models(catalogue, model), needed=False)
        report.ask(
            "endpoint",
            lambda: _endpoint(settings, catalogue.endpoint_of(model, DayMemory(settings.library))),
            needed=False,
        )
        report.ask("providers", lambda: _short(catalogue.health()), needed=False)
        report.ask("cost by tag", lambda: _costs(catalogue, month), needed=False)
    finally:
        gateway.close()


def _models(catalogue: Catalogue, model: str) -> str:
    names = [entry.id for entry in catalogue.models()]
    listed = "listed" if model in names else "NOT listed"
    return f"{model} is {listed} among {len(names)}: {shorten(', '.join(names), 160)}"


def _endpoint(settings: Settings, found: str) -> str:
    forced = settings.gateway.endpoint
    return f"{forced} (forced)" if forced != "auto" else f"the model's schema says: {found}"


def _costs(catalogue: Catalogue, month: str) -> str:
    rows = catalogue.usage_by_tag(month)
    told = ", ".join(f"{tag or 'no tag'} {cents:g} US cents" for tag, cents in rows)
    return f"{month}: {told or 'nothing yet'}"


def _short(document: Any) -> str:
    """The gateway documents no fields for these answers, so they are shown as they are."""
    return shorten(json.dumps(document, ensure_ascii=False), 240)
