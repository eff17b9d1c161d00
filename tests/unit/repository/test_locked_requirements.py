# SPDX-License-Identifier: GPL-3.0-or-later
"""The locks name everything by hash and nothing by address, and agree with what is bundled."""

import re
import sys
from importlib import metadata
from pathlib import Path

import fetch
import pytest
from environments import PYTHON_OF, WITH_LINT, Environment

ROOT = Path(__file__).resolve().parents[3]
LOCKS = [*sorted((ROOT / ".ci" / "requirements").glob("*.txt")), fetch.LOCK]


def entries(lock: Path) -> list[str]:
    """A lock's requirements, continued lines joined, comments left out."""
    text = lock.read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def versions(lock: Path) -> dict[str, str]:
    """Package to version."""
    return {name: package.version for name, package in fetch.read_lock(lock).items()}


def test_every_blender_has_a_lock() -> None:
    assert {Environment(version).lock for version in PYTHON_OF} <= set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_entry_is_pinned_and_hashed(lock: Path) -> None:
    form = r"[a-z0-9-]+==[\w.+]+(?: ; [^;]+?)?(?:\s+--hash=sha256:[0-9a-f]{64})+\s*"
    assert entries(lock)
    assert [entry for entry in entries(lock) if not re.fullmatch(form, entry)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_option_and_no_address(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE)


@pytest.mark.parametrize("version", PYTHON_OF)
def test_environments_hold_what_is_bundled(version: str) -> None:
    bundled = versions(fetch.LOCK)
    locked = versions(Environment(version).lock)
    assert {name: locked.get(name) for name in bundled} == bundled


@pytest.mark.parametrize("version", PYTHON_OF)
def test_lock_is_for_that_blender(version: str) -> None:
    locked = versions(Environment(version).lock)
    assert locked["bpy"].startswith(version + ".")
    assert ("ruff" in locked) == ("mypy" in locked) == (version in WITH_LINT)


def test_this_environment_is_as_locked() -> None:
    version = ".".join(metadata.version("bpy").split(".")[:2])
    locked = versions(Environment(version).lock)
    installed = {
        d.name.lower().replace("_", "-").replace(".", "-"): d.version
        for d in metadata.distributions()
    }
    # Entries with a marker may be for other systems.
    entry_names = {e.split("==")[0] for e in entries(Environment(version).lock) if " ; " not in e}
    assert {name: installed.get(name) for name in entry_names} == {
        name: locked[name] for name in entry_names
    }
    assert f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON_OF[version]


def test_bundled_packages_need_nothing_else() -> None:
    from packaging.requirements import Requirement

    bundled = versions(fetch.LOCK)
    newest = Environment(list(PYTHON_OF)[-1]).lock
    here = {entry.split("==")[0] for entry in entries(newest) if " ; " not in entry}
    systems = [{"extra": "", "platform_system": s} for s in ("Linux", "Windows", "Darwin")]
    for name in sorted(here & set(bundled)):
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate(system) for system in systems):
                needed = requirement.name.lower().replace("_", "-")
                assert needed in bundled, f"{name} needs {needed}"
                assert requirement.specifier.contains(bundled[needed]), text
