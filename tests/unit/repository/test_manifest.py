# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest holds to Blender's rules, also those that its own validator does not check."""

import re
import tomllib
from pathlib import Path
from typing import Any

import fetch
import pytest
from package import WHEEL_PLATFORM, wheel_fits

ROOT = Path(__file__).resolve().parents[3]
MANIFEST: dict[str, Any] = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
PLATFORMS = {name.replace("_", "-") for name in WHEEL_PLATFORM}


def short_texts() -> dict[str, str]:
    """The texts that Blender shows in one line."""
    permissions: dict[str, str] = MANIFEST["permissions"]
    return {"tagline": MANIFEST["tagline"]} | permissions


@pytest.mark.parametrize(("where", "text"), short_texts().items())
def test_short_texts_fit_one_line(where: str, text: str) -> None:
    assert 1 <= len(text) <= 64, where
    assert text == text.strip()
    assert text[-1].isalnum() or text[-1] == ")", "must not end in punctuation"


def test_identity() -> None:
    assert MANIFEST["schema_version"] == "1.0.0"
    assert MANIFEST["id"] == "trellis"
    assert MANIFEST["type"] == "add-on"
    assert MANIFEST["license"] == ["SPDX:GPL-3.0-or-later"]
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[a-z0-9.]+)?", MANIFEST["version"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["blender_version_min"])


def test_permissions_are_known() -> None:
    assert set(MANIFEST["permissions"]) == {"network", "files"}


def test_platforms_are_spelled_as_blender_does() -> None:
    assert set(MANIFEST["platforms"]) == PLATFORMS
    assert len(MANIFEST["platforms"]) == len(PLATFORMS)


def test_no_unknown_keys() -> None:
    # Blender accepts them silently, so a typing error would go unnoticed.
    known = "schema_version id version name tagline maintainer type tags license copyright"
    known += " blender_version_min platforms wheels permissions build website"
    assert set(MANIFEST) <= set(known.split())
    assert set(MANIFEST["build"]) == {"paths_exclude_pattern"}


def test_wheels_are_those_of_the_lock() -> None:
    lock = fetch.read_lock()
    wheels: dict[str, list[str]] = {name: [] for name in lock}
    for wheel in fetch.manifest_wheels():
        package = fetch.package_of(wheel, lock)
        assert package is not None, f"{wheel} is not in vendor/requirements.txt"
        wheels[package.name].append(wheel)
    counts = {name: len(files) for name, files in wheels.items()}
    assert counts == {name: len(package.hashes) for name, package in lock.items()}


def test_wheels_are_listed_by_path_in_vendor() -> None:
    assert all(re.fullmatch(r"\./vendor/[\w.-]+\.whl", wheel) for wheel in MANIFEST["wheels"])
    assert len(set(MANIFEST["wheels"])) == len(MANIFEST["wheels"])


@pytest.mark.parametrize("platform", sorted(WHEEL_PLATFORM))
def test_wheel_with_the_stable_abi_for_every_platform(platform: str) -> None:
    psutil = [w for w in fetch.manifest_wheels() if w.startswith("psutil-")]
    (wheel,) = (w for w in psutil if wheel_fits(w, platform))
    assert "-abi3-" in wheel


@pytest.mark.parametrize("platform", sorted(WHEEL_PLATFORM))
@pytest.mark.parametrize("tag", ["cp311", "cp313"])
def test_compiled_wheel_for_every_blender(platform: str, tag: str) -> None:
    compiled = [w for w in fetch.manifest_wheels() if w.startswith("pydantic_core-")]
    fitting = [w for w in compiled if f"-{tag}-{tag}-" in w and wheel_fits(w, platform)]
    assert len(fitting) == 1


def test_every_package_is_described() -> None:
    for document in ("README.md", "LICENSES.md"):
        text = (ROOT / "vendor" / document).read_text("utf-8")
        rows = set(re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE)) - {"package"}
        assert rows == set(fetch.read_lock()), document


def test_described_versions_are_the_locked_ones() -> None:
    text = (ROOT / "vendor" / "README.md").read_text("utf-8")
    described = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([0-9][^ ]*) \|", text, re.MULTILINE))
    assert described == {name: package.version for name, package in fetch.read_lock().items()}
