# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses a command line, in which options that are not given have a value from elsewhere.

An option has priority over its variable (``TRELLIS_JOBS``), this over the command's table in
``trellis.toml``, that over the common table, and that over the default. What is not given becomes
words of the command line, so that the parser checks all values in the same way.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..console.usage import Parser, nearest
from ..console.writable_places import STANDARD_INPUT
from .config_file import COMMON, NAME, Tables, read_tables
from .option import PREFIX, ConfigError, Option, options_of

OTHER_VARIABLES: Final = frozenset({"TRELLIS_PICTURE_SAMPLES"})
"""Variables that are no option of any command."""
_OF_A_PROP: Final = "TRELLIS_PROP_"
"""How the variables begin that the command of ``--exec`` has, which may be this program again."""
CONFIG_VARIABLE: Final = "TRELLIS_CONFIG"


@dataclass(frozen=True)
class Source:
    """Where the value of an option comes from."""

    name: str
    value: Any
    """None if there is none."""
    source: str
    """``option``, a variable, the file with its table, or ``default``."""


def parse(
    make: Callable[[], Parser],
    argv: Sequence[str],
    environment: Mapping[str, str] = os.environ,
    here: Path | None = None,
) -> argparse.Namespace:
    """Parse a command line. The result has the source of each value as ``sources``, and the
    variables that no command knows as ``unknown_variables``.

    :param make: makes the parser.
    :param here: the folder that is searched where there is no list; None: the current one.
    :raises UsageError: an option, a variable or the file is wrong.
    :raises SystemExit: ``--help``, which is printed.
    """
    real, probe = make(), make()
    probe.keep_only_given()
    try:
        given = vars(probe.parse(argv))
    except SystemExit:
        real.parse(argv)  # prints the help, with all that is required
        raise
    command = given.get("command")
    if command is None:
        return real.parse(argv)
    names = {name: options_of(each) for name, each in real.commands.items()}
    before = options_of(real)
    options = {**before, **names[command]}
    layers = _Layers(given, environment)
    layers.from_variables(options.values())
    file = _file(given, environment, here or Path())
    if file is not None:
        known = {name: [*before, *each] for name, each in names.items()}
        layers.from_file(file, read_tables(file, known), command, options)
    at = next(i for i, word in enumerate(argv) if not word.startswith("-"))
    own = [word for name, word in layers.words if name not in before]
    general = [word for name, word in layers.words if name in before]
    parsed = real.parse([*argv[:at], *general, argv[at], *own, *argv[at + 1 :]])
    parsed.sources = tuple(layers.sources(options.values(), parsed))
    parsed.unknown_variables = tuple(_unknown(environment, {**before, **_all(names)}))
    return parsed


@dataclass
class _Layers:
    """The values from elsewhere, the highest priority first."""

    given: Mapping[str, Any]
    environment: Mapping[str, str]
    words: list[tuple[str, str]] = field(default_factory=list)
    """The name of an option and a word, for each word."""
    found: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """The value and the source of each option that has one from elsewhere."""
    _taken: set[str] = field(default_factory=set)
    """The names under which argparse stores what the layers so far have."""
    _new: set[str] = field(default_factory=set)

    def from_variables(self, options: Iterable[Option]) -> None:
        """Take what the environment has. Empty variables say nothing."""
        for option in options:
            text = self.environment.get(option.variable, "")
            if text.strip() and option.name != "config" and self._is_free(option):
                self._take(option, option.words_from_variable(text), text, option.variable)
        self._settle()

    def from_file(
        self, file: Path, tables: Tables, command: str, options: Mapping[str, Option]
    ) -> None:
        """Take what the file has for the command, and then for all commands."""
        for table in (command, COMMON):
            for name, value in tables.get(table, {}).items():
                # The common table may have options that only other commands have.
                option = options.get(name)
                if option is None or not self._is_free(option):
                    continue
                where = f"{file}, [{table}] {name}"
                words = option.words_from_file(where, value, file.parent)
                self._take(option, words, value, f"{file} [{table}]")
            self._settle()

    def _is_free(self, option: Option) -> bool:
        """Whether no source of a higher priority has the option, or one that excludes it."""
        dests = {option.action.dest, *option.excludes}
        return not any(dest in self.given or dest in self._taken for dest in dests)

    def _take(self, option: Option, words: Sequence[str], value: Any, source: str) -> None:
        self.words += [(option.name, word) for word in words]
        self.found[option.name] = (value, source)
        self._new.add(option.action.dest)

    def _settle(self) -> None:
        """End a layer: those below cannot replace what it has. Options of one layer that exclude
        each other are refused by the parser.
        """
        self._taken |= self._new

    def sources(self, options: Iterable[Option], parsed: argparse.Namespace) -> Iterator[Source]:
        """The source of each option's value."""
        for option in options:
            if option.name in self.found:
                yield Source(option.name, *self.found[option.name])
            elif option.action.dest in self.given and option.is_set_in(parsed):
                yield Source(option.name, getattr(parsed, option.action.dest), "option")
            else:
                yield Source(option.name, option.action.default, "default")


def _file(given: Mapping[str, Any], environment: Mapping[str, str], here: Path) -> Path | None:
    """The configuration file: the one that is named, or the one beside the list, if there is one.

    :raises ConfigError: a file that is named does not exist.
    """
    named = given.get("config") or environment.get(CONFIG_VARIABLE, "").strip()
    if named:
        if not Path(named).is_file():
            raise ConfigError(str(named), "there is no such file", "Change --config")
        return Path(named)
    listed = given.get("file")
    beside = here if listed is None or str(listed) == STANDARD_INPUT else Path(listed).parent
    return beside / NAME if (beside / NAME).is_file() else None


def _all(names: Mapping[str, Mapping[str, Option]]) -> dict[str, Option]:
    return {name: option for each in names.values() for name, option in each.items()}


def _unknown(environment: Mapping[str, str], options: Mapping[str, Option]) -> Iterator[str]:
    """A sentence for each variable that looks like an option's, and is none."""
    known = OTHER_VARIABLES | {option.variable for option in options.values()}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known and not name.startswith(_OF_A_PROP):
            yield f"{name} is no option{nearest(name, known)}"
