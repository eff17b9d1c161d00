# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads ``trellis.toml``: a table for each command, and one for all.

.. code-block:: toml

    [common]
    library = "props"

    [batch]
    jobs = 4
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from ..console.usage import nearest
from .option import ConfigError

NAME: Final = "trellis.toml"
COMMON: Final = "common"
"""The table for all commands; each takes from it what it has."""

ONLY_BY_HAND: Final = frozenset({"plain-http", "exec", "config"})
"""Options that the file may not hold, as it may have come with a list from someone else: they send
the key in clear text, or start a program."""

_MOST_BYTES: Final = 1 << 20
_KEY_NAME: Final = re.compile(r"(?:.*[_-])?api[_-]?key|key|.*byok.*", re.IGNORECASE)
_KEY: Final = re.compile(r"\bsk-aig-")

Tables = Mapping[str, Mapping[str, Any]]


def read_tables(path: Path, names: Mapping[str, Collection[str]]) -> Tables:
    """The tables of a file, with the names of options as on the command line.

    :param names: the names of each command's options.
    :raises ConfigError: the file cannot be read, has an unknown word, or has the API key in it.
    """
    document = _document(path)
    if _has_key(document):
        raise ConfigError(
            str(path), "the API key must not be in it", "Set AIGATEWAY_API_KEY instead"
        )
    known = {**names, COMMON: sorted({name for each in names.values() for name in each})}
    tables = {}
    for name, table in document.items():
        if not isinstance(table, dict):
            raise ConfigError(
                str(path), f"{name} is in no table", f"Put it below [{COMMON}] or [COMMAND]"
            )
        if name not in known:
            raise ConfigError(
                str(path), f"there is no command {name}{nearest(name, known)}", "Correct it"
            )
        tables[name] = {
            _known(f"{path}, [{name}]", key, known[name]): value for key, value in table.items()
        }
    return tables


def _known(where: str, key: str, names: Collection[str]) -> str:
    name = key.replace("_", "-")
    if name in ONLY_BY_HAND:
        raise ConfigError(
            where, f"{key} must not be in a file", f"Give --{name} at the command line"
        )
    if name not in names:
        raise ConfigError(where, f"there is no {key}{nearest(name, names)}")
    return name


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ConfigError(str(path), "it is larger than 1 MB")
        # Windows's Notepad writes a mark in front, which TOML does not have.
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(str(path), f"it cannot be read: {reason}") from error
    except (ValueError, RecursionError) as error:  # of TOML, or of UTF-8
        raise ConfigError(str(path), f"it is not TOML: {error}") from error


def _has_key(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_KEY_NAME.fullmatch(name) or _has_key(each) for name, each in value.items())
    if isinstance(value, list):
        return any(map(_has_key, value))
    return isinstance(value, str) and _KEY.search(value) is not None
