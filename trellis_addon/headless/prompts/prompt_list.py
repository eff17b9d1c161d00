# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a file of prompts into the items of a batch, each of them identified by a key.

**The key** is a hash of what is paid for: every field of the request that goes to the gateway. The
prop's name and its finishing are left out on purpose. Both can be changed for free afterwards, so
correcting a name or a size must never pay for the same prop a second time; ``batch`` applies them
to the existing prop. Two lines with the same key are one item, made once, as the first line says.
To get variants, use ``count`` or different seeds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any, Final

from ...core.destinations.destination import Destination
from ...core.destinations.table import built_in, chosen
from ...core.errors import InputError, InvalidRequestError
from ...core.generation.finishing import Finishing
from ...core.generation.finishing_settings import FINISHING_SETTINGS
from ...core.generation.real_size import with_guess
from ...core.generation.request import GenerationRequest
from ...core.generation.request_key import MOST_VARIANTS, key_of, variant
from ...core.generation.request_settings import REQUEST_SETTINGS
from .cells import check_text, parameters_of, typed
from .row import NOTE, PARAMETER, Fault, PromptRow, Unknown
from .rows import Format, format_of, read_text, rows
from .view_cells import COLUMNS as VIEW_COLUMNS
from .view_cells import VIEWS, views_in

MOST_ITEMS: Final = 100_000
MOST_FAULTS: Final = 1000
"""After this many faults it is probably the wrong file, and reading stops."""

_REQUEST: Final = tuple(GenerationRequest.model_fields)
_NUMBERS: Final = {s.name: s.kind() for s in REQUEST_SETTINGS if s.kind in (int, float)}
"""A value of the type that each is to have."""
_TEXTS: Final = ("prompt", "name", *(s.name for s in REQUEST_SETTINGS if s.kind is str))
_COUNT: Final = "count"
_INVERSE: Final = {s.option: s.name for s in FINISHING_SETTINGS.values() if s.is_inverse}
"""Columns that say the opposite of a field, yes or no, as on the command line."""
_ALIASES: Final = {
    "image": "image_url",
    "image_front": "image_url",
    "variants": _COUNT,
    "params": "parameters",
    **{s.option: n for n, s in FINISHING_SETTINGS.items() if s.option and not s.is_inverse},
}
"""Other names of columns; the last are the command line's options."""
_SIZES: Final = ("longest", "height")
"""Columns as on the command line: ``height`` 2.1 is ``size`` height and ``metres`` 2.1."""
_KEEP_SIZE: Final = "keep_size"
_FOR: Final = "for"
COLUMNS: Final = (
    *_REQUEST,
    *FINISHING_SETTINGS,
    _COUNT,
    _FOR,
    *_ALIASES,
    *VIEW_COLUMNS,
    *_SIZES,
    _KEEP_SIZE,
    *_INVERSE,
)

Picture = Callable[[str], str | None]
"""Turns a picture's name into what the gateway accepts: an https URL or a data URI.

:raises InputError: the picture does not exist or cannot be used."""


