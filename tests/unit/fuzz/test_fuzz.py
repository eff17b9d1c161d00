# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile bytes: the corpus, the same mutations of it in every run, and what must stay linear.

`make fuzz` goes on where this ends; what it finds is stored in the corpus and run here.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from fuzz import mutating, run
from fuzz.targets import TARGETS, Target
from hypothesis import given, settings
from hypothesis import strategies as st
from support.processes import REPOSITORY
from support.systems import first_system_only

MUTATIONS = {
    "answer": 700,
    "coding": 1500,
    "echo": 600,
    "location": 3000,
    "error_body": 4000,
    "retry_after": 10_000,
    "glb": 2000,
    "gltf": 1200,
    "obj": 150,
    "usd": 1500,
    "fbx": 1500,
    "beside": 1500,
    "picture": 10_000,
    "splat": 3000,
    "archive": 600,
    "prompts": 800,
    "record": 4000,
    "name": 1500,
}
"""About two seconds each, so only a tenth of them is run by ``make test``."""
SEED = 7


@pytest.mark.parametrize("name", TARGETS)
def test_corpus(name: str) -> None:
    files = mutating.corpus(name)
    assert len(files) >= 5
    for data in files:
        TARGETS[name].run(data)


def mutate(name: str, count: int) -> None:
    target = TARGETS[name]
    for data in islice(mutating.inputs(mutating.corpus(name), target.words, SEED), count):
        target.run(data)


@first_system_only
@pytest.mark.parametrize("name", TARGETS)
def test_mutations(name: str) -> None:
    mutate(name, MUTATIONS[name] // 10)


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_many_mutations(name: str) -> None:
    mutate(name, MUTATIONS[name])


@first_system_only
@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60)
@given(data=st.binary(max_size=400))
def test_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


def test_mutations_are_the_same_for_a_seed_and_differ_otherwise() -> None:
    def drawn(seed: int) -> list[bytes]:
        target = TARGETS["glb"]
        return list(islice(mutating.inputs(mutating.corpus("glb"), target.words, seed), 50))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert len(set(drawn(1))) > 40


def test_crash_is_stored_in_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(data: bytes) -> None:
        raise KeyError(data[:3])

    (tmp_path / "weak").mkdir()
    (tmp_path / "weak" / "seed").write_bytes(b"abc")
    monkeypatch.setattr(mutating, "CORPUS", tmp_path)
    monkeypatch.setattr(run, "limit_memory", lambda: None)
    assert run.by_chance(Target("weak", falls), 60.0, 1) == 1
    stored = [path for path in (tmp_path / "weak").iterdir() if path.name.startswith("crash-")]
    assert 1 <= len(stored) <= 5
    with pytest.raises(KeyError):
        falls(stored[0].read_bytes())


@first_system_only
def test_make_fuzz_tells_how_many_inputs_it_ran() -> None:
    command = [sys.executable, "tests/fuzz/run.py", "--minutes", "0.02", "--only", "retry_after"]
    done = subprocess.run(
        [*command, "--chance", "--seed", "1"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "retry_after: " in done.stdout
    assert " inputs, no crash" in done.stdout
    assert "retry_after: 0 inputs" not in done.stdout
