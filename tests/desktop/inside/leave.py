# SPDX-License-Identifier: GPL-3.0-or-later
"""Quit Blender with Ctrl Q while a job runs. Key and gateway come from the environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import product
from support.bpy_context import trellis_ops
from window import Facts, Steps, Window, play


class Leave:
    """Start a job, then quit."""

    def __init__(self) -> None:
        given = product.options()
        self.library = given.library
        self.window = Window(given.out)
        self.facts = Facts(given.out / "facts.json")

    def all(self) -> Steps:
        """Ends with the key press; Blender does the rest."""
        product.preferences().library = str(self.library)
        session = product.session()
        yield 2.0
        yield from product.load_libraries()
        with self.window.override():
            trellis_ops.generate("INVOKE_DEFAULT", prompt="heavy anvil")
        running = session.running[0]
        record = self.library / running.job.prop_id / "prop.json"
        yield lambda: json.loads(record.read_text(encoding="utf-8"))["state"] == "waiting"
        background = session.workshop._background
        yield lambda: background.pids
        pid = background.pids[0]
        alive = Path(f"/proc/{pid}").is_dir()
        self.facts.note("leave", prop_id=running.job.prop_id, background=pid, alive=alive)
        yield 2.0
        yield from self.window.move()
        yield from self.window.picture("9-leaving")
        yield from self.window.run("xdotool", "key", "ctrl+q")
        yield 20.0
        raise RuntimeError("Blender did not quit on Ctrl Q")

    def failed(self, text: str) -> Steps:
        """Say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")


if __name__ == "__main__":
    product.quiet()  # before the first drawing, else the start-up picture stays
    leave = Leave()
    play(leave.all(), leave.failed)