@dataclass(frozen=True)
class PromptItem:
    """One prop to make."""

    line: int
    request: GenerationRequest
    finishing: Finishing
    key: str
    """32 hex digits; see the module."""
    destinations: tuple[Destination, ...] = ()
    """Where it goes, with the line's own settings in place of theirs."""
    own: Finishing | None = None
    """The settings without those of a destination; None if there is none."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the finishing that the line or the command gives."""
    cells: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The row as it is written, by its columns, and ``index``: the item's number in the list, from
    1. They are for names of files."""


@dataclass(frozen=True)
class Duplicate:
    """A line that requests the same prop as an earlier line."""

    line: int
    of_line: int

    def __str__(self) -> str:
        return (
            f"Line {self.line} asks for the same prop as line {self.of_line} and is left out: "
            "name, size and finishing do not make another prop; give it another seed for a variant"
        )


@dataclass(frozen=True)
class PromptList:
    """A whole file. Nothing in it may be sent while there are faults."""

    name: str
    items: tuple[PromptItem, ...]
    duplicates: tuple[Duplicate, ...] = ()
    faults: tuple[Fault, ...] = ()

    def check(self) -> None:
        """Refuse a file with faults, naming every one of them.

        :raises InputError: with the faults as its detail, one a line.
        """
        if self.faults:
            count = len(self.faults)
            raise InputError(
                f"{count} {'line' if count == 1 else 'lines'} of {self.name} cannot be used, "
                f"nothing was sent. {self.faults[0]}",
                f"Correct {'it' if count == 1 else 'them'} and start again",
                detail="\n".join(map(str, self.faults)),
            )
        if not self.items:
            raise InputError(f"There is no prompt in {self.name}", "Write one prompt a line")


@dataclass(frozen=True)
class Defaults:
    """What applies if a line does not say otherwise: the options of the command line."""

    request: Mapping[str, Any] = field(default_factory=dict)
    finishing: Finishing = field(default_factory=Finishing)
    count: int = 1
    sized: bool = False
    """Whether the user has set the size; otherwise it is guessed from each prompt."""
    destinations: tuple[Destination, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    """The finishing settings that the user has set, which replace those of destinations."""
    named: Callable[[str], tuple[Destination, ...]] = lambda text: chosen(text, built_in())
    """Gives the destinations that a cell names. :raises InputError: there is no such one."""


def read_batch(
    source: IO[bytes],
    name: str,
    kind: Format | None = None,
    defaults: Defaults | None = None,
    picture: Picture = lambda text: text,
) -> PromptList:
    """Read a file, or standard input, to its end.

    :param name: the file's name: for sentences, and for the format unless ``kind`` says it.
    :param picture: called for each ``image`` that a line names, once for each name.
    :raises InputError: the file as a whole cannot be read. What is wrong with single lines is in
        the batch's faults.
    """
    text = read_text(source, name)
    found = rows(kind or format_of(name, text, COLUMNS), text, COLUMNS)
    reading = _Reading(defaults or Defaults(), picture)
    for row in found:
        reading.take(row)
        if len(reading.faults) >= MOST_FAULTS:
            reading.faults.append(Fault(row.line, "too many faults; not read further"))
            break
    return PromptList(
        name, tuple(reading.items.values()), tuple(reading.twice), tuple(reading.faults)
    )


def in_shard(key: str, index: int, count: int) -> bool:
    """Whether an item belongs to shard ``index`` (from 1) of ``count``.

    It depends on the key alone, so that all machines agree without talking to each other, even if
    their files differ in other lines.
    """
    # By hash and not by line number: inserting a line must not move other items to other machines.
    return int(key[:8], 16) % count == index - 1


def shard(text: str) -> tuple[int, int]:
    """Parse ``2/4`` into its two numbers.

    :raises InputError: it is not of this form.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f"Not a shard: {text}", "Write --shard 1/4 for the first of four")
    return int(match[1]), int(match[2])


