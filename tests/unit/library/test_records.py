# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of other versions, damaged records, and props that are taken back in."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rooms import unlocked

from trellis_addon.core.errors import (
    BrokenRecordError,
    InputError,
    LibraryError,
    LockedError,
    NewerRecordError,
)
from trellis_addon.core.events import State
from trellis_addon.core.files.prop_files import MODEL, RECORD
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.library.folder_lock import LOCK, FolderLock
from trellis_addon.library.library import Library
from trellis_addon.library.prop_folder import PropFolder
from trellis_addon.library.record import Call, ErrorEntry, Origin, parse

REQUEST = GenerationRequest.checked(prompt="A weathered oak barrel", seed=7)
NO_RECORDS = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema": 1}', b'{"schema": "1"}', b"3")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "my props")


@pytest.fixture
def folder(library: Library) -> PropFolder:
    made: PropFolder = unlocked(library.create_locked(REQUEST, "https://api.example", "chat"))
    return made


def raw(folder: PropFolder) -> Any:
    return json.loads((folder.path / RECORD).read_text("utf-8"))


def change(folder: PropFolder, **fields: Any) -> None:
    (folder.path / RECORD).write_text(json.dumps({**raw(folder), **fields}), "utf-8")


def names(folder: PropFolder) -> list[str]:
    return sorted(path.name for path in folder.path.iterdir())


# --- fields and schemas

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc ä", max_size=4), inner)
    ),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.sampled_from(["x_rating", "x of tomorrow", "x.é", "x_"]), VALUES)


@given(FIELDS, FIELDS, FIELDS, FIELDS, FIELDS)
def test_unknown_fields_survive_at_every_level(
    top: Any, origin: Any, call: Any, step: Any, entry: Any
) -> None:
    record = {
        "schema": 1,
        "id": "oak-0123abcd",
        "state": "failed",
        "created": "2026-01-01T00:00:00.000Z",
        "request": {"prompt": "oak", **top},
        "history": [{"state": "requested", "time": "t", "note": "", **step}],
        "origin": {"calls": [{"endpoint": "chat", "time": "t", **call}], **origin},
        "files": {"model.glb": {"sha256": "0", "bytes": 1, **entry}},
        "prop": {**call, "inner": entry},
        "error": {"kind": "x", "message": "y", **step},
        **top,
    }
    again = json.loads(parse(json.dumps(record).encode(), "oak-0123abcd").to_json())

    def within(part: Any, whole: Any) -> bool:
        if isinstance(part, dict):
            return all(key in whole and within(value, whole[key]) for key, value in part.items())
        if isinstance(part, list):
            return len(part) == len(whole) and all(map(within, part, whole))
        return bool(part == whole) and isinstance(whole, bool) == isinstance(part, bool)

    assert within(record, again)


def test_unknown_fields_survive_a_life(folder: PropFolder) -> None:
    change(folder, of_tomorrow={"a": [1, None]}, origin={**raw(folder)["origin"], "region": "eu"})
    folder.advance(State.SENDING)
    origin = folder.read().origin
    calls = (Call(endpoint="chat", time="t"),)
    folder.update(origin=origin.model_copy(update={"calls": calls}))
    folder.advance(State.READY, prop={"collection": "Oak"})
    assert raw(folder)["of_tomorrow"] == {"a": [1, None]}
    assert raw(folder)["origin"]["region"] == "eu"
    assert raw(folder)["origin"]["calls"][0]["endpoint"] == "chat"


@pytest.mark.parametrize("schema", [0, None])
def test_older_record_is_read_and_becomes_todays(folder: PropFolder, schema: int | None) -> None:
    content = raw(folder)
    del content["schema"]
    if schema is not None:
        content["schema"] = schema
    (folder.path / RECORD).write_text(json.dumps(content))
    assert folder.read().state is State.REQUESTED
    folder.advance(State.SENDING)
    assert raw(folder)["schema"] == 1


