# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of a batch's pictures, in whose column ``pick`` one is chosen for each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...core.errors import InputError
from ...core.files.held_files import read_bytes
from ...library.disk.atomic_files import write_atomic

COLUMNS: Final = ("pick", "line", "prompt", "pictures", "set", "key")
_MOST_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class PickRow:
    """One item of the list: its pictures, and which of them was chosen."""

    key: str
    """The item's key, as it is without a picture."""
    set_id: str
    pick: int | None
    line: int = 0
    prompt: str = ""
    pictures: int = 0


def read_picks(path: Path) -> Mapping[str, PickRow]:
    """Read the list, by the items' keys; empty if there is none yet.

    :raises InputError: it cannot be read, or a cell of ``pick`` is no number.
    """
    try:
        content = read_bytes(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"{path} cannot be read", "Check --picks", detail=str(error)) from error
    if len(content) > _MOST_BYTES:
        raise InputError(f"{path} is too large to be a list of pictures", "Check --picks")
    text = content.decode("utf-8-sig", "replace")
    # A spreadsheet in a country with decimal commas separates by semicolons.
    first = text.partition("\n")[0]
    found = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    if not {"pick", "set", "key"} <= set(found.fieldnames or ()):
        raise InputError(
            f"{path} has no columns pick, set and key", "Leave the columns as they were written"
        )
    return {row["key"]: _row(row, path) for row in found if row.get("key")}


def _row(row: Mapping[str, str], path: Path) -> PickRow:
    cell = (row.get("pick") or "").strip()
    if cell and not (cell.isdecimal() and int(cell) > 0):
        raise InputError(
            f'{path}, line {row.get("line")} of the list: "{cell}" is no number of a picture',
            "Write a number from 1 on into the column pick, or leave it empty",
        )
    return PickRow(row["key"], row.get("set") or "", int(cell) if cell else None)


def write_picks(path: Path, rows: Iterable[PickRow]) -> None:
    """Write the list. :raises InputError: the file cannot be written."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        pick = "" if row.pick is None else row.pick
        writer.writerow([pick, row.line, row.prompt, row.pictures, row.set_id, row.key])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # With a mark, by which spreadsheets know the encoding.
        write_atomic(path, out.getvalue().encode("utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be written",
            "Close it in other programs, or change --picks",
            detail=str(error),
        ) from error