class _Reading:
    """Collects the items, duplicates and faults of the rows."""

    def __init__(self, defaults: Defaults, picture: Picture) -> None:
        self.items: dict[str, PromptItem] = {}
        self.twice: list[Duplicate] = []
        self.faults: list[Fault] = []
        self._defaults = defaults
        self._picture = picture
        self._pictures: dict[str, str | None] = {}
        self._unknown = Unknown(COLUMNS)

    def take(self, row: PromptRow | Fault) -> None:
        """Turn a row into items, one for each variant."""
        if isinstance(row, Fault):
            self.faults.append(row)
            return
        try:
            for item in self._made(row):
                self._add(item)
        except (InputError, InvalidRequestError) as error:
            self.faults.append(Fault(row.line, error.facts.message))
        # Deeply nested JSON in a cell: one bad line must not end the reading of the others.
        except RecursionError:
            self.faults.append(Fault(row.line, "nested too deeply"))

    def _add(self, item: PromptItem) -> None:
        if item.key in self.items:
            self.twice.append(Duplicate(item.line, self.items[item.key].line))
            return
        # A count of 1,000 on every line can exceed the limit long before the file's size does.
        if len(self.items) >= MOST_ITEMS:
            raise InputError(f"more than {MOST_ITEMS:,} props in one file")
        # The whole list is counted, so that an index does not change with --only or --shard.
        self.items[item.key] = replace(item, cells={**item.cells, "index": len(self.items) + 1})

    def _made(self, row: PromptRow) -> Iterator[PromptItem]:
        cells, written = self._named(row)
        count = _count(cells.pop(_COUNT, self._defaults.count))
        _as_fields(cells, written)
        # After _as_fields, which turns the columns longest, height and keep_size into these two.
        sized = self._defaults.sized or "size" in cells or "metres" in cells
        destinations = self._destinations(cells)
        given = self._given(cells, written, decimal_comma=row.decimal_comma)
        destinations = tuple(
            each.with_settings({**self._defaults.given, **given}) for each in destinations
        )
        base = self._defaults.finishing
        own = Finishing.from_dict(asdict(base) | given) if given else base
        request = self._request(cells, decimal_comma=row.decimal_comma)
        if not sized:
            own = with_guess(own, request.prompt)
        # Made for the first destination at once, instead of being finished twice.
        finishing = destinations[0].finished(own) if destinations else own
        for number in range(count):
            one = variant(request, number)
            yield PromptItem(
                line=row.line,
                request=one,
                finishing=finishing,
                key=key_of(one),
                destinations=destinations,
                own=own if destinations else None,
                given={**self._defaults.given, **given},
                cells=_by_column(row),
            )

    def _destinations(self, cells: dict[str, Any]) -> tuple[Destination, ...]:
        if _FOR not in cells:
            return self._defaults.destinations
        cell = cells.pop(_FOR)
        names = cell if isinstance(cell, list) else [cell]
        return self._defaults.named(" ".join(map(str, names)))

    def _named(self, row: PromptRow) -> tuple[dict[str, Any], dict[str, str]]:
        """The cells by the names of their fields, and the column that each came from. The nested
        objects ``request`` and ``finishing`` of a JSON line are merged into it.
        """
        cells = dict(row.cells)
        # A ``prop.json`` has these two objects, so records of props can be used as a list.
        for part in ("request", "finishing"):
            inner = cells.pop(part, None)
            if inner is not None:
                if not isinstance(inner, Mapping):
                    raise InputError(f"{part} is not an object")
                cells |= {str(k): v for k, v in inner.items() if v not in (None, "")}
        named: dict[str, Any] = {}
        written: dict[str, str] = {}
        for cell_name, value in cells.items():
            name = _ALIASES.get(cell_name, cell_name)
            if name.startswith(NOTE):
                continue
            if fault := self._unknown.reason(name):
                self.faults.append(Fault(row.line, fault))
                continue
            if name in named:
                both = f'as "{written[name]}" and as "{cell_name}"'
                raise InputError(f'"{name}" is there twice, {both}')
            named[name], written[name] = value, cell_name
        return named, written

    def _given(
        self, cells: dict[str, Any], written: dict[str, str], *, decimal_comma: bool
    ) -> dict[str, Any]:
        """The finishing settings of a line."""
        return {
            name: typed(
                each.default, cells.pop(name), written.get(name, name), decimal_comma=decimal_comma
            )
            for name, each in FINISHING_SETTINGS.items()
            if name in cells
        }

    def _request(self, cells: dict[str, Any], *, decimal_comma: bool) -> GenerationRequest:
        own = {n[len(PARAMETER) :]: cells.pop(n) for n in list(cells) if n.startswith(PARAMETER)}
        views = views_in(cells, self._url)
        # Cells win over the command's options.
        values = {**self._defaults.request, **cells}
        # The other sides in the options are those of the options' own front.
        if views or "image_url" in cells:
            values[VIEWS] = views or ()
        if own or "parameters" in cells:
            values["parameters"] = parameters_of(cells.get("parameters", {}), own)
        for name, kind in _NUMBERS.items():
            if name in cells:
                values[name] = typed(kind, cells[name], name, decimal_comma=decimal_comma)
        if isinstance(values.get("image_url"), str):
            values["image_url"] = self._url(values["image_url"])
        if "prompt" not in values:
            raise InputError("there is no prompt")
        for name in _TEXTS:
            check_text(values.get(name), name)
        return GenerationRequest.checked(**values)

    def _url(self, text: str) -> str | None:
        # A list often uses one picture for many prompts, and each data URI is megabytes long.
        if text not in self._pictures:
            self._pictures[text] = self._picture(text)
        return self._pictures[text]


def _by_column(row: PromptRow) -> dict[str, Any]:
    """The cells by their columns; a column of notes goes by its name without the # as well."""
    notes = {n.lstrip(f"{NOTE}_"): cell for n, cell in row.cells.items() if n.startswith(NOTE)}
    return {**notes, **row.cells}


def _as_fields(cells: dict[str, Any], written: dict[str, str]) -> None:
    """Convert the columns named like the command line's options into the fields of ``Finishing``.

    :raises InputError: two of them contradict each other.
    """
    keep_size = _KEEP_SIZE in cells and _yes(cells.pop(_KEEP_SIZE), _KEEP_SIZE)
    sizes = [name for name in _SIZES if name in cells] + [_KEEP_SIZE] * keep_size
    if len(sizes) > 1:
        raise InputError(f"{' and '.join(sizes)} exclude one another; leave one empty")
    if sizes and (other := [name for name in ("size", "metres") if name in cells]):
        raise InputError(f"{sizes[0]} and {other[0]} exclude one another; leave one empty")
    if keep_size:
        cells["size"] = "received"
    for size in _SIZES:
        if (metres := cells.pop(size, None)) is not None:
            cells |= {"size": size, "metres": metres}
            written["metres"] = size
    for opposite, name in _INVERSE.items():
        if opposite in cells:
            if name in cells:
                raise InputError(f"{opposite} and {name} exclude one another; leave one empty")
            cells[name] = not _yes(cells.pop(opposite), opposite)
    if written.get("angle_degrees") == "angle":
        cells.setdefault("shading", "angle")


def _yes(value: Any, name: str) -> bool:
    return bool(typed(False, value, name, decimal_comma=False))


def _count(value: Any) -> int:
    number = typed(1, value, _COUNT, decimal_comma=False)
    if not 1 <= number <= MOST_VARIANTS:
        raise InputError(f"The count must be 1 to {MOST_VARIANTS:,}")
    return int(number)
