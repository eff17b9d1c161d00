# SPDX-License-Identifier: GPL-3.0-or-later
"""``farm`` reads the configuration that the machines will read with the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from trellis_addon.headless.cli import run_cli


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[batch]\nhtml = "page.html"\n', "html in trellis.toml would be written by every shard"),
        ('[common]\nscene = "all.blend"\n', "scene in trellis.toml would be written by every"),
        ("[batch]\njobs = 'x'\n", "invalid int value: 'x'"),
    ],
)
def test_what_is_not_for_shards(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "props.txt").write_text("oak barrel\n")
    command = ["farm", "slurm", str(tmp_path / "props.txt"), "--library", str(tmp_path / "lib")]
    assert run_cli(command) == 0
    (tmp_path / "trellis.toml").write_text("[batch]\njobs = 4\n")
    assert run_cli(command) == 0
    (tmp_path / "trellis.toml").write_text(text)
    capsys.readouterr()
    assert run_cli(command) == 2
    assert sentence in capsys.readouterr().err
