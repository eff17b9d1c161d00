# SPDX-License-Identifier: GPL-3.0-or-later
"""Many generations with many faults in one process, and what is left of it: `make soak`.

    python tests/soak.py [--count 1000] [--jobs 8] [--seed 1] [--share 0.2] [--kills 5]

A batch runs through the stand-in, whose answers are wrong for one generation in five; now and then
the background Blender is killed. Then the same batch runs once more with a gateway that is well.
True are then: each generation has ended in a prop or in an error with a name; after the second run
all are props, but for models that cannot be used; nothing was paid for twice; memory, open files,
threads and processes of the product are where they were. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import gc
import json
import os
import queue
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from support.processes import REPOSITORY, environment, workers  # noqa: E402
from support.rooms import KEY  # noqa: E402

WARM_UP = 16
GROWTH_BYTES = 48 << 20
"""What the product's process may hold more after all: caches, and what the C library keeps."""
STUCK_SECONDS = 300.0
"""A child in which nothing has ended for so long says where its threads are, and is killed."""
ENDS = ("finished", "failed", "cancelled", "skipped")
WORDS = "oak barrel", "stone vase", "red mushroom", "wooden crate", "brass lantern", "small chair"


# --- inside the product's process


def state() -> dict[str, int]:
    """What a process holds."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    tasks = [len(list(Path(f"/proc/self/{name}").iterdir())) for name in ("fd", "task")]
    return {
        "bytes": pages * os.sysconf("SC_PAGE_SIZE"),
        "files": tasks[0] - 1,  # the one that lists them
        "threads": tasks[1],
        "python_threads": threading.active_count(),
        "processes": len(workers(os.getpid())),
    }


def inside(folder: Path, jobs: int) -> None:
    """Warm up, measure, run the batch twice, measure. Asks its parent to go on between."""
    from trellis_addon.headless.cli import run_cli

    faulthandler.register(signal.SIGUSR1)

    def batch(name: str) -> int:
        library = ["--library", str(folder / "library"), "--json", "--jobs", str(jobs)]
        # One try, as each item is to end once; the next run takes up what has failed.
        tries = ["--retry", "0", "--give-up-after", "2m"]
        return run_cli(["batch", str(folder / name), *library, *tries])

    batch("warm.txt")
    before = state()
    for number in range(2):
        print(json.dumps({"event": "begins", "run": number}), flush=True)
        sys.stdin.readline()
        code = batch("props.txt")
        print(json.dumps({"event": "ran", "code": code}), flush=True)
    print(json.dumps({"event": "held", "before": before, "after": state()}), flush=True)
    sys.stdout.flush()
    os._exit(0)


# --- outside


@dataclass
class Soaked:
    """What a soak has found."""

    count: int
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: list[Counter[str]] = field(default_factory=lambda: [Counter(), Counter()])
    wrong: list[str] = field(default_factory=list)
    payments: int = 0
    twice: int = 0
    killed: int = 0
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    printed: str = ""
    """The last of what the child has printed for people."""

    def report(self) -> str:
        """For people."""
        lines = [f"{self.count} generations, {sum(self.faults.values())} met a fault:"]
        lines += [f"  {count:4} {kind}" for kind, count in sorted(self.faults.items())]
        lines.append(f"  {self.killed:4} times the background Blender was killed")
        for title, outcomes in zip(("with faults", "run again"), self.outcomes, strict=True):
            told = ", ".join(f"{count} {name}" for name, count in outcomes.most_common())
            lines.append(f"{title}: {told}")
        lines.append(f"payments: {self.payments}; {self.twice} of them for a second model")
        for name, value in self.before.items():
            unit, scale = ("MB", 1e6) if name == "bytes" else (name, 1)
            now = self.after[name]
            lines.append(f"{name}: {value / scale:.0f} before, {now / scale:.0f} after {unit}")
        lines += [f"WRONG: {one}" for one in self.wrong]
        return "\n".join([*lines, self.printed] if self.wrong else lines)


class Runs:
    """The child's two runs, as it tells them."""

    def __init__(self, soaked: Soaked, process: subprocess.Popen[str], chance: random.Random):
        self.ends: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self.lines: dict[str, int] = {}
        """Prop -> the line of its prompt, from 1."""
        self._soaked = soaked
        self._process = process
        self._chance = chance
        self._kills: set[int] = set()
        self._due = 0
        """Kills that are still to come."""

    def listen(self, faults: Any, kills: int) -> None:
        """Hear the child to its end."""
        assert self._process.stdout
        run = -1
        for line in self._lines_in_time():
            event = json.loads(line)
            match event["event"]:
                case "begins":
                    run = event["run"]
                    faults.over = run == 1
                    ends = range(1, self._soaked.count // 2 + 1)
                    self._kills = set(self._chance.sample(ends, kills))
                    self._process.stdin.write("\n")  # type: ignore[union-attr]
                    self._process.stdin.flush()  # type: ignore[union-attr]
                case "item":
                    self.lines[event["id"]] = event["line"]
                case name if name in ENDS and run >= 0:
                    self._end(event, run)
                case "retry" if run >= 0:
                    # The end before it was none: the gateway could not be reached.
                    self._soaked.outcomes[run] -= Counter([self.ends[run].pop(str(event["id"]))])
                case "held":
                    self._soaked.before, self._soaked.after = event["before"], event["after"]

    def _lines_in_time(self) -> Iterator[str]:
        """The child's lines; one that is stuck is ended, with its threads in `stderr.txt`."""
        assert self._process.stdout
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

        def read(stream: Iterable[str]) -> None:
            for line in stream:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=read, args=(self._process.stdout,), daemon=True).start()
        deadline = time.monotonic() + STUCK_SECONDS
        while True:
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                stacks = map(traceback.format_stack, sys._current_frames().values())
                here = "\n".join("".join(stack) for stack in stacks)
                self._soaked.wrong.append(f"the child was stuck; the gateway's process:\n{here}")
                self._process.send_signal(signal.SIGUSR1)
                time.sleep(5)  # it writes in its own time
                return
            if line is None:
                return
            if '"id"' not in line or json.loads(line)["event"] in ENDS:
                deadline = time.monotonic() + STUCK_SECONDS
            yield line

    def _end(self, event: dict[str, Any], run: int) -> None:
        name, prop = event["event"], str(event.get("id"))
        if name == "failed":
            error = event["error"]
            name = str(error["kind"])
            if not (error["message"] and error["next_step"]) or name in ("internal", "error"):
                self._soaked.wrong.append(f"{prop} failed without a name: {error}")
        if prop in self.ends[run]:
            self._soaked.wrong.append(f"{prop} ended twice")
        self.ends[run][prop] = name
        self._soaked.outcomes[run][name] += 1
        if run == 0:
            self._due += len(self.ends[0]) in self._kills
            if self._due:
                self._kill()

    def _kill(self) -> None:
        """Kill the background Blender; if there is none just now, the next end is tried."""
        for pid in workers(self._process.pid):
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(pid, signal.SIGKILL)
                self._soaked.killed += 1
                self._due -= 1
                return