def test_newer_record_is_read_and_never_written(library: Library, folder: PropFolder) -> None:
    change(folder, schema=2, shape={"of": "tomorrow"})
    before = (folder.path / RECORD).read_bytes()
    assert folder.read().request["prompt"] == REQUEST.prompt
    for act in (
        lambda: folder.advance(State.SENDING),
        lambda: folder.update(seconds=1.0),
        lambda: folder.write(folder.read()),
    ):
        with pytest.raises(NewerRecordError) as caught:
            act()
        assert "newer Trellis Props" in caught.value.facts.message
        assert "Update Trellis Props" in caught.value.facts.next_step
    told: list[str] = []
    assert list(library.unfinished(told.append)) == []
    assert told == [f"{folder.id} was begun by a newer Trellis Props and is left to it"]
    assert [found.id for found, _ in library.records()] == [folder.id]
    assert (folder.path / RECORD).read_bytes() == before
    assert names(folder) == [RECORD]


def test_newer_record_that_cannot_be_understood_is_not_a_broken_one(
    library: Library, folder: PropFolder
) -> None:
    change(folder, schema=7, state="dreaming", history="elsewhere")
    before = (folder.path / RECORD).read_bytes()
    with pytest.raises(NewerRecordError):
        folder.read()
    told: list[str] = []
    assert list(library.records(told.append)) == []
    assert "newer Trellis Props" in told[0]
    assert (folder.path / RECORD).read_bytes() == before
    assert names(folder) == [RECORD]


# --- damaged ones


@pytest.mark.parametrize("content", NO_RECORDS)
def test_broken_record_is_set_aside_and_told_once(
    library: Library, folder: PropFolder, content: bytes
) -> None:
    good = unlocked(library.create_locked(REQUEST, "", "chat"))
    (folder.path / RECORD).write_bytes(content)
    with pytest.raises(BrokenRecordError):
        folder.read()
    told: list[str] = []
    assert [found.id for found, _ in library.records(told.append)] == [good.id]
    (aside,) = names(folder)
    assert re.fullmatch(r"prop\.json\.broken-\d{8}T\d{6}Z", aside)
    assert (folder.path / aside).read_bytes() == content
    assert len(told) == 1
    assert folder.id in told[0]
    assert aside in told[0]
    assert [found.id for found in library.unfinished(told.append)] == [good.id]
    assert len(told) == 1


def test_two_broken_ones_within_a_second_are_both_kept(
    library: Library, folder: PropFolder
) -> None:
    for content in (b"1", b"2", b"3"):
        (folder.path / RECORD).write_bytes(content)
        list(library.records(lambda text: None))
    assert {(folder.path / name).read_bytes() for name in names(folder)} == {b"1", b"2", b"3"}


def test_broken_record_of_a_prop_that_is_worked_on_stays(
    library: Library, folder: PropFolder
) -> None:
    (folder.path / RECORD).write_bytes(b"{")
    told: list[str] = []
    with FolderLock.acquire(folder.path):
        assert list(library.records(told.append)) == []
    assert "working on" in told[0]
    assert names(folder) == [RECORD]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
def test_record_that_cannot_be_read_is_not_broken(library: Library, folder: PropFolder) -> None:
    good = unlocked(library.create_locked(REQUEST, "", "chat"))
    (folder.path / RECORD).unlink()
    (folder.path / RECORD).symlink_to(folder.path / "nowhere")
    told: list[str] = []
    assert [found.id for found, _ in library.records(told.append)] == [good.id]
    assert names(folder) == [RECORD]


# --- adopting


def test_adopt_what_was_set_aside(library: Library, folder: PropFolder) -> None:
    folder.glb.write_bytes(b"a model")
    folder.update(
        files={MODEL: folder.entry(MODEL)},
        origin=Origin(base_url="https://api.example", calls=(Call(endpoint="chat", time="t"),)),
    )
    # As a program leaves it that stops in the middle of writing.
    whole = (folder.path / RECORD).read_bytes()
    (folder.path / RECORD).write_bytes(whole[: whole.index(b'"calls"')])
    assert list(library.unfinished(lambda text: None)) == []
    (found,) = library.adoptable()
    assert found == folder
    assert library.adopt(folder.path) == folder
    record = folder.read()
    assert record.state is State.DOWNLOADED
    assert record.request["prompt"] == REQUEST.prompt
    assert record.request["seed"] == 7
    assert record.origin.base_url == "https://api.example"
    assert folder.holds(record, MODEL)
    assert record.is_resumable
    assert [found.id for found in library.unfinished()] == [folder.id]
    assert list(library.adoptable()) == []
    assert LOCK not in names(folder)


