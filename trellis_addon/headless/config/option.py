# SPDX-License-Identifier: GPL-3.0-or-later
"""An option of a command as a setting with a name, and its value as words of a command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...core.generation.views import VIEWS
from ..console.usage import Parser, UsageError

PREFIX: Final = "TRELLIS_"
NOT_SETTINGS: Final = frozenset({"help", "version", "show-config"})
"""Options that ask for something else than the command's own work."""

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})
_PLACES: Final = ("FILE", "DIR", "PATH")
"""How the metavars of files and folders begin."""
_VIEW: Final = f"(?:{'|'.join(VIEWS)})="
_IMAGE: Final = "image"
"""The option whose values may begin with a view: ``back=back.png``."""


class ConfigError(UsageError):
    """A value of the environment or of ``trellis.toml`` cannot be used.

    :param where: the variable, or the file with table and key.
    """

    def __init__(self, where: str, reason: str, next_step: str = "Correct it") -> None:
        super().__init__(where, reason)
        self.args = (f"{where}: {reason}. {next_step}",)


@dataclass(frozen=True)
class Option:
    """One option of a command."""

    name: str
    """Without the dashes, as in ``trellis.toml``: ``max-cost``."""
    action: argparse.Action
    excludes: frozenset[str]
    """The names under which argparse stores the options that cannot be given with it."""
    parser: Parser

    @property
    def variable(self) -> str:
        """The variable of the environment, such as ``TRELLIS_MAX_COST``."""
        return PREFIX + self.name.replace("-", "_").upper()

    @property
    def is_flag(self) -> bool:
        """Whether its value is yes or no."""
        return self.action.nargs == 0

    @property
    def is_repeated(self) -> bool:
        """Whether it may be given more than once, each time with another value."""
        return isinstance(self.action, argparse._AppendAction)  # noqa: SLF001  (it has no other name)

    @property
    def is_place(self) -> bool:
        """Whether its value is a file or a folder."""
        return self.action.type is Path or str(self.action.metavar).startswith(_PLACES)

    def is_set_in(self, parsed: argparse.Namespace) -> bool:
        """Whether the value under its name is its own: ``--link`` and ``--append`` share one."""
        stored = getattr(parsed, self.action.dest)
        has_own = self.action.const is None or self.action.nargs == argparse.OPTIONAL
        return has_own or stored == self.action.const

    def words_from_variable(self, text: str) -> list[str]:
        """The words for the text of a variable, in which commas divide repeated values.

        :raises ConfigError: the command would refuse it.
        """
        if self.is_flag:
            if text.strip().lower() not in _YES | _NO:
                raise ConfigError(self.variable, f"{text!r} is neither 1 nor 0")
            return self._flag(on=text.strip().lower() in _YES)
        # An image's name, and each data URI, may have commas.
        comma = f",(?={_VIEW})" if self.name == _IMAGE else ","
        values = re.split(comma, text) if self.is_repeated else [text]
        return list(self._words(self.variable, values, None))

    def words_from_file(self, where: str, value: Any, folder: Path) -> list[str]:
        """The words for a value of ``trellis.toml``.

        :param where: the file with table and key, for the error.
        :param folder: the file's folder, from which relative places count.
        :raises ConfigError: it is of another type, or the command would refuse it.
        """
        if self.is_flag:
            if not isinstance(value, bool):
                raise ConfigError(where, "it must be true or false")
            return self._flag(on=value)
        values = value if isinstance(value, list) else [value]
        if any(isinstance(v, bool) or not isinstance(v, str | int | float) for v in values):
            raise ConfigError(where, "it must be a number or a text, or a list of them")
        texts = [str(each) for each in values]
        return list(self._words(where, texts if self.is_repeated else [",".join(texts)], folder))

    def _flag(self, *, on: bool) -> list[str]:
        strings = self.action.option_strings
        if isinstance(self.action, argparse.BooleanOptionalAction):
            return [next(s for s in strings if s.startswith("--no-") is not on)]
        return [f"--{self.name}"] if on else []

    def _words(self, where: str, texts: Sequence[str], folder: Path | None) -> Iterator[str]:
        for text in texts:
            place = self._place(text, folder) if self.is_place else text
            reason = self.parser.why_not(self.action, place)
            if reason:
                raise ConfigError(where, reason)
            yield f"--{self.name}={place}"

    def _place(self, text: str, folder: Path | None) -> str:
        if self.name == _IMAGE and (view := re.match(_VIEW, text)):
            return view[0] + self._place(text[view.end() :], folder)
        if text == "-" or "://" in text or text.startswith("data:"):
            return text
        path = Path(text).expanduser()
        return str(folder / path if folder else path)


def options_of(parser: Parser) -> dict[str, Option]:
    """The options of a command, or those before it, by their names."""
    found = {}
    for action in parser.options():
        name = next((s[2:] for s in action.option_strings if s.startswith("--")), "")
        if name and name not in NOT_SETTINGS and action.dest not in parser.filters:
            found[name] = Option(name, action, parser.excluded_by(action), parser)
    return found
