# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis doctor``: tests what works, with one verdict per line, free of charge."""

from __future__ import annotations

import argparse
import platform

import bpy

from ...core.account import Check
from ...core.cancel import CancelToken
from ...core.identity import version
from ...core.settings import Settings
from ...engine.health_check import examine
from ...library.folder_check import look_at
from ..config.show import check_config
from ..console.exit_codes import BAD_INPUT, DONE, exit_code
from ..console.options import settings_of
from ..console.output import Output
from ..contract.library_events import CheckEvent


class _Report:
    def __init__(self, output: Output) -> None:
        self.output = output
        self.code = DONE

    def tell(self, check: Check, code: int | None = None) -> None:
        """Print one line: ``ok``, ``note`` or ``fault``.

        :param code: the exit code for a fault; None for that of its error.
        """
        text = check.text
        if check.verdict == "fault" and check.error:
            own = exit_code(check.error.kind) if code is None else code
            self.code = self.code or own
            text = check.error.command_sentence
        self.output.json(CheckEvent(name=check.name, verdict=check.verdict, text=text))
        self.output.say(f"{check.verdict:6}{check.name:16}{text}")


def doctor(options: argparse.Namespace, output: Output) -> int:
    """Run the command: 0 if a generation should work, else the exit code of the first fault."""
    settings = settings_of(options)
    report = _Report(output)
    report.tell(Check("versions", "ok", versions()))
    # A library that cannot be used is one that was named wrong.
    report.tell(_library(settings), BAD_INPUT)
    report.tell(
        Check(
            "online access",
            "ok" if settings.online_access else "note",
            "allowed"
            if settings.online_access
            else "off; a gateway on this machine works all the same",
        )
    )
    for check in check_config(options):
        report.tell(check)
    for fact in examine(settings, options.model, CancelToken(), thorough=True):
        if isinstance(fact, Check):
            report.tell(fact)
    return report.code


def versions() -> str:
    """The versions of the product, Blender and Python, and the operating system."""
    blender = ".".join(map(str, bpy.app.version))
    return (
        f"Trellis Props {version()}, Blender {blender}, Python {platform.python_version()}, "
        f"{platform.system()}"
    )


def _library(settings: Settings) -> Check:
    facts = look_at(settings.library)
    if facts.problem:
        return Check("library", "fault", facts.problem.command_sentence, facts.problem)
    return Check("library", "ok", str(settings.library))