def soak(
    folder: Path, count: int, jobs: int = 8, seed: int = 1, share: float = 0.2, kills: int = 5
) -> Soaked:
    """Run it."""
    from gateway import StandInGateway
    from support.soak_faults import Faults

    soaked = Soaked(count)
    prompts = [f"{WORDS[n % len(WORDS)]} number {n}" for n in range(count)]
    (folder / "props.txt").write_text("\n".join(prompts), "utf-8")
    warm = [f"warm vase number {n}" for n in range(WARM_UP)]
    (folder / "warm.txt").write_text("\n".join(warm), "utf-8")
    with StandInGateway(triangles=300, texture=64) as gateway:
        faults = Faults(gateway, seed, share)
        faults.over = True
        variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}
        with (folder / "stderr.txt").open("wb") as printed:
            process = subprocess.Popen(
                [sys.executable, __file__, "--inside", str(folder), "--jobs", str(jobs)],
                cwd=REPOSITORY,
                env=environment(folder, **variables),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                encoding="utf-8",
            )
            runs = Runs(soaked, process, random.Random(seed))
            try:
                runs.listen(faults, kills)
            finally:
                process.kill()
                process.communicate()
        soaked.faults = faults.met
        soaked.printed = (folder / "stderr.txt").read_text("utf-8", "replace")[-20_000:]
        _judge(soaked, runs, gateway, prompts, folder)
    return soaked


def _judge(soaked: Soaked, runs: Runs, gateway: Any, prompts: list[str], folder: Path) -> None:
    records = [
        json.loads(path.read_text("utf-8")) for path in (folder / "library").glob("*/prop.json")
    ]
    ready = Counter(r["request"]["prompt"] for r in records if r["state"] == "ready")
    paid = Counter(one.prompt for one in gateway.payments)
    soaked.payments = sum(paid[prompt] for prompt in prompts)
    soaked.twice = soaked.payments - sum(min(1, paid[prompt]) for prompt in prompts)
    for number, ends in enumerate(runs.ends):
        if len(ends) != soaked.count:
            soaked.wrong.append(f"run {number}: {len(ends)} ends of {soaked.count}")
    # One whose model is there and cannot be used stays, is not paid for again, and says so again.
    unusable = {
        prompts[runs.lines[prop] - 1] for prop, end in runs.ends[1].items() if end == "bad_file"
    }
    for prompt in prompts:
        if ready[prompt] != (prompt not in unusable):
            soaked.wrong.append(f"{prompt}: {ready[prompt]} props")
        if paid[prompt] != 1:
            told = [_told(r) for r in records if r["request"]["prompt"] == prompt]
            soaked.wrong.append(f"{prompt}: paid {paid[prompt]} times: {told}")
    grown = soaked.after.get("bytes", 1 << 60) - soaked.before.get("bytes", 0)
    if grown > GROWTH_BYTES:
        soaked.wrong.append(f"{grown / 1e6:.0f} MB more")
    for name in ("files", "threads", "python_threads", "processes"):
        if soaked.after.get(name) != soaked.before.get(name):
            soaked.wrong.append(f"{name} are not where they were")


def _told(record: dict[str, Any]) -> str:
    error = record["error"] or {"kind": ""}
    return f"{record['state']} {error['kind']} after {[s['note'] for s in record['history']]}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Many generations with many faults.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.inside, options.jobs)
    with tempfile.TemporaryDirectory(prefix="trellis soak ") as folder:
        soaked = soak(
            Path(folder), options.count, options.jobs, options.seed, options.share, options.kills
        )
    print(soaked.report())
    return 1 if soaked.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
