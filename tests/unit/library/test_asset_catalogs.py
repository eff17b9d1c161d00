# SPDX-License-Identifier: GPL-3.0-or-later
"""The Asset Browser's list of catalogs: ours are added, everything else stays byte for byte."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.processes import LIMIT_SECONDS

from trellis_addon.core.errors import LibraryError
from trellis_addon.library.asset_catalogs import FILE, MAIN, Catalog, ensure, merged
from trellis_addon.library.folder_lock import FolderLock

REPOSITORY = Path(__file__).resolve().parents[3]

THEIRS = (
    b"# Our studio's catalogs, please ask Jo\xc3\xa3o before you change them\n"
    b"VERSION 1\n"
    b"\n"
    b"4f5c1e2a-0d3b-4c1e-9a55-0123456789ab:Studio/Chairs:Studio-Chairs\n"
    b"  a line that is none of ours\n"
    b"\n"
    b"# the end\n"
)


def ours(content: bytes) -> list[str]:
    return [
        line for line in content.decode("utf-8", "replace").splitlines() if line.startswith(MAIN.id)
    ]


def test_the_uuid_is_the_same_for_ever() -> None:
    # It stands in every prop.blend that was ever made: a change would empty the catalog.
    assert MAIN.id == "e9808050-24d9-5f2f-a13e-fd524744d35c"
    assert uuid.UUID(MAIN.id).version == 5
    assert MAIN.line.decode() == f"{MAIN.id}:Trellis:Trellis"


def test_usable_without_pydantic() -> None:
    code = (
        "import sys; sys.modules['pydantic'] = None; sys.modules['bpy'] = None\n"
        "from trellis_addon.library.asset_catalogs import MAIN; print(MAIN.id)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.stdout.strip() == MAIN.id, done.stderr


def test_new_file(tmp_path: Path) -> None:
    library = tmp_path / "not yet there"
    assert ensure(library)
    lines = (library / FILE).read_text("utf-8").splitlines()
    telling = [line for line in lines if line and not line.startswith("#")]
    assert telling == ["VERSION 1", f"{MAIN.id}:Trellis:Trellis"]
    assert [path.name for path in library.iterdir()] == [FILE]
    before = (library / FILE).stat()
    assert not ensure(library)
    assert (library / FILE).stat().st_mtime_ns == before.st_mtime_ns


def test_theirs_stay_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(THEIRS)
    chairs = Catalog("Trellis/Chairs")
    assert ensure(tmp_path, [chairs])
    content = (tmp_path / FILE).read_bytes()
    assert content == THEIRS + MAIN.line + b"\n" + chairs.line + b"\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_are_those_of_the_file(end: bytes, last: bool) -> None:
    start = THEIRS.replace(b"\n", end)
    start = start if last else start.removesuffix(end)
    content = merged(start, [MAIN])
    assert content is not None
    assert content.startswith(start)
    assert content.removeprefix(start).replace(end, b"") == MAIN.line
    assert content.count(b"\n") == content.count(end)


def test_ours_may_be_moved_and_renamed_by_the_user() -> None:
    moved = THEIRS + f"{MAIN.id.upper()}:Studio/From prompts:From prompts\n".encode()
    assert merged(moved, [MAIN]) is None


@pytest.mark.parametrize(
    "content",
    [
        b"VERSION 2\n{}",
        b"VERSION 10\n",
        b"4f5c1e2a-0d3b-4c1e-9a55-0123456789ab:Studio:Studio\n",
        b"\x00\x01\x02",
    ],
)
def test_format_that_is_unknown_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert not ensure(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only words", b"\xef\xbb\xbfVERSION 1\n"])
def test_file_that_is_as_good_as_empty(content: bytes) -> None:
    new = merged(content, [MAIN])
    assert new is not None
    assert content in new
    telling = [line for line in new.splitlines() if line.strip() and not line.startswith(b"#")]
    assert [line.removeprefix(b"\xef\xbb\xbf") for line in telling] == [b"VERSION 1", MAIN.line]


LINE = st.one_of(
    st.binary(max_size=40).filter(lambda line: b"\n" not in line and b"\r" not in line),
    st.just(b"# a comment"),
    st.uuids().map(lambda one: f"{one}:Some/Place:Some-Place".encode()),
)


@given(st.lists(LINE, max_size=12), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_whatever_stands_there_stays(lines: list[bytes], end: bytes, last: bool) -> None:
    content = end.join([b"VERSION 1", *lines]) + (end if last else b"")
    new = merged(content, [Catalog("Trellis/Things")])
    assert new is not None
    assert new.startswith(content)
    assert len(ours(new)) == 1
    assert merged(new, [Catalog("Trellis/Things"), MAIN]) is None


def test_lock_that_stays_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_addon.library.asset_catalogs.LOCK_SECONDS", 0.0)
    with FolderLock.acquire(tmp_path), pytest.raises(LibraryError):
        ensure(tmp_path)
    assert not (tmp_path / FILE).exists()


ADD = """
import sys
from pathlib import Path
from trellis_addon.library import asset_catalogs as catalogs
from trellis_addon.library.asset_catalogs import Catalog, ensure
catalogs.LOCK_SECONDS = 100.0  # a slow disk is not what is tested
sys.stdin.readline()
for number in range(15):
    ensure(Path(sys.argv[1]), [Catalog(f"Trellis/{sys.argv[2]} {number}")])
"""


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(THEIRS)
    adding = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(tmp_path), name],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            text=True,
        )
        for name in ("ants", "bees", "cats")
    ]
    for process in adding:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in adding:
        process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == 0
    content = (tmp_path / FILE).read_bytes()
    assert content.startswith(THEIRS)
    added = content.removeprefix(THEIRS).splitlines()
    assert len(added) == len(set(added)) == 1 + 45
