# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the report of a batch as a single HTML page, with embedded pictures and one script.

Prompts and errors are untrusted. Every text is escaped, and the page's content security policy only
allows embedded pictures and the one script, by its hash.
"""

from __future__ import annotations

import base64
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from ...core.cost import money
from ...core.files import held_files
from ...core.identity import PRODUCT
from ...core.text import shorten
from .lines import Line, Status
from .quality_rows import ANY_USE, quality_rows, use_choices, use_classes
from .script import HASH, SCRIPT, tools
from .style import STYLE

Picture = Callable[[Line], bytes | None]
"""Gives the small picture of a line: PNG, JPEG or WebP."""

Link = Callable[[Line], str]
"""Gives the address of a prop's folder, relative to the page; "" if there is none."""

MOST_PICTURE: Final = 64 << 10
"""The most bytes of a picture: a page with two thousand must still open on a phone. Most have
5 KB."""

LONG_PROMPT: Final = 60
"""From this number of characters, a heading may be cut, so that the details contain all of it."""

_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the following text, so that it can look like another."""

_LABELS: Final[dict[Status, str]] = {
    "done": "Ready",
    "skipped": "Already there",
    "failed": "Failed",
    "cancelled": "Stopped",
}
_HEAD: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{HASH}'">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
"""


@dataclass(frozen=True)
class Totals:
    """The totals at the top of the page."""

    counts: Counter[Status]
    cost_cents: float | None
    priced: int
    """How many lines have a cost."""
    each_cents: float | None
    """The mean cost of the props that are ready, of those whose cost is known."""
    untold: int
    """How many props are ready for which the gateway has not told the cost."""
    seconds: float | None
    """The time from the first start to the last end, by the clocks of the machines."""

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Totals:
        """Compute the totals of merged lines."""
        kept = list(lines)
        costs = [line.cost_cents for line in kept if line.cost_cents is not None]
        # A skipped item was made by an earlier run, whose time is not part of this one.
        worked = [line for line in kept if line.status != "skipped"]
        starts = [line.started for line in worked if line.started]
        ends = [line.ended for line in worked if line.ended]
        span = (max(ends) - min(starts)).total_seconds() if starts and ends else None
        done = [line.cost_cents for line in kept if line.status == "done"]
        known = [cents for cents in done if cents is not None]
        return cls(
            counts=Counter(line.status for line in kept),
            cost_cents=sum(costs) if costs else None,
            priced=len(costs),
            each_cents=sum(known) / len(known) if known else None,
            untold=len(done) - len(known),
            seconds=span,
        )

    @property
    def cost_words(self) -> str:
        """The sum, and how many costs are missing in it: ``12.6 ¢ for 6 of 7; 1 not told``; "" if
        there is nothing to say.
        """
        if self.cost_cents is None:
            return "cost not told" if self.untold else ""
        told = money(self.cost_cents)
        if self.untold:
            told += f" for {self.priced:,} of {self.priced + self.untold:,}"
            told += f"; {self.untold:,} not told"
        return told


def _no_link(_line: Line) -> str:
    return ""


def page(
    lines: Sequence[Line], heading: str, picture: Picture, link: Link = _no_link
) -> Iterator[str]:
    """Make the page in pieces, so that thousands of pictures are never in memory at once.

    :param lines: merged lines.
    """
    totals = Totals.of(lines)
    yield _HEAD
    yield f"<title>{_text(heading)} · {PRODUCT}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    yield f"<header><p class=product>{PRODUCT}</p><h1>{_text(heading)}</h1>"
    yield f"<dl class=totals>{''.join(_tiles(totals))}</dl></header>\n"
    yield from _filters(totals)
    if any(line.readiness for line in lines):
        yield "<fieldset class=filters><legend class=unseen>Ready for</legend>"
        for value, words in use_choices(lines):
            yield _choice(value, words, "use", checked=value == ANY_USE)
        yield "</fieldset>\n"
    yield tools() if len(lines) > 1 else ""
    yield "<main>\n"
    for line in lines:
        yield _card(line, picture, link(line))
    if not lines:
        yield "<p class=nothing>Nothing was asked for.</p>\n"
    yield "</main>\n"
    if len(lines) > 1:
        yield f"<script>{SCRIPT}</script>\n"
    yield "</body>\n</html>\n"


def write_page(
    target: Path,
    lines: Sequence[Line],
    heading: str,
    picture: Picture,
    link: Link = _no_link,
) -> None:
    """Write the page atomically.

    :raises OSError: it cannot be written.
    """
    # A reader of the old page, such as a browser that reloads it, never sees an incomplete one.
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(page(lines, heading, picture, link))
        held_files.replace(part, target)
    finally:
        held_files.discard(part)


