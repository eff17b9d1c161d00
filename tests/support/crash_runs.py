# SPDX-License-Identifier: GPL-3.0-or-later
"""One library, one gateway, and processes that are stopped at exact steps and then ended."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from gateway import Gate, StandInGateway
from gateway import actions as do

from support.crash_steps import STEPS, Step
from support.processes import REPOSITORY, Ended, environment, run, workers
from support.rooms import KEY

if sys.platform != "win32":
    import fcntl

HERE = Path(__file__).resolve().parent
SECONDS = 90.0
"""How long a step is waited for: far beyond what any takes."""
HALF = 130_000
"""Bytes at which the half-written .blend ends: more than the picture has, less than the prop."""

RECORD = r"/prop\.json$"
LOCK = ".lock"
"""In a prop's folder, for as long as somebody works there."""


def stop(step: Step, event: str, path: str, **more: Any) -> dict[str, Any]:
    """A stop inside a process; see `crash_inside/sitecustomize.py`."""
    where = f"/{step.slug}-[0-9a-f]{{8}}{path}"
    return {"name": step.key, "process": "main", "event": event, "path": where, **more}


def stops(*, limit: bool = False) -> list[dict[str, Any]]:
    """All stops inside processes. `limit`: the .blend may have so many bytes and no more."""
    state = r'"state": "{}"'
    ready = r'"state": "ready"(.|\n)*"seconds": \d'
    half: dict[str, Any] = {"process": "worker"} | ({"limit": HALF} if limit else {})
    s = STEPS
    return [
        stop(s["before-send"], "os.rename", RECORD, text=state.format("sending")),
        stop(s["accepted"], "os.rename", RECORD, text=state.format("waiting")),
        stop(s["answered"], "os.rename", r"/model\.glb$"),
        stop(s["downloaded"], "os.rename", RECORD, text=state.format("downloaded")),
        stop(s["importing"], "open", r"/model\.glb$", process="worker"),
        stop(s["half-written"], "open", r"/model\.glb$", **half),
        stop(s["in-place"], "os.remove", r"/thumbnail\.png\.part$", process="worker"),
        stop(s["recorded"], "os.rename", RECORD, text=ready),
        {"name": "in-scene", "process": "main", "event": "save_pre", "path": ""},
    ]


