# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender with a window, the extension installed from its zip, and a stand-in gateway."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.building import build
from support.launching import Launcher, Seen, own_screen, probe


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything temporary of these tests."""
    return tmp_path_factory.mktemp("desktop")


@pytest.fixture(scope="session")
def launcher(folder: Path) -> Iterator[Launcher]:
    """The Blender of BLENDER with a screen; skips with the reason when there is none."""
    program = os.environ.get("BLENDER", "")
    if not program:
        pytest.skip("BLENDER is not set: make test-desktop BLENDER=/path/to/blender")
    if not shutil.which(program):
        pytest.fail(f"BLENDER={program} is not a program that can be run")
    launcher = Launcher(program, folder)
    around = probe(launcher)
    print(f"\nBlender {around['version']}, Python {around['python']}")
    programs: Any = around["programs"]
    if missing := [name for name, path in programs.items() if not path]:
        pytest.skip(f"not found beside Blender: {', '.join(missing)} (xdotool, ImageMagick)")
    if around["display"]:
        yield launcher
    elif not shutil.which("Xvfb"):
        pytest.skip("there is no DISPLAY, and Xvfb is not installed")
    else:
        with own_screen() as display:
            yield replace(launcher, display=display)


@pytest.fixture(scope="session")
def archive(folder: Path) -> Path:
    """The zip for all platforms, built from the sources as they are."""
    output = folder / "dist"
    build(output, "fat")
    return next(output.glob("trellis-*.zip"))


@pytest.fixture(scope="session")
def new_profile(launcher: Launcher, archive: Path, folder: Path) -> Callable[..., Path]:
    """Makes a fresh user's profile, as a rule with the extension installed by Blender itself."""

    def make(name: str, *, installed: bool = True) -> Path:
        profile = folder / name
        profile.mkdir()
        if not installed:
            return profile
        launcher.install(profile, archive)
        return profile

    return make


@pytest.fixture(scope="session")
def use_window(
    launcher: Launcher, new_profile: Callable[..., Path], folder: Path
) -> Callable[..., Seen]:
    """Runs one script of `inside/` in a window and a profile of its own."""
    keep = os.environ.get("TRELLIS_DESKTOP_PICTURES")

    def use(script: str, *arguments: object, installed: bool = True, **variables: str) -> Seen:
        name = Path(script).stem
        profile, out = new_profile(f"profile {name}", installed=installed), folder / name
        library = folder / f"library of {name}"
        out.mkdir()
        options = ("--out", out, "--library", library, *arguments)
        ended = launcher.window(profile, script, *options, **variables)
        if keep:
            shutil.copytree(out, Path(keep) / name, dirs_exist_ok=True)
        answer = out / "facts.json"
        assert answer.is_file(), f"exit code {ended.code}\n{ended.output}"
        return Seen(json.loads(answer.read_text(encoding="utf-8")), out, library, ended)

    return use
