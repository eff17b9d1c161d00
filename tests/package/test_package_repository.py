# SPDX-License-Identifier: GPL-3.0-or-later
"""The static repository: Blender installs the extension from it, and updates it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.building import NEXT, newer  # isort: skip
from support.isolated import Profile  # isort: skip

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".ci"))

from package import PackageError
from repository import check_release, version, write_index


def test_installed_and_updated_from_a_folder(
    archive: Path, new_profile: Callable[[], Profile], tmp_path: Path
) -> None:
    (tmp_path / archive.name).write_bytes(archive.read_bytes())
    write_index(tmp_path)
    profile, url = new_profile(), (tmp_path / "index.json").as_uri()
    installed = profile.run("from_repository.py", url, "install")
    assert installed.code == 0, installed.explain()
    assert installed.facts["done"] == ["FINISHED"], installed.explain()
    assert installed.facts["check"] == [True, True], installed.explain()
    assert f'version = "{version()}"' in installed.facts["manifest"]
    newer(archive, tmp_path)
    (tmp_path / archive.name).unlink()
    write_index(tmp_path)
    updated = profile.run("from_repository.py", url, "update")
    assert updated.code == 0, updated.explain()
    assert f'version = "{NEXT}"' in updated.facts["manifest"], updated.explain()
    assert updated.facts["check"] == [True, True], updated.explain()


def test_index_says_what_is_there(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError):
        write_index(tmp_path)
    (tmp_path / archive.name).write_bytes(archive.read_bytes())
    write_index(tmp_path)
    (entry,) = json.loads((tmp_path / "index.json").read_text("utf-8"))["data"]
    assert (entry["id"], entry["version"]) == ("trellis", version())
    assert entry["archive_size"] == archive.stat().st_size
    assert (tmp_path / "index.html").is_file()


@pytest.mark.parametrize(
    ("tag", "changelog", "fault"),
    [
        ("v1.2.3", "# Changelog\n\n## 1.2.3\n\n- All of it.\n", None),
        ("1.2.3", "## 1.2.3\n\n- All of it.\n", "the tag is 1.2.3"),
        ("v1.2.4", "## 1.2.4\n\n- All of it.\n", "the manifest says 1.2.3"),
        ("v1.2.3", "## 1.2.2\n\n- Before.\n", "no entry"),
        ("v1.2.3", "## 1.2.3\n\n## 1.2.2\n\n- Before.\n", "no entry"),
        ("v1.2.3", "## 1.2.30\n\n- Another.\n", "no entry"),
    ],
)
def test_what_may_be_released(tag: str, changelog: str, fault: str | None) -> None:
    if fault is None:
        check_release(tag, changelog, "1.2.3")
        return
    with pytest.raises(PackageError, match=re.escape(fault)):
        check_release(tag, changelog, "1.2.3")
