# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the report line of an item from its request, its record and its error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core.errors import ErrorFacts
from ...core.generation.readiness import Light, of_prop, sentence
from ...core.text import title
from ...library.record import PropRecord, now
from ..prompts.prompt_list import PromptItem
from ..report.lines import QUALITY, Line, Status


def line_of(
    item: PromptItem,
    status: Status,
    prop: str,
    record: PropRecord | None = None,
    error: ErrorFacts | None = None,
    notes: tuple[str, ...] = (),
) -> Line:
    """The line of an item that has just ended. Its shard is added by the command."""
    request = item.request
    facts: dict[str, Any] = {}
    if record:
        facts = {
            "seconds": record.seconds,
            "cost_cents": record.cost_cents,
            "request_id": record.request_id or "",
            "triangles": _whole(record.prop.get("triangles")),
            "size_metres": _size(record.prop.get("size_metres")),
            **_quality(record),
        }
        told = record.prop.get("notes")
        notes = (*notes, *(str(note) for note in told)) if isinstance(told, list) else notes
    if error:
        facts |= {
            "error": error.command_sentence,
            "error_kind": error.kind,
            "http_status": error.status,
            "request_id": error.request_id or facts.get("request_id", ""),
        }
    return Line(
        key=item.key,
        status=status,
        line=item.line,
        prompt=request.prompt,
        name=request.name or title(request.prompt),
        model=request.model,
        seed=request.seed,
        id=prop,
        time=now(),
        notes=notes,
        cells=item.cells,
        **facts,
    )


def renewed(line: Line, item: PromptItem, record: PropRecord, applied: tuple[str, ...]) -> Line:
    """The line of an item whose changed row was applied to its prop.

    :param applied: the fields of the row that had changed.
    """
    now = line_of(item, line.status, record.id, record)
    # What it has cost and how long it took is told by the run that has made the model.
    kept = ("status", "seconds", "cost_cents", "request_id", "exports", "unpaid", "shard", "seed")
    return replace(now, **{name: getattr(line, name) for name in kept}, applied=applied)


def _quality(record: PropRecord) -> dict[str, Any]:
    """The fields about the prop's quality; none for props without any facts."""
    quality, verdicts = of_prop(record.prop)
    if quality is None:
        return {}
    ready = tuple(verdict.use for verdict in verdicts if verdict.light is Light.READY)
    facts = {name: getattr(quality, name) for name in QUALITY}
    return {**facts, "ready_for": ready, "readiness": sentence(verdicts)}


# Records come from a library that others may have edited, so their values are checked.
def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _size(value: Any) -> tuple[float, float, float] | None:
    if (
        isinstance(value, list)
        and len(value) == 3
        and all(isinstance(v, int | float) for v in value)
    ):
        return float(value[0]), float(value[1]), float(value[2])
    return None
