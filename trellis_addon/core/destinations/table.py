# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the destinations: those that come with the product, and a studio's or an artist's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ..errors import InputError, InvalidRequestError
from ..generation.finishing import Finishing
from ..generation.finishing_settings import FINISHING_SETTINGS
from ..generation.readiness import USES
from ..text import shorten
from .destination import Destination, Export
from .names import check_patterns

OWN_TABLES: Final = "destinations"
"""The folder in a library with a studio's own ``.toml`` files."""


_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@cache
def built_in() -> Mapping[str, Destination]:
    """The destinations that come with the product, by their ids, in the table's order."""
    return MappingProxyType(read_table(Path(__file__).with_name("destinations.toml")))


def destinations(library: Path) -> Mapping[str, Destination]:
    """The built-in destinations, and those of the library's folder :data:`OWN_TABLES`.

    :raises InputError: a file of that folder is no such table.
    """
    found = dict(built_in())
    for path in sorted((library / OWN_TABLES).glob("*.toml")):
        found |= read_table(path)
    return MappingProxyType(found)


def destination(name: str, library: Path) -> Destination:
    """One destination. :raises InputError: there is none of that name."""
    return _known(name, destinations(library))


def _known(name: str, known: Mapping[str, Destination]) -> Destination:
    if name not in known:
        told = shorten(name, 40)
        raise InputError(f"There is no destination {told}", f"Choose from {', '.join(known)}")
    return known[name]


def chosen(text: str, known: Mapping[str, Destination]) -> tuple[Destination, ...]:
    """The destinations that a text names, separated by commas or spaces, each once.

    :raises InputError: it names none, or an unknown one.
    """
    names = dict.fromkeys(name for name in re.split(r"[\s,;|]+", text.lower()) if name)
    if not names:
        raise InputError("No destination is named", f"Choose from {', '.join(known)}")
    return tuple(_known(name, known) for name in names)


def read_table(path: Path) -> dict[str, Destination]:
    """Read one file. :raises InputError: it cannot be read, or has a wrong name or value."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"The destinations in {path.name} cannot be read", "Correct the file", detail=str(error)
        ) from error
    return {name: _destination(name, values, path.name) for name, values in tables.items()}


def _destination(name: str, values: Any, file: str) -> Destination:
    where = f"{file}, {name}"
    # The name becomes a folder, and a word of a list on the command line.
    if not _ID.fullmatch(name):
        raise InputError(f"{where}: a name has lower-case letters, digits, dashes and underscores")
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: it is no table")
    known = {"label", "description", "use", "finishing", "export"}
    if unknown := sorted(values.keys() - known):
        raise InputError(f"{where}: there is no setting {unknown[0]}")
    finishing = values.get("finishing", {})
    if unknown := sorted(finishing.keys() - FINISHING_SETTINGS.keys()):
        raise InputError(f"{where}: there is no finishing setting {unknown[0]}")
    use = str(values.get("use", "render"))
    if use not in USES:
        raise InputError(f"{where}: there is no use {use}", f"Choose from {', '.join(USES)}")
    made = Destination(
        id=name,
        label=str(values.get("label", name)),
        description=str(values.get("description", "")),
        use=use,
        finishing=MappingProxyType(dict(finishing)),
        export=Export.from_dict(values.get("export", {}), where),
    )
    check_patterns(made.export, where)
    try:
        made.finished(Finishing())
    except InvalidRequestError as error:
        facts = error.facts
        raise InputError(f"{where}: {facts.message}", facts.step) from error
    return made
