# SPDX-License-Identifier: GPL-3.0-or-later
"""A parser whose errors are one sentence, with the nearest right word, and end nothing."""

from __future__ import annotations

import argparse
import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn


class UsageError(Exception):
    """Reports bad options as an exception, as argparse would exit, and Blender with it."""

    def __init__(self, program: str, reason: str) -> None:
        end = "" if reason.endswith("?") else "."
        super().__init__(f"{program}: {reason}{end} See {program} --help")
        self.reason = reason


class Parser(argparse.ArgumentParser):
    """The parser of the command line, and of each of its commands."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.commands: Mapping[str, Parser] = {}
        """The parsers of its commands, by their names."""
        self.examples: Sequence[str] = ()
        """Whole command lines for the help."""
        self.filters: frozenset[str] = frozenset()
        """Under which names argparse stores what selects for once, which no variable or file sets:
        TRELLIS_MODEL is the model that makes props, and must not hide those of others in a list."""
        self._is_silent = False

    def error(self, message: str) -> NoReturn:
        """Raise the message instead of ending the process, and Blender with it."""
        raise UsageError(self.prog, message)

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Parse the arguments of a whole command line.

        :raises UsageError: there is a wrong one. :raises SystemExit: ``--help``, which is printed.
        """
        options, unknown = self.parse_known_args(argv)
        if unknown:
            command = self.commands.get(options.command or "", self)
            word = next((each for each in unknown if each.startswith("-")), unknown[0])
            name = word.partition("=")[0]
            known = re.findall(r"(?<![\w-])--[a-z][a-z-]*", command.format_help())
            command.error(f"there is no {name}{nearest(name, known)}")
        return options

    def options(self) -> list[argparse.Action]:
        """The options, without those of its commands."""
        return [action for action in self._actions if action.option_strings]

    def arguments(self) -> list[argparse.Action]:
        """The arguments without dashes, such as FILE."""
        return [action for action in self._actions if not action.option_strings]

    def excluded_by(self, action: argparse.Action) -> frozenset[str]:
        """The names under which the options are stored that cannot be given together with one."""
        for group in self._mutually_exclusive_groups:
            members = group._group_actions  # noqa: SLF001  (argparse tells it in no other way)
            if action in members:
                return frozenset(each.dest for each in members)
        return frozenset()

    def why_not(self, action: argparse.Action, text: str) -> str:
        """Why an option refuses a value, as at the command line; "" if it does not."""
        try:
            self._check_value(action, self._get_value(action, text))
        except argparse.ArgumentError as error:
            return error.message
        return ""

    def keep_only_given(self) -> None:
        """Have the result of parsing hold only what is given: no defaults, nothing required, and no
        printed help.
        """
        self._defaults.clear()
        for action in self.options():
            action.default, action.required = argparse.SUPPRESS, False
        for group in self._mutually_exclusive_groups:
            group.required = False
        self._is_silent = True
        for command in self.commands.values():
            command.keep_only_given()

    def format_help(self) -> str:
        """The help, with the examples at its end."""
        text = super().format_help()
        lines = "".join(f"  {example}\n" for example in self.examples)
        return f"{text}\nexamples:\n{lines}" if lines else text

    def print_help(self, file: Any = None) -> None:
        """Print the help, as argparse does at ``--help``."""
        if not self._is_silent:
            super().print_help(file)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is not among the choices. Called by argparse."""
        choices = list(action.choices) if action.choices is not None else [value]
        if value in choices:
            return
        if action.dest == "command":
            self.error(f"there is no command {value}{nearest(str(value), choices)}")
        known = ", ".join(map(str, choices))
        text = f"there is no {value}{nearest(str(value), map(str, choices))}; choose from {known}"
        raise argparse.ArgumentError(action, text)


def nearest(word: str, known: Iterable[str]) -> str:
    """The question after a wrong word, such as ``; did you mean generate?``, or ""."""
    found = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f"; did you mean {found[0]}?" if found else ""


def number(text: str) -> float:
    """The type of an option with a number. :raises ValueError: it is none, or not finite."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


# argparse names the type in its message: "invalid number value: 'nan'".
number.__name__ = "number"