def test_adopt_with_nothing_but_a_model(library: Library) -> None:
    path = library.path / "small-red-chair-0123abcd"
    path.mkdir(parents=True)
    (path / "model.obj").write_bytes(b"v 0 0 0")
    (path / "model.glb.part").write_bytes(b"half")
    # Nobody has set a record aside: it is an artist's own folder until it is named.
    assert list(library.adoptable()) == []
    record = library.adopt(path).read()
    assert record.request == {"prompt": "small red chair"}
    assert record.model_file == "model.obj"
    assert record.created.endswith("Z")
    assert record.origin.idempotency_key == ""
    assert [str(step.state) for step in record.history] == ["downloaded"]


@pytest.mark.parametrize(
    ("prop_id", "prompt"),
    [("chair", "chair"), ("椅子", "椅子"), ("oak-barrel", "oak barrel"), ("---", "prop")],
)
def test_adopt_names_the_prompt_after_the_folder(
    library: Library, prop_id: str, prompt: str
) -> None:
    path = library.path / prop_id
    path.mkdir(parents=True)
    (path / MODEL).write_bytes(b"a model")
    assert library.adopt(path).read().request["prompt"] == prompt


def test_adopt_refuses(library: Library, folder: PropFolder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has a record already"):
        library.adopt(folder.path)
    empty = library.path / "empty"
    empty.mkdir()
    (empty / MODEL).write_bytes(b"")
    with pytest.raises(InputError, match="There is no model"):
        library.adopt(empty)
    for elsewhere in (tmp_path / "elsewhere", library.path / "none", library.path / "a" / "b"):
        if elsewhere.name == "elsewhere":
            elsewhere.mkdir()
        with pytest.raises(InputError, match="not a folder of the library"):
            library.adopt(elsewhere)
    (empty / MODEL).write_bytes(b"a model")
    with FolderLock.acquire(empty), pytest.raises(LockedError):
        library.adopt(empty)
    assert not (empty / RECORD).exists()


# --- a new prop and its lock


def test_new_prop_is_locked_before_it_is_seen(library: Library) -> None:
    folder, lock = library.create_locked(REQUEST, "", "chat")
    assert names(folder) == [LOCK, RECORD]
    with pytest.raises(LockedError):
        FolderLock.acquire(folder.path)
    lock.release()
    assert names(folder) == [RECORD]


def test_library_that_cannot_be_written_leaves_no_lock(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError):
        Library(tmp_path / "file" / "in it").create_locked(REQUEST, "", "chat")


# --- what it has cost


FREE = Call(endpoint="chat", time="", status=200, cost_cents=0.0)
TAKEN_JOB = Call(endpoint="jobs", time="", status=202)


@pytest.mark.parametrize(
    ("standing", "calls", "error", "charge"),
    [
        ("asking", (), None, "unknown"),
        ("taken", (), ("refused", 409), "unknown"),
        ("taken", (), ("unreachable", None), "unknown"),
        ("taken", (Call(endpoint="chat", time="", status=400),), ("refused", 404), "unknown"),
        ("taken", (Call(endpoint="chat", time="", status=200, cost_cents=12.0),), None, "charged"),
        ("taken", (FREE,), None, "unknown"),
        ("nothing", (FREE,), None, "not_charged"),
        ("nothing", (), ("account", 402), "not_charged"),
        ("nothing", (TAKEN_JOB,), ("gateway_failure", None), "not_charged"),
        # As an earlier version wrote them.
        ("", (), None, "unknown"),
        ("", (), ("account", 401), "not_charged"),
        ("", (Call(endpoint="chat", time="", status=400),), ("refused", 404), "not_charged"),
        ("", (Call(endpoint="chat", time="", status=400),), ("gateway_failure", 502), "unknown"),
        ("", (Call(endpoint="chat", time="", status=200),), ("no_model", None), "unknown"),
    ],
)  # fmt: skip
def test_charge_agrees_with_what_is_owed(
    folder: PropFolder,
    standing: str,
    calls: tuple[Call, ...],
    error: tuple[str, int | None] | None,
    charge: str,
) -> None:
    assert folder.read().charge == "not_charged", "nothing was sent"
    origin = folder.read().origin.model_copy(update={"calls": calls, "standing": standing})
    folder.advance(State.SENDING, origin=origin)
    if error:
        kind, status = error
        facts = ErrorEntry(kind=kind, message="It went wrong", status=status)
        folder.advance(State.FAILED, error=facts)
    record = folder.read()
    assert record.charge == charge
    assert charge != "not_charged" or not record.owed
