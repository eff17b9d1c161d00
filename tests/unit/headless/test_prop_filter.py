# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of `list`: which props they keep, and in which order these are listed."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from support.rooms import unlocked

from trellis_addon.core.errors import InputError
from trellis_addon.core.events import State
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.headless.selection.options import COLUMNS, add_list
from trellis_addon.headless.selection.prop_facts import FACTS
from trellis_addon.headless.selection.prop_filter import PropFilter
from trellis_addon.headless.selection.prop_order import PropOrder
from trellis_addon.headless.selection.values import moment, size_on_disk
from trellis_addon.library.library import Library
from trellis_addon.library.record import Call, Origin, PropRecord


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Three props: an old cheap barrel, a dear vase of today, a boot that was interrupted."""
    made = Library(tmp_path / "props")
    calls = [Origin(calls=(Call(endpoint="chat", time="t", cost_cents=c),)) for c in (2.1, 9.0)]
    add(made, "oak barrel", State.READY, 30_000, created="2025-01-31T12:00:00.000Z",
        origin=calls[0], tags=["Hero", "wood"], prop={"triangles": 900})  # fmt: skip
    add(made, "blue vase", State.READY, 10, model="acme/shape", origin=calls[1], tags=["wood"],
        prop={"triangles": 2000})  # fmt: skip
    boot = add(made, "old boot", State.WAITING, 10, name="Chaussure d'\u00e9t\u00e9")
    (boot / "exports" / "game").mkdir(parents=True)
    (boot / "exports" / "game" / "export.json").write_text("{}")
    return made


def add(
    library: Library, prompt: str, state: State, size: int, model: str = "", name: str = "",
    **changes: Any,
) -> Path:  # fmt: skip
    more: dict[str, Any] = {"model": model} if model else {}
    request = GenerationRequest(prompt=prompt, name=name or None, **more)
    folder = unlocked(library.create_locked(request, "http://localhost", "chat"))
    folder.write(folder.read().model_copy(update={"state": state, **changes}))
    (folder.path / "model.glb").write_bytes(b"x" * size)
    path: Path = folder.path
    return path


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_list(parser)
    return parser.parse_args(words)


def listed(library: Library, *words: str) -> list[str]:
    """The first words of the props' prompts, in the order of the list."""
    given = options(*words)
    wanted = PropFilter.of(given)
    found = [
        (folder, record) for folder, record in library.records() if wanted.keeps(folder, record)
    ]
    arranged = PropOrder.of(given).arranged(found)
    return [str(record.request["prompt"]).split()[-1] for _, record in arranged]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["vase", "boot", "barrel"]),
        (["OAK", "hero"], ["barrel"]),
        (["ete"], ["boot"]),
        (["\u00c9T\u00c9"], ["boot"]),
        (["--state", "ready"], ["vase", "barrel"]),
        (["--state", "waiting,failed"], ["boot"]),
        (["--state", "unfinished"], ["boot"]),
        (["--tag", "wood"], ["vase", "barrel"]),
        (["--tag", "wood", "--tag", "hero"], ["barrel"]),
        (["--until", "2025-01-31T14:00+01:00"], ["barrel"]),
        (["--until", "2025-01-31T12:59+01:00"], []),
        (["--since", "2025-02-02"], ["vase", "boot"]),
        (["--since", "1h"], ["vase", "boot"]),
        (["--since", "2025-01-30", "--until", "2025-02-01"], ["barrel"]),
        (["--model", "ACME/*"], ["vase"]),
        (["--model", "*trellis"], ["boot", "barrel"]),
        (["--min-cost", "0.05"], ["vase"]),
        (["--max-cost", "0.05"], ["barrel"]),
        (["--min-bytes", "20K"], ["barrel"]),
        (["--max-bytes", "20000"], ["vase", "boot"]),
        (["--for", "game"], ["boot"]),
        (["--for", "game,web"], []),
        (["--ready-for", "game"], []),
        (["--sort", "cost_cents"], ["barrel", "vase", "boot"]),
        (["--sort", "cost_cents", "--reverse"], ["vase", "barrel", "boot"]),
        (["--sort", "created", "--limit", "1"], ["barrel"]),
        (["--sort", "triangles", "--reverse"], ["vase", "barrel", "boot"]),
        (["--sort", "bytes", "--reverse", "--limit", "1"], ["barrel"]),
        (["--reverse"], ["barrel", "boot", "vase"]),
        (["--limit", "2", "--state", "ready"], ["vase", "barrel"]),
    ],
)
def test_filters_and_orders(library: Library, words: list[str], expected: list[str]) -> None:
    assert listed(library, *words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--state", "redy"], "There is no state redy; did you mean ready?"),
        (["--since", "yesterday"], "--since yesterday is no day and no time"),
        (["--until", "2026-13-01"], "--until 2026-13-01 is no day and no time"),
        (["--min-bytes", "big"], "--min-bytes big is no size on the disk"),
        (["--columns", "id,cost"], "There is no column cost"),
        (["--limit", "0"], "--limit must be 1 or more"),
    ],
)
def test_mistakes(library: Library, words: list[str], message: str) -> None:
    with pytest.raises(InputError) as found:
        listed(library, *words)
    assert message in found.value.facts.message


def test_moments() -> None:
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert moment("--since", "36h", now) == now - timedelta(hours=36)
    assert moment("--since", "2w", now) == now - timedelta(days=14)
    east = timezone(timedelta(hours=2))
    assert moment("--since", "2026-03-01T10:00+02:00", now) == datetime(2026, 3, 1, 10, tzinfo=east)
    # In the time zone of this computer, whichever that is.
    start = moment("--since", "2026-03-01", now)
    assert start.isoformat().startswith("2026-03-01T00:00:00")
    end = moment("--until", "2026-03-01", now, end=True)
    assert end.isoformat().startswith("2026-03-01T23:59:59.999999")
    assert moment("--until", "2026-03-01T10:00Z", now, end=True).hour == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("500", 500), ("2k", 2048), ("1.5 MB", 1_572_864), ("1GiB", 1 << 30)],
)
def test_sizes(text: str, expected: int) -> None:
    assert size_on_disk("--min-bytes", text) == expected


def test_columns(library: Library) -> None:
    assert tuple(FACTS) == COLUMNS
    order = PropOrder.of(options("--columns", "name, cost_cents,tags"))
    rows = [order.row(folder, record) for folder, record in library.records()]
    assert rows == [
        "Blue vase\t9.0\twood",
        "Chaussure d'\u00e9t\u00e9\t\t",
        "Oak barrel\t2.1\tHero, wood",
    ]


def test_a_hostile_record_stays_in_its_row(library: Library) -> None:
    order = PropOrder.of(options("--columns", "prompt,triangles", "--sort", "triangles"))
    add(library, "a\tb\nc\x1b[31m", State.READY, 1, prop={"triangles": "many\tmany"})
    props: list[tuple[Any, PropRecord]] = list(order.arranged(library.records()))
    assert order.row(*props[2]) == "a b c[31m\tmany many"
