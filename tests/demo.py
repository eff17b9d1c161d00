# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: one prop from a prompt, through the command line that users have.

Without AIGATEWAY_API_KEY it starts the stand-in gateway on a free loopback port; with it, the
configured gateway is called. Leaves in ``out/``: the prop's library folder, ``scene.blend`` with
the prop as a linked collection, and ``scene.png``, a Cycles picture of that scene.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / "out"
PROMPT = "a weathered oak barrel with iron hoops"
TRIANGLES = 60_000


def main() -> int:
    """Generate, render, and say what to open."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--prompt", default=os.environ.get("PROMPT") or PROMPT)
    prompt = options.parse_args().prompt
    OUT.mkdir(exist_ok=True)
    scene, picture = OUT / "scene.blend", OUT / "scene.png"
    for old in (scene, picture):
        old.unlink(missing_ok=True)
    environment = dict(os.environ)
    extra: list[str] = []
    if environment.get("AIGATEWAY_API_KEY"):
        url = environment.get("AIGATEWAY_BASE_URL", "https://api.aigateway.sh")
        print(f"Calling the real gateway at {url}: this costs credit.", flush=True)
        extra = ["--online-mode"]
        gateway: AbstractContextManager[Any] = nullcontext()
    else:
        sys.path.insert(0, str(HERE))
        from gateway import StandInGateway
        from gateway.meshes.ugly import FAULTS

        # As ugly as what a generator returns, so that the demo shows what becomes of that.
        gateway = StandInGateway(delay=2.0, triangles=TRIANGLES, faults=FAULTS)
    started = time.monotonic()
    with gateway as stand_in:
        if stand_in is not None:
            print(
                "AIGATEWAY_API_KEY is not set: calling the stand-in gateway at "
                f"{stand_in.base_url}, which draws a prop by rule and asks no model.",
                flush=True,
            )
            environment["AIGATEWAY_API_KEY"] = "sk-aig-stand-in"
            environment["AIGATEWAY_BASE_URL"] = stand_in.base_url
        command = [sys.executable, "-m", "trellis_addon", "generate", prompt]
        command += ["--library", str(OUT / "library"), "--scene", str(scene), *extra]
        code = subprocess.run(command, cwd=ROOT, env=environment).returncode
    if code:
        print(f"The demo ended with exit code {code}.")
        return code
    print("Taking a picture of the scene", flush=True)
    render = [sys.executable, str(HERE / "render_scene.py"), str(scene), str(picture)]
    code = subprocess.run(render, cwd=ROOT, stdout=subprocess.DEVNULL).returncode
    if code:
        print(f"The picture could not be taken (exit code {code}).")
        return code
    records = (OUT / "library").glob("*/prop.json")
    newest = max(records, key=lambda record: record.stat().st_mtime).parent
    shown = [newest / name for name in ("prop.json", "model.glb", "prop.blend", "thumbnail.png")]
    print(f"\nDone in {time.monotonic() - started:.1f} s. Open:")
    for path, words in (
        (picture, "the picture"),
        (scene, "the scene, in Blender: the prop is a linked collection"),
        *((path, "in the prop's folder") for path in shown),
    ):
        print(f"  {path.relative_to(ROOT)}  ({words})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