def patient(question: Callable[[], Any], what: str) -> Any:
    """Wait until something is so."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"never came: {what}")


def _is_gone(pid: int) -> bool:
    return not alive(pid)


@dataclass
class Child:
    """A process of the product, and what it says."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        assert self.process.stderr
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self.printed.extend, args=(self.process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            try:
                self.events.append(json.loads(line))
            except ValueError:  # Blender itself has printed something
                self.printed.append(line)

    def told(self, most: int = 40) -> str:
        """The last things that it has said, for a test that fails."""
        return "\n".join([*map(str, self.events[-most:]), *self.printed[-most:]])

    def send(self, **command: Any) -> None:
        """One command; see `crash_child.py`."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def find(self, event: str, prompt: str | None = None) -> dict[str, Any] | None:
        """The first event of a name."""
        for one in list(self.events):
            if one.get("event") == event and prompt in (None, one.get("prompt")):
                return one
        return None

    def outcome(self, step: Step) -> str:
        """Wait for a job's end: finished, or the error's kind."""

        def ended() -> str:
            if self.find("finished", step.prompt):
                return "finished"
            failed = self.find("failed", step.prompt)
            return str(failed["kind"]) if failed else ""

        return str(patient(ended, f"the end of {step.key}"))

    @property
    def worker(self) -> int:
        """The background Blender."""
        return int(patient(lambda: workers(self.process.pid), "a background Blender")[0])

    def kill(self) -> None:
        """SIGKILL, and wait until it and the background Blender are gone.

        That one ends by itself, but not while it is held at a step: it is helped.
        """
        background = workers(self.process.pid)
        self.process.kill()
        self.process.wait()
        for pid in background:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            patient(partial(_is_gone, pid), "the background Blender's end")
        self._close()

    def end(self) -> None:
        """Close its input and wait for its end."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(SECONDS)
        self._close()

    def _close(self) -> None:
        for reader in self._readers:
            reader.join(10)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Bench:
    """A gateway and a library for the props of one kind of end."""

    def __init__(self, gateway: StandInGateway, home: Path, root: Path | None = None) -> None:
        self.gateway = gateway
        self.home = home
        self.root = root or home / "root"
        self.library = self.root / "library"
        self.scene = self.root / "scene.blend"
        self.hooks = home / "hooks"
        self.gates: dict[str, Gate] = {}
        self.born = 0.0
        self.child: Child | None = None
        """The last process that was started."""
        self.root.mkdir(exist_ok=True)
        self.variables = {"AIGATEWAY_API_KEY": KEY, "AIGATEWAY_BASE_URL": gateway.base_url}

    # --- stops

    def inside(self, *, limit: bool = False) -> dict[str, str]:
        """The environment that makes a process stop. What was reached before is forgotten."""
        shutil.rmtree(self.hooks, ignore_errors=True)
        self.hooks.mkdir()
        self.born = time.time()
        return {
            "PYTHONPATH": str(HERE / "crash_inside"),
            "CRASH_FOLDER": str(self.hooks),
            "CRASH_STOPS": json.dumps(stops(limit=limit)),
        }

    def start(self, *, limit: bool = False) -> Child:
        """A process that generates what it is told to."""
        process = subprocess.Popen(
            [sys.executable, str(HERE / "crash_child.py"), str(self.library)],
            cwd=REPOSITORY,
            env=environment(self.home, **self.variables, **self.inside(limit=limit)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,  # no file: a full disk would refuse it
            encoding="utf-8",
        )
        self.child = Child(process)
        return self.child

    def script(self, step: Step) -> None:
        """Have the gateway hold what is to be held there, and answer as the step needs it."""
        gate = self.gates.setdefault(step.key, Gate())
        gateway, rules = self.gateway, self.gateway.script

        def on(route: str, *actions: Any) -> None:
            rules.on(route, *actions, when=lambda r: gateway.prompt_of(r) == step.prompt)

        job, chat = "GET /v1/jobs/*", "POST /v1/chat/completions"
        match step.key:
            case "sent":
                on(chat, do.hold(gate))
            case "first-poll" | "later-poll":
                on("POST /v1/3d/generations", do.header("retry-after", "3"))
                if step.key == "later-poll":
                    on(job, do.job_status("in_progress"), do.header("retry-after", "3"))
                on(job, do.hold(gate))
            case "busy":
                on(chat, do.status(409))
                on(chat, do.hold(gate))
            case "poll-page":
                on("POST /v1/3d/generations", do.header("retry-after", "3"))
                on(job, do.body(b"<html>busy</html>", "text/html"))
                on(job, do.hold(gate))
            case "file-late":
                on("GET /v1/files/*", do.status(404))
                on("GET /v1/files/*", do.hold(gate))
            case "mid-download":
                on("GET /v1/files/*", do.hold(gate, at=5000))
            case "mid-answer":
                on(chat, do.answer(step.answer), do.hold(gate, at=9000))
            case "answered":
                on(chat, do.answer(step.answer))

    def begin(self, child: Child, *keys: str) -> None:
        """Start generations, each of which is going to stop at its step."""
        for key in keys:
            step = STEPS[key]
            self.script(step)
            child.send(prompt=step.prompt, endpoint=step.endpoint)

    def reached(self, *keys: str) -> None:
        """Wait until they are all at their steps, and see that their records say so."""
        for key in keys:
            patient(partial(self._is_at, key), f"the step {key}")
            assert self.record(STEPS[key])["state"] == STEPS[key].state, key

    def _is_at(self, key: str) -> bool:
        gate = self.gates.get(key)
        return (self.hooks / f"reached-{key}").exists() or bool(gate and gate.reached.is_set())

    def go(self, *keys: str) -> None:
        """Let them go on."""
        for key in keys:
            (self.hooks / f"go-{key}").touch()
            if key in self.gates:
                self.gates[key].release()

    def place(self, child: Child) -> None:
        """Have the prop of the last step placed, which stops before the scene is saved."""
        (folder,) = self.folders(STEPS["in-scene"])
        child.send(argv=self.placing(folder))

    def placing(self, folder: Path) -> list[str]:
        """The command that puts a prop into the scene file."""
        library = ["--library", str(self.library), "--json"]
        return ["place", folder.name, "--scene", str(self.scene), *library]

    # --- the next start

    def command(self, *words: object) -> Ended:
        """A command of the product, in a fresh process without any stop."""
        return run(["-m", "trellis_addon", *words], self.home, **self.variables)

    def resume(self) -> Ended:
        """Go on with everything unfinished."""
        return self.command("resume", "--library", self.library, "--json")

    # --- what is there

    def folders(self, step: Step) -> list[Path]:
        """The step's props: one, if nothing went wrong."""
        return [
            path
            for path in sorted(self.library.iterdir())
            if re.fullmatch(rf"{step.slug}-[0-9a-f]{{8}}", path.name)
        ]

    def record(self, step: Step) -> dict[str, Any]:
        """The record of the step's prop."""
        (folder,) = self.folders(step)
        found: dict[str, Any] = json.loads((folder / "prop.json").read_text("utf-8"))
        return found

    def payments(self, step: Step) -> int:
        """How often the gateway has charged for it."""
        return sum(one.prompt == step.prompt for one in self.gateway.payments)

    def keys(self, step: Step) -> set[str]:
        """The idempotency keys under which it was asked for."""
        sent = self.gateway.requests_to("POST")
        return {
            r.headers.get("idempotency-key", "")
            for r in sent
            if self.gateway.prompt_of(r) == step.prompt
        }


def not_synced(bench: Bench) -> dict[str, int]:
    """What a power cut may cut: the files that were not synced since their last change, by their
    names in the root, and how long they are.
    """
    log = bench.hooks / "synced.jsonl"
    synced = {tuple(json.loads(line)) for line in log.read_text("utf-8").splitlines()}
    untimed = {facts[:-1] for facts in synced}
    found = {}
    for path in sorted(bench.root.rglob("*")):
        if path.is_file() and path != bench.scene and _changed(path, bench.born):
            facts = path.stat()
            what = (facts.st_dev, facts.st_ino, facts.st_size)
            # A held lock is touched now and then, which changes nothing that a cut could take.
            known = what in untimed if path.name == LOCK else (*what, facts.st_mtime_ns) in synced
            if facts.st_size and not known:
                found[str(path.relative_to(bench.root))] = facts.st_size
    return found


def _changed(path: Path, since: float) -> bool:
    return path.stat().st_mtime >= since


class HalfWritten:
    """A .blend that Blender is in the middle of writing, for as long as the test wants.

    A named pipe stands where Blender writes it, and half of it is read. `leave` puts a file with
    these bytes there, which is what a killed Blender leaves.
    """

    def __init__(self, bench: Bench) -> None:
        (folder,) = bench.folders(STEPS["half-written"])
        self.path = folder / "prop.blend.part.part@"
        os.mkfifo(self.path)
        self._pipe = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, 4096)  # or the rest of the file fits into it
        self._bytes = b""
        bench.go("half-written")
        patient(self._half, "half of a .blend")
        assert not (folder / "prop.blend").exists()

    def _half(self) -> bool:
        try:
            self._bytes += os.read(self._pipe, HALF - len(self._bytes))
        except BlockingIOError:
            return False  # nothing new since
        return len(self._bytes) == HALF

    def leave(self) -> None:
        """After the end of whoever wrote it."""
        os.close(self._pipe)
        self.path.unlink()
        self.path.write_bytes(self._bytes)
