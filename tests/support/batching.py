# SPDX-License-Identifier: GPL-3.0-or-later
"""`trellis batch` in processes of its own, and what the gateway and the library have seen of it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gateway import Gate, StandInGateway
from gateway import actions as do

from .processes import LIMIT_SECONDS, REPOSITORY, Ended, ended, start
from .rooms import KEY, props
from .stopping import hearing

CHAT, FILES = "POST /v1/chat/completions", "GET /v1/files/*"
PROMPTS = ("red mushroom", "oak barrel", "stone vase")
MODULE: tuple[str | Path, ...] = ("-m", "trellis_addon")
SCRIPT: tuple[str | Path, ...] = (REPOSITORY / "trellis_addon" / "headless" / "run.py", "--")

ONE_TRY = ("--retry", "0", "--give-up-after", "0")


class Bench:
    """A gateway, a file of prompts and a library."""

    def __init__(
        self, gateway: StandInGateway, home: Path, door: Sequence[str | Path] = MODULE
    ) -> None:
        self.door = door
        self.gateway = gateway
        self.home = home
        self.library = home / "library"
        self.file = home / "props.txt"
        self.file.write_text("\n".join(PROMPTS), "utf-8")
        self.variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}

    def arguments(self, *options: object) -> list[object]:
        """The command, which tries each item once unless the options say otherwise."""
        where = ["--library", self.library, "--json", *ONE_TRY]
        return [*self.door, "batch", self.file, *where, *options]

    def start(self, *options: object) -> subprocess.Popen[str]:
        return start(self.arguments(*options), self.home, **hearing(self.home), **self.variables)

    def run(self, *options: object) -> Ended:
        return ended(self.start(*options))

    def killed_in_the_download(self) -> None:
        """Run, and be killed while the first model is on its way."""
        gate = Gate()
        self.gateway.script.on(FILES, do.hold(gate, at=20_000))
        process = self.start()
        assert gate.reached.wait(LIMIT_SECONDS)
        process.kill()
        ended(process)
        gate.release()

    @property
    def sent(self) -> Counter[str]:
        """How often each prompt has reached the gateway."""
        bodies = [json.loads(r.body) for r in self.gateway.requests_to(CHAT)]
        return Counter(body["messages"][-1]["content"] for body in bodies)

    @property
    def keys(self) -> Counter[str]:
        """How often each idempotency key has: by these the gateway knows a repetition."""
        return Counter(r.headers["idempotency-key"] for r in self.gateway.requests_to(CHAT))

    @property
    def ready(self) -> list[str]:
        """The prompts of all finished props; a prop made twice stands here twice."""
        found = [json.loads((p / "prop.json").read_text("utf-8")) for p in props(self.library)]
        return sorted(r["request"]["prompt"] for r in found if r["state"] == "ready")


def sums(done: Ended) -> dict[str, Any]:
    """The last line: what became of all."""
    assert done.last["event"] == "summary", done.explain()
    names = ("done", "failed", "skipped", "cancelled")
    return {name: done.last[name] for name in names if done.last[name]}


def held_at_gate(bench: Bench) -> Iterator[Gate]:
    """For a fixture: a gate at which the first request waits."""
    made = Gate()
    bench.gateway.script.on(CHAT, do.hold(made))
    yield made
    made.release()
