# SPDX-License-Identifier: GPL-3.0-or-later
"""Which .blend of a prop a Blender links, by the record alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trellis_addon.core.events import State
from trellis_addon.library.blend_versions import (
    BlendChoice,
    blend_for,
    can_read,
    folders_in_use,
    is_blend_name,
    made_changes,
    name_for,
    parse_version,
    readable_by,
    stale_files,
    writer_of,
)
from trellis_addon.library.record import FileEntry, PropRecord, Step

REPOSITORY = Path(__file__).resolve().parents[3]
ENTRY = FileEntry(sha256="0", bytes=1)

# Rows: who wrote it; columns: who reads. Each of these was tried with real files.
READS = {
    (4, 2): {(4, 2): True, (4, 5): True, (5, 0): True, (5, 2): True},
    (4, 5): {(4, 2): True, (4, 5): True, (5, 0): True, (5, 2): True},
    (5, 0): {(4, 2): False, (4, 5): True, (5, 0): True, (5, 2): True},
    (5, 2): {(4, 2): False, (4, 5): True, (5, 0): True, (5, 2): True},
}


def record(*names: str, prop: dict[str, Any] | None = None) -> PropRecord:
    return PropRecord(
        schema=1,
        id="oak-0123abcd",
        state=State.READY,
        created="t",
        request={},
        history=(Step(state=State.READY, time="t"),),
        files=dict.fromkeys(("model.glb", *names), ENTRY),
        prop=prop or {},
    )


def whole(_name: str) -> bool:
    return True


@pytest.mark.parametrize("writer", READS)
@pytest.mark.parametrize("reader", READS)
def test_who_reads_what(writer: tuple[int, int], reader: tuple[int, int]) -> None:
    assert can_read(writer, reader) is READS[writer][reader]
    assert can_read((*writer, 23), (*reader, 1)) is READS[writer][reader]
    text = f"{writer[0]}.{writer[1]}.3"
    assert readable_by(record(prop={"blender": text}), reader) is READS[writer][reader]


@pytest.mark.parametrize(
    ("writer", "reader", "reads"),
    [
        ((5, 0), (4, 3), False),
        ((5, 0), (4, 4), False),
        ((6, 0), (5, 2), False),
        ((6, 0), (4, 5), False),
    ],
)
def test_who_reads_what_beyond(writer: Any, reader: Any, reads: bool) -> None:
    assert can_read(writer, reader) is reads


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("5.2.3", (5, 2, 3)),
        ("5.2.3 LTS", (5, 2, 3)),
        ("4.2", (4, 2)),
        ("", None),
        ("five", None),
        (None, None),
        (5.2, None),
        ([5, 2], None),
    ],
)
def test_parse_version(text: object, version: Any) -> None:
    assert parse_version(text) == version


def test_usual_case_is_prop_blend() -> None:
    made = record("prop.blend", prop={"blender": "5.2.3"})
    assert blend_for(made, (5, 0, 1), whole) == BlendChoice("prop.blend", make=False)
    assert blend_for(made, (4, 5, 15), whole) == BlendChoice("prop.blend", make=False)


def test_file_that_is_gone_is_to_be_made_under_its_own_name() -> None:
    made = record("prop.blend", prop={"blender": "5.2.3"})
    assert blend_for(made, (5, 2, 3), lambda _: False) == BlendChoice("prop.blend", make=True)
    assert blend_for(record(), (4, 2, 0), lambda _: False) == BlendChoice("prop.blend", make=True)


def test_older_blender_makes_its_own() -> None:
    made = record("prop.blend", prop={"blender": "5.2.3"})
    assert blend_for(made, (4, 2, 23), whole) == BlendChoice("prop-4.2.blend", make=True)
    assert name_for((4, 3, 2)) == "prop-4.3.blend"
    changes = made_changes(made, "prop-4.2.blend", {"blender": "4.2.23"}, {"prop-4.2.blend": ENTRY})
    made = made.model_copy(update=changes)
    assert blend_for(made, (4, 2, 0), whole) == BlendChoice("prop-4.2.blend", make=False)
    assert blend_for(made, (4, 4, 0), whole) == BlendChoice("prop-4.2.blend", make=False)
    assert blend_for(made, (5, 0, 0), whole) == BlendChoice("prop.blend", make=False)
    gone = lambda name: name != "prop-4.2.blend"  # noqa: E731
    assert blend_for(made, (4, 2, 0), gone) == BlendChoice("prop-4.2.blend", make=True)


def test_newest_of_several_is_taken() -> None:
    names = ("prop.blend", "prop-4.2.blend", "prop-4.4.blend", "prop-3.6.blend", "prop-x.blend")
    made = record(*names, prop={"blender": "5.0.0"})
    assert blend_for(made, (4, 4, 0), whole).name == "prop-4.4.blend"
    assert blend_for(made, (4, 3, 0), whole).name == "prop-4.4.blend"
    assert writer_of(made, "prop-4.4.blend") == (4, 4)
    assert writer_of(made, "prop-x.blend") is None


def test_making_for_oneself_leaves_the_first_alone() -> None:
    prop = {"blender": "5.2.3", "collection": "Oak", "of_tomorrow": 1}
    made = record("prop.blend", prop=prop)
    changes = made_changes(made, "prop-4.2.blend", {"blender": "4.2.1"}, {"prop-4.2.blend": ENTRY})
    assert set(changes["files"]) == {"model.glb", "prop.blend", "prop-4.2.blend"}
    assert changes["prop"] == {**prop, "blends": {"prop-4.2.blend": {"blender": "4.2.1"}}}


def test_making_prop_blend_anew_drops_the_others() -> None:
    prop = {
        "blender": "5.2.3",
        "of_tomorrow": 1,
        "blends": {"prop-4.2.blend": {"blender": "4.2.1"}},
    }
    made = record("prop.blend", "prop-4.2.blend", prop=prop)
    assert stale_files(made) == ("prop-4.2.blend",)
    changes = made_changes(made, "prop.blend", {"blender": "5.2.4"}, {"prop.blend": ENTRY})
    assert set(changes["files"]) == {"model.glb", "prop.blend"}
    assert changes["prop"] == {"blender": "5.2.4", "of_tomorrow": 1}


def test_textures_of_the_others_stay() -> None:
    prop = {
        "files": ["textures/wood.png", "textures/iron.png"],
        "blends": {
            "prop-4.2.blend": {"files": ["textures-2/wood.png"]},
            "prop-4.4.blend": {"files": ["textures-3/wood.png", 7, "loose.png"]},
            "strange": None,
        },
    }
    made = record("prop.blend", prop=prop)
    assert folders_in_use(made, "prop.blend") == {"textures-2", "textures-3"}
    assert folders_in_use(made, "prop-4.2.blend") == {"textures", "textures-3"}
    assert folders_in_use(made, "prop-4.3.blend") == {"textures", "textures-2", "textures-3"}
    assert folders_in_use(record(), "prop-4.2.blend") == set()


@pytest.mark.parametrize("blends", [None, [], "x", {"prop-4.2.blend": 3}])
def test_strange_record_is_no_harm(blends: Any) -> None:
    made = record("prop.blend", "prop-4.2.blend", prop={"blender": "5.2.3", "blends": blends})
    assert blend_for(made, (4, 2, 0), whole) == BlendChoice("prop-4.2.blend", make=False)
    assert folders_in_use(made, "prop-4.4.blend") == set()
    made_changes(made, "prop-4.4.blend", {}, {})


def test_names() -> None:
    assert all(map(is_blend_name, ("prop.blend", "prop-4.2.blend", "prop-10.11.blend")))
    assert not any(
        map(is_blend_name, ("prop.blend1", "prop-4.blend", "x.blend", "prop-4.2.blend.part"))
    )


def test_usable_without_pydantic() -> None:
    code = "import sys; sys.modules['pydantic'] = None; import trellis_addon.library.blend_versions"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
