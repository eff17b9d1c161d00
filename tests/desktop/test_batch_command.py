# SPDX-License-Identifier: GPL-3.0-or-later
"""Door 1, `blender --command trellis batch`: an installed extension, no window."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from gateway import StandInGateway
from support.launching import Launcher

PROMPTS = ("oak barrel", "stone vase")


def test_batch_as_a_command_of_blender(
    launcher: Launcher, new_profile: Callable[[str], Path], folder: Path
) -> None:
    profile, home = new_profile("profile batch"), folder / "batch list"
    home.mkdir()
    file, library, report = home / "props.txt", home / "library", home / "report.jsonl"
    file.write_text("\n".join(PROMPTS), "utf-8")
    words = ("--online-mode", "--command", "trellis", "batch", file, "--library", library)
    with StandInGateway(triangles=2000, texture=64) as gateway:
        variables = {
            "AIGATEWAY_API_KEY": "sk-aig-test-desktop",
            "AIGATEWAY_BASE_URL": gateway.base_url,
        }
        first = launcher.run(profile, *words, "--report", report, **variables)
        assert first.code == 0, first.output
        assert "2 ready" in first.output
        again = launcher.run(profile, *words, "--report", report, **variables)
        assert again.code == 0, again.output
        assert "2 already there" in again.output
        assert len(gateway.requests_to("POST /v1/chat/completions")) == len(PROMPTS)
        file.write_text("prompt;seed\nvase;minus one\n", "utf-8")
        bad = launcher.run(profile, *words, "--format", "csv", **variables)
        assert bad.code == 2, bad.output
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines() if line]
    assert [line["status"] for line in lines] == ["done"] * 2 + ["skipped"] * 2
    assert len(list(library.glob("*/prop.blend"))) == len(PROMPTS)
