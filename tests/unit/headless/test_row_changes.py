# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed in a row since it was applied, and which prop it belongs to."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.headless.prompts.prompt_list import Defaults, PromptItem, read_batch
from trellis_addon.headless.rows.applied_row import AppliedRow, source_of
from trellis_addon.headless.rows.changed_rows import Replaced, replaced, sentence_of
from trellis_addon.headless.rows.row_change import RowChange
from trellis_addon.library.claims.claims import Claims
from trellis_addon.library.prop_folder import PropFolder

LIST = "0123456789abcdef"


def items(*rows: str, **options: float | str) -> tuple[PromptItem, ...]:
    """The items of a table with these rows, the first of which is its header."""
    finishing = Finishing.from_dict(asdict(Finishing()) | options)
    defaults = Defaults(finishing=finishing, given=options)
    listed = read_batch(io.BytesIO("\n".join(rows).encode()), "props.csv", defaults=defaults)
    listed.check()
    return listed.items


def item(header: str, row: str, **options: float | str) -> PromptItem:
    return items(header, row, **options)[0]


def change(before: PromptItem, now: PromptItem) -> RowChange:
    return RowChange.between(AppliedRow.of(before, LIST), now)


@pytest.mark.parametrize(
    ("header", "before", "now", "names", "sentence"),
    [
        ("prompt,longest", "vase,1", "vase,1.0", (), ""),
        ("prompt,longest", "vase,1", "vase,2", ("metres",), "its size has changed"),
        ("prompt,height", "vase,", "vase,2", ("size", "metres"), "its size has changed"),
        ("prompt,height", "vase,2", "vase,", ("size", "metres"), "its size has changed"),
        ("prompt,name", "vase,A", "vase,B", ("name",), "its name has changed"),
        (
            "prompt,lods",
            "vase,0.5",
            '"vase","0.5,0.25"',
            ("lods",),
            "its levels of detail have changed",
        ),
        ("prompt,for", "vase,web", '"vase","web,ar"', ("for",), "its destinations have changed"),
        (
            "prompt,triangles,shading,name",
            "vase,,flat,",
            "vase,100,smooth,A",
            ("shading", "triangles", "name"),
            "its shading, number of triangles and name have changed",
        ),
    ],
)
def test_what_has_changed_in_a_row(
    header: str, before: str, now: str, names: tuple[str, ...], sentence: str
) -> None:
    found = change(item(header, before), item(header, now))
    assert found.names == names
    assert bool(found) == bool(names)
    if sentence:
        assert found.sentence == sentence


def test_only_what_has_changed_is_applied() -> None:
    before, now = item("prompt,longest", "vase,1"), item("prompt,longest", "vase,2")
    by_hand = Finishing(metres=1.0, shading="flat", origin="volume")
    assert change(before, now).applied(by_hand, now) == replace(by_hand, metres=2.0)


def test_size_that_nobody_gives_is_no_change() -> None:
    # A guess may be another one in a later version: that must not finish a whole library again.
    before = AppliedRow.of(item("prompt", "oak barrel"), LIST)
    assert before.settings == {}
    assert not RowChange.between(before, item("prompt", "oak barrel"))


def test_option_of_the_command_counts_like_a_cell() -> None:
    found = change(item("prompt", "vase"), item("prompt", "vase", shading="flat"))
    assert found.names == ("shading",)
    assert not change(item("prompt,shading", "vase,flat"), item("prompt", "vase", shading="flat"))


def test_row_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = PropFolder(tmp_path)
    row = AppliedRow.of(item("prompt,lods,param.size,for", "vase,0.5 0.25,1024,web"), LIST)
    row.write(folder)
    assert AppliedRow.read(folder) == row
    for content in ("", "[]", "{", '{"key": 1}', json.dumps({"name": None, "sent": 3})):
        (tmp_path / "row.json").write_text(content, "utf-8")
        assert AppliedRow.read(folder) is None
    (tmp_path / "row.json").unlink()
    assert AppliedRow.read(folder) is None


def test_picture_is_stored_as_a_hash() -> None:
    (one,) = items("prompt,image", '"vase","data:image/png;base64,' + "A" * 5000 + '"')
    assert len(json.dumps(dict(AppliedRow.of(one, LIST).sent))) < 500


def test_lists_are_known_by_their_place(tmp_path: Path) -> None:
    assert source_of(Path("-")) == ""
    assert source_of(tmp_path / "a.csv") == source_of(tmp_path / "x" / ".." / "a.csv")
    assert source_of(tmp_path / "a.csv") != source_of(tmp_path / "b.csv")


class Store:
    """A library with finished props of items."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.claims = Claims(path)

    def add(self, one: PromptItem, source: str = LIST) -> str:
        name = f"{one.request.prompt}-{one.key[:8]}"
        (self.path / name).mkdir()
        (self.path / name / "prop.json").write_text("{}", "utf-8")
        AppliedRow.of(one, source).write(PropFolder(self.path / name))
        claim = self.claims.take(one.key)
        assert claim
        claim.begin(name)
        claim.done()
        claim.release()
        return name

    def found(self, listed: tuple[PromptItem, ...], source: str = LIST) -> dict[str, Replaced]:
        return replaced(listed, self.claims.finished(), self.claims, self.path, source)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path)
    yield found
    found.claims.close()  # which ends its thread


def test_row_with_another_seed_is_the_same_row(store: Store) -> None:
    header = "prompt,seed,temperature,name"
    first = items(header, "vase,1,,", "vase,2,,Tall", "jug,,,")
    vase, tall, _ = [store.add(one) for one in first]
    now = items(header, "vase,8,,Round", "vase,9,0.5,Tall", "jug,,,", "cup,,,")
    found = store.found(now)
    assert {key: one.prop for key, one in found.items()} == {now[0].key: vase, now[1].key: tall}
    assert [one.fields for one in found.values()] == [("seed",), ("temperature", "seed")]
    assert sentence_of(found.values()) == (
        "2 rows ask for another model than their props have (seed and temperature); "
        "--again makes and pays for them"
    )


def test_rows_that_are_new(store: Store) -> None:
    (first,) = items("prompt,seed", "vase,1")
    store.add(first)
    changed = items("prompt,seed", "vase,2")
    assert len(store.found(changed)) == 1
    # The row of the prop is still there, the list is another one, or it has no place.
    assert store.found((first, *changed)) == {}
    assert store.found(changed, "another list") == {}
    assert store.found(changed, "") == {}
    # The second of two is a new one: there is only one prop.
    assert len(store.found(items("prompt,seed", "vase,2", "vase,3"))) == 1
    # It has been begun, and goes on.
    claim = store.claims.take(changed[0].key)
    assert claim
    claim.begin("vase-begun")
    assert store.found(changed) == {}
    claim.release()
