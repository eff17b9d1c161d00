# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch is to make: a file of prompts as items, each with a key that it is known by.

**The key** is a hash of what is paid for: every field of the request that goes to the gateway. The
prop's name and its finishing are left out on purpose. Both can be changed for free afterwards, so a
corrected name or another size must never pay for the same prop a second time; ``finish`` applies
them to what is there. Two lines with the same key are one item, made once as the first line
says; whoever wants variants asks for a ``count``, or gives them different seeds.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import IO, Any, Final

from .batch_cells import check_text, parameters_of, typed
from .batch_rows import NOTE, PARAMETER, Fault, Format, Row, Unknown, format_of, read_text, rows
from .errors import InputError, InvalidRequestError
from .finishing import Finishing
from .request import GenerationRequest
from .sizes import with_guess

MOST_ITEMS: Final = 100_000
MOST_VARIANTS: Final = 1000
MOST_FAULTS: Final = 1000
"""After so many the file is another one than was meant, and is not read further."""
SEEDS: Final = 2**31

_PAID: Final = (
    "prompt",
    "model",
    "system",
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "image_url",
    "parameters",
)
"""Always in the key, whatever their values: so a default that changes one day changes the key, and
a field that is added one day leaves the keys of what was made before as they are."""
_FREE: Final = frozenset(("name",))
_REQUEST: Final = tuple(GenerationRequest.model_fields)
_FINISHING: Final = {f.name: f.default for f in fields(Finishing)}
_NUMBERS: Final = {"seed": 1, "max_tokens": 1, "temperature": 1.0, "top_p": 1.0}
_TEXTS: Final = ("prompt", "system", "name", "model")
_COUNT: Final = "count"
_ALIASES: Final = {
    "image": "image_url",
    "variants": _COUNT,
    "params": "parameters",
    "merge": "merge_distance",
    "angle": "angle_degrees",
    "texture_size": "texture_pixels",
}
"""Other names of columns; the last are the command line's options."""
_SIZES: Final = ("longest", "height")
"""Columns as on the command line: ``height`` 2.1 is ``size`` height and ``metres`` 2.1."""
_KEEPS: Final = ("keep_size", "keep_alpha")
"""Yes or no, as on the command line."""
COLUMNS: Final = (*_REQUEST, *_FINISHING, _COUNT, *_ALIASES, *_SIZES, *_KEEPS)

Picture = Callable[[str], str | None]
"""Makes of a picture's name what the gateway takes: an https URL or a data URI.

:raises InputError: there is no such picture."""


@dataclass(frozen=True)
class Item:
    """One prop to make."""

    line: int
    request: GenerationRequest
    finishing: Finishing
    key: str
    """32 hex digits; see the module."""


@dataclass(frozen=True)
class Duplicate:
    """A line that asks for what another line asks for already."""

    line: int
    of_line: int

    def __str__(self) -> str:
        return (
            f"Line {self.line} asks for the same prop as line {self.of_line} and is left out: "
            "name, size and finishing do not make another prop; give it another seed for a variant"
        )


@dataclass(frozen=True)
class Batch:
    """A whole file. Nothing of it may be sent while there are faults."""

    name: str
    items: tuple[Item, ...]
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
    """What holds where a line says nothing: the command line's own options."""

    request: Mapping[str, Any] = field(default_factory=dict)
    finishing: Finishing = field(default_factory=Finishing)
    count: int = 1
    sized: bool = False
    """Whether the size is the user's own; else it is guessed from each prompt."""


def read_batch(
    source: IO[bytes],
    name: str,
    kind: Format | None = None,
    defaults: Defaults | None = None,
    picture: Picture = lambda text: text,
) -> Batch:
    """Read a file, or standard input, to its end.

    :param name: the file's name: for sentences, and for the format unless ``kind`` says it.
    :param picture: called for each ``image`` that a line names, once for each name.
    :raises InputError: the file as a whole cannot be read. What is wrong with single lines stands
        in the batch's faults.
    """
    text = read_text(source, name)
    found = rows(kind or format_of(name, text, COLUMNS), text, COLUMNS)
    reading = _Reading(defaults or Defaults(), picture)
    for row in found:
        reading.take(row)
        if len(reading.faults) >= MOST_FAULTS:
            reading.faults.append(Fault(row.line, "too many faults; not read further"))
            break
    return Batch(name, tuple(reading.items.values()), tuple(reading.twice), tuple(reading.faults))