def duration(seconds: float) -> str:
    """Format a duration, such as ``48 s``, ``3 min 20 s`` or ``7 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02} min"


def _tiles(totals: Totals) -> Iterator[str]:
    for status in ("done", "skipped", "failed", "cancelled"):
        count = totals.counts[status]
        if count or status == "done":
            yield _tile(_LABELS[status], f"{count:,}", status)
    if words := totals.cost_words:
        yield _tile("Cost", words, "")
    if totals.each_cents is not None:
        yield _tile("For each", money(totals.each_cents), "")
    if totals.seconds is not None:
        yield _tile("Time", duration(totals.seconds), "")


def _tile(name: str, value: str, kind: str) -> str:
    return f'<div class="tile {kind}"><dt>{name}</dt><dd>{_text(value)}</dd></div>'


def _filters(totals: Totals) -> Iterator[str]:
    """Make radio buttons, which need no script: the style hides the cards of other statuses."""
    chosen = [status for status in _LABELS if totals.counts[status]]
    if len(chosen) < 2:
        return
    yield "<fieldset class=filters><legend class=unseen>Show</legend>"
    yield _choice("all", f"All {sum(totals.counts.values()):,}", checked=True)
    for status in chosen:
        yield _choice(status, f"{_LABELS[status]} {totals.counts[status]:,}")
    yield "</fieldset>\n"


def _choice(value: str, words: str, group: str = "show", *, checked: bool = False) -> str:
    mark = " checked" if checked else ""
    return f"<label><input type=radio name={group} value={value}{mark}>{words}</label>"


def _card(line: Line, picture: Picture, link: str) -> str:
    name = line.name or line.prompt or line.id
    prompt = "" if line.prompt.casefold() == name.casefold() else line.prompt
    parts = [
        f'<article class="{" ".join(("card", line.status, *use_classes(line)))}"{_numbers(line)}>',
        _linked(_picture(picture(line), shorten(name, 120)), link),
        f"<div class=body><h2 dir=auto>{_text(name)}</h2>",
        f"<p class=facts>{_facts(line)}</p>",
        f"<p class=prompt dir=auto>{_text(prompt)}</p>" if prompt else "",
        f"<p class=error dir=auto>{_text(line.error)}</p>" if line.error else "",
        f"<p class=note>{_text(line.readiness)}</p>" if line.readiness else "",
        *(f"<p class=note dir=auto>{_text(note)}</p>" for note in line.notes),
        *(f"<p class=note dir=auto>Exported: {_text(path)}</p>" for path in line.exports),
        _details(line),
        "</div></article>\n",
    ]
    return "".join(parts)


def _numbers(line: Line) -> str:
    """The numbers by which the script sorts the cards."""
    known = {"cost": line.cost_cents, "triangles": line.triangles, "seconds": line.seconds}
    return "".join(f' data-{name}="{n!r}"' for name, n in known.items() if n is not None)


def _linked(picture: str, link: str) -> str:
    if not link:
        return picture
    return f'<a href="{_text(link)}" title="Open the folder">{picture}</a>'


def _picture(content: bytes | None, name: str) -> str:
    # Only known image formats: anything else could be content that a browser interprets.
    kind = _kind(content)
    if not content or not kind or len(content) > MOST_PICTURE:
        return '<div class="picture none" aria-hidden=true></div>'
    encoded = base64.b64encode(content).decode("ascii")
    source = f"data:image/{kind};base64,{encoded}"
    return f'<img class=picture loading=lazy decoding=async alt="{_text(name)}" src="{source}">'


def _kind(content: bytes | None) -> str:
    head = (content or b"")[:12]
    if head.startswith(b"\x89PNG"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "webp" if head[:4] == b"RIFF" and head[8:] == b"WEBP" else ""


def _facts(line: Line) -> str:
    told = [f"<span class=status>{_LABELS[line.status]}</span>"]
    if line.cost_cents is not None:
        told.append(_text(money(line.cost_cents)))
    if line.seconds is not None:
        told.append(duration(max(0.0, line.seconds)))  # the report may contain any number
    return " · ".join(told)


def _details(line: Line) -> str:
    size = line.size_metres
    rows = {
        "Prompt": "" if line.name or len(line.prompt) < LONG_PROMPT else line.prompt,
        "Size": " \N{MULTIPLICATION SIGN} ".join(f"{side:.3g}" for side in size) + " m"
        if size
        else "",
        "Triangles": f"{line.triangles:,}" if line.triangles is not None else "",
        **quality_rows(line),
        "Seed": "" if line.seed is None else str(line.seed),
        "Model": line.model,
        "Prop": line.id,
        "Error": " ".join(filter(None, (line.error_kind, str(line.http_status or "")))),
        "Request": line.request_id,
        "Ended": line.ended.strftime("%Y-%m-%d %H:%M:%S %Z") if line.ended else "",
        "Line": f"{line.line}" if line.line else "",
        "Shard": line.shard,
    }
    told = "".join(f"<dt>{name}</dt><dd>{_text(text)}</dd>" for name, text in rows.items() if text)
    return f"<details><summary>Details</summary><dl>{told}</dl></details>" if told else ""


def _text(text: str) -> str:
    """Escape a text for HTML, and remove characters that a browser must not get."""
    shown = "".join(map(_letter, text))
    return escape(shown.encode("utf-8", "replace").decode("utf-8"), quote=True)


def _letter(letter: str) -> str:
    if letter in _TURNING:
        return ""
    return "\ufffd" if unicodedata.category(letter) == "Cc" and letter not in "\n\t" else letter
