# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting the Blender named by BLENDER on a screen, and looking after what it starts."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INSIDE = Path(__file__).resolve().parents[1] / "desktop" / "inside"
SCREEN = (1600, 1000)
LIMIT_SECONDS = 1500.0
"""A hang must end some time; nothing is measured against it."""


@dataclass(frozen=True)
class Ended:
    """A finished Blender."""

    code: int
    output: str
    seconds: float


@dataclass(frozen=True)
class Launcher:
    """`$BLENDER` with the environment that the tests need.

    :param folder: where everything temporary goes, as TRELLIS_DESKTOP_DIR; a wrapper script that
        starts Blender in a container has to show it there under the same path.
    """

    program: str
    folder: Path
    display: str = ""
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    """TRELLIS_DESKTOP_RUN: by it, what a run has started can be found afterwards."""

    def run(self, profile: Path, *arguments: object, **variables: str) -> Ended:
        """Run Blender to its end with this profile."""
        start = time.monotonic()
        done = subprocess.run(
            [self.program, *map(str, arguments)],
            env=self._environment(profile) | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LIMIT_SECONDS,
        )
        return Ended(done.returncode, done.stdout, time.monotonic() - start)

    def window(self, profile: Path, script: str, *arguments: object, **variables: str) -> Ended:
        """Run a script of `inside/` in a Blender with a window."""
        geometry = ("--window-geometry", 0, 0, *SCREEN)
        inside = ("--python-exit-code", 3, "--python", INSIDE / script, "--", *arguments)
        return self.run(profile, *geometry, *inside, **variables)

    def install(self, profile: Path, archive: Path) -> None:
        """Install and enable the extension from its zip, as Blender itself does.

        :raises RuntimeError: with Blender's output.
        """
        install = ("extension", "install-file", "-r", "user_default", "--enable", archive)
        ended = self.run(profile, "--command", *install)
        if ended.code:
            raise RuntimeError(ended.output[-2000:])

    def _environment(self, profile: Path) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIGATEWAY_", "TRELLIS_", "BLENDER_"))
        }
        own = {
            "BLENDER_USER_RESOURCES": str(profile),
            "TRELLIS_DESKTOP_DIR": str(self.folder),
            "TRELLIS_DESKTOP_RUN": self.mark,
        }
        return kept | own | ({"DISPLAY": self.display} if self.display else {})

    def left_over(self, seconds: float = 10.0) -> list[str]:
        """Processes of this launcher that are still there when it has been given some time.

        Linux only; elsewhere nothing is found.
        """
        end = time.monotonic() + seconds
        while (found := list(self._processes())) and time.monotonic() < end:
            time.sleep(0.2)
        return found

    def _processes(self) -> Iterator[str]:
        mark = f"TRELLIS_DESKTOP_RUN={self.mark}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            # Others' processes, and those that end while we look.
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    if words:
                        yield f"{folder.name}: {words.decode(errors='replace')[:200]}"


def probe(launcher: Launcher) -> dict[str, object]:
    """What this Blender has around it.

    :raises RuntimeError: with Blender's output, when it cannot even say that.
    """
    answer = launcher.folder / "probe.json"
    script = ("--background", "--factory-startup", "--python", INSIDE / "probe.py", "--", answer)
    ended = launcher.run(launcher.folder / "probe", *script)
    if not answer.is_file():
        raise RuntimeError(f"{launcher.program} ended with {ended.code}:\n{ended.output}")
    facts: dict[str, object] = json.loads(answer.read_text(encoding="utf-8"))
    return facts


@contextlib.contextmanager
def own_screen() -> Iterator[str]:
    """A screen in memory; gives its DISPLAY."""
    reader, writer = os.pipe()
    width, height = SCREEN
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-noreset"],
        pass_fds=(writer,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(writer)
        with os.fdopen(reader) as pipe:
            display = f":{pipe.readline().strip()}"
        if shutil.which("setxkbmap"):
            # Newer servers' key types make xdotool press Alt with every function key.
            layout = ["setxkbmap", "-display", display, "-layout", "us", "-option", "srvrkeys:none"]
            subprocess.run(layout, check=False)
        yield display
    finally:
        server.terminate()
        server.wait(10)


@dataclass(frozen=True)
class Seen:
    """What a run in the window has left: its facts, pictures, and its library."""

    facts: dict[str, Any]
    pictures: Path
    library: Path
    ended: Ended

    def record(self, prop_id: str) -> dict[str, Any]:
        """The record of one prop."""
        text = (self.library / prop_id / "prop.json").read_text(encoding="utf-8")
        record: dict[str, Any] = json.loads(text)
        return record