def key_of(request: GenerationRequest) -> str:
    """The key of an item, the same on every machine and in every version: see the module."""
    values = request.model_dump()
    kept = {name: values.pop(name) for name in _PAID}
    later = GenerationRequest.model_fields
    kept |= {n: v for n, v in values.items() if n not in _FREE and v != later[n].get_default()}
    kept["parameters"] = sorted(map(list, kept["parameters"]))
    # The same letters, whichever way a keyboard composes them.
    kept["prompt"] = unicodedata.normalize("NFC", kept["prompt"])
    text = json.dumps(kept, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def in_shard(key: str, index: int, count: int) -> bool:
    """Whether an item belongs to shard ``index`` (from 1) of ``count``.

    Every machine that has the same file comes to the same answer, whatever else differs.
    """
    return int(key[:8], 16) % count == index - 1


def shard(text: str) -> tuple[int, int]:
    """``2/4`` as numbers.

    :raises InputError: it is something else.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise InputError(f"Not a shard: {text}", "Write --shard 1/4 for the first of four")
    return int(match[1]), int(match[2])


class _Reading:
    """Collects what the rows become."""

    def __init__(self, defaults: Defaults, picture: Picture) -> None:
        self.items: dict[str, Item] = {}
        self.twice: list[Duplicate] = []
        self.faults: list[Fault] = []
        self._defaults = defaults
        self._picture = picture
        self._pictures: dict[str, str | None] = {}
        self._unknown = Unknown(COLUMNS)

    def take(self, row: Row | Fault) -> None:
        """Make items of a row."""
        if isinstance(row, Fault):
            self.faults.append(row)
            return
        try:
            for request, finishing in self._made(row):
                self._add(Item(row.line, request, finishing, key_of(request)))
        except (InputError, InvalidRequestError) as error:
            self.faults.append(Fault(row.line, error.facts.message))
        except RecursionError:
            self.faults.append(Fault(row.line, "nested too deeply"))

    def _add(self, item: Item) -> None:
        if item.key in self.items:
            self.twice.append(Duplicate(item.line, self.items[item.key].line))
            return
        if len(self.items) >= MOST_ITEMS:
            raise InputError(f"more than {MOST_ITEMS:,} props in one file")
        self.items[item.key] = item

    def _made(self, row: Row) -> Iterator[tuple[GenerationRequest, Finishing]]:
        cells, written = self._named(row)
        count = _count(cells.pop(_COUNT, self._defaults.count))
        _as_fields(cells, written)
        sized = self._defaults.sized or "size" in cells or "metres" in cells
        finishing = self._finishing(cells, written, decimal_comma=row.decimal_comma)
        request = self._request(cells, decimal_comma=row.decimal_comma)
        if not sized:
            finishing = with_guess(finishing, request.prompt)
        for number in range(count):
            yield variant(request, number), finishing

    def _named(self, row: Row) -> tuple[dict[str, Any], dict[str, str]]:
        """The cells by the fields' own names, and as which each is written; a JSON line's nested
        objects are opened.
        """
        cells = dict(row.cells)
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

    def _finishing(
        self, cells: dict[str, Any], written: dict[str, str], *, decimal_comma: bool
    ) -> Finishing:
        given = {
            name: typed(
                default, cells.pop(name), written.get(name, name), decimal_comma=decimal_comma
            )
            for name, default in _FINISHING.items()
            if name in cells
        }
        base = self._defaults.finishing
        return Finishing.from_dict(asdict(base) | given) if given else base

    def _request(self, cells: dict[str, Any], *, decimal_comma: bool) -> GenerationRequest:
        own = {n[len(PARAMETER) :]: cells.pop(n) for n in list(cells) if n.startswith(PARAMETER)}
        values = {**self._defaults.request, **cells}
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
        if text not in self._pictures:
            self._pictures[text] = self._picture(text)
        return self._pictures[text]


def _as_fields(cells: dict[str, Any], written: dict[str, str]) -> None:
    """Columns that are written as the command line's options, as the finishing's own fields.

    :raises InputError: two of them exclude one another.
    """
    keep_size = "keep_size" in cells and _yes(cells.pop("keep_size"), "keep_size")
    sizes = [name for name in _SIZES if name in cells] + ["keep_size"] * keep_size
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
    if "keep_alpha" in cells:
        if "opaque" in cells:
            raise InputError("keep_alpha and opaque exclude one another; leave one empty")
        cells["opaque"] = not _yes(cells.pop("keep_alpha"), "keep_alpha")
    if written.get("angle_degrees") == "angle":
        cells.setdefault("shading", "angle")


def _yes(value: Any, name: str) -> bool:
    return bool(typed(False, value, name, decimal_comma=False))


def variant(request: GenerationRequest, number: int) -> GenerationRequest:
    """The same prop once more with a seed of its own; the first (0) is the request itself.

    A given seed is counted up. Without one, the seeds come from the request's own hash, so that a
    second run asks for the same variants again, and a larger count for new ones only.
    """
    if not number:
        return request
    if request.seed is not None:
        seed = (request.seed + number) % SEEDS
    else:
        digest = hashlib.sha256(f"{key_of(request)} {number}".encode("ascii")).digest()
        seed = int.from_bytes(digest[:4], "big") % SEEDS
    return request.model_copy(update={"seed": seed})


def _count(value: Any) -> int:
    number = typed(1, value, _COUNT, decimal_comma=False)
    if not 1 <= number <= MOST_VARIANTS:
        raise InputError(f"The count must be 1 to {MOST_VARIANTS:,}")
    return int(number)
