# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of `--json`: declared with words, documented as they are, written as strict JSON."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from support.event_lines import check_line
from support.event_table import FIELDS, PAGE, all_fields, contract, current, declared, hints

from trellis_addon.core.events import Failed, Finished, Progress, State, StateChanged
from trellis_addon.headless.contract.command_events import NoteEvent, ProgressEvent
from trellis_addon.headless.contract.message import Message, to_json
from trellis_addon.headless.contract.prop_events import message_of

HERE = Path("here")
RENEW = "python tests/support/event_table.py renews it"


def test_page_is_as_the_classes_are() -> None:
    text = PAGE.read_text("utf-8")
    assert text == current(text), RENEW


def test_nothing_of_this_version_is_gone_or_changed() -> None:
    """Additions are welcome, and written into the file by the script that renews the page."""
    assert contract().VERSION == 1
    first: dict[str, dict[str, str]] = json.loads(FIELDS.read_text("utf-8"))
    now = all_fields()
    changed = [
        f"{event}.{field}: {kind}"
        for event, those in first.items()
        for field, kind in those.items()
        if now.get(event, {}).get(field) != kind
    ]
    assert changed == [], "raise VERSION, say so in CHANGELOG, and start a file for it"
    assert now.keys() == first.keys(), RENEW
    assert len(now) > 30


@pytest.mark.parametrize("one", declared(), ids=lambda one: one.__name__)
def test_each_event_says_what_it_is(one: type[Any]) -> None:
    assert one.__name__.endswith("Event")
    assert (one.__doc__ or "").strip().endswith(".")
    for name, _, words, _ in hints(one):
        assert words, f"{one.__name__}.{name} has no description"
        assert "|" not in words
    assert getattr(one, "__dataclass_params__").frozen  # noqa: B009


def test_numbers_that_json_does_not_have_are_null() -> None:
    event = ProgressEvent(id="a", fraction=math.nan, text="x")
    assert json.loads(event.to_line())["fraction"] is None
    assert to_json({"a": [1.5, math.inf, {"b": -math.inf}]}) == '{"a": [1.5, null, {"b": null}]}'


def test_a_line_is_one_line_for_every_reader() -> None:
    text = "a\nb\r\u2028c\u2029d\x85e\x0bf\x1c"
    line = NoteEvent(text=text).to_line()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["text"] == text


def test_optional_fields_are_left_out_and_others_are_null() -> None:
    assert NoteEvent(text="x").to_dict() == {"event": "note", "text": "x"}
    assert ProgressEvent(id="a", fraction=None, text="x").to_dict()["fraction"] is None


@pytest.mark.parametrize(
    "event",
    [
        StateChanged("a", State.READY),
        Progress("a", None, "x"),
        Finished("a", HERE, HERE, HERE, HERE, cost_cents=1.5, request_id=None, seconds=2.0),
    ],
)
def test_events_of_jobs_are_declared(event: Any) -> None:
    found = check_line(message_of(event).to_line())
    assert found["id"] == "a"


def test_the_check_of_lines_bites() -> None:
    for line in (
        '{"event": "note"}',
        '{"event": "note", "text": 1}',
        '{"event": "note", "text": "x", "more": 1}',
        '{"event": "progress", "id": "a", "text": "x"}',
        '{"event": "progress", "id": "a", "fraction": NaN, "text": "x"}',
        '{"event": "unheard"}',
    ):
        with pytest.raises(AssertionError):
            check_line(line)


def test_error_tells_nothing_that_a_server_has_said() -> None:
    errors = pytest.importorskip("trellis_addon.core.errors")
    facts = errors.InternalError("It failed", detail="a server's words").facts
    assert "a server's words" not in message_of(Failed(None, facts)).to_line()


def test_an_event_is_added_with_two_lines() -> None:
    @dataclass(frozen=True, kw_only=True)
    class ThingEvent(Message, event="thing"):
        """A thing."""

        name: Annotated[str, "its name"]

    thing = ThingEvent(name="x")
    assert thing.to_dict() == {"event": "thing", "name": "x"}
    with pytest.raises(FrozenInstanceError):
        thing.name = "y"  # type: ignore[misc]
