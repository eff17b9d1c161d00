# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the stand-in gateway from the shell; it runs until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="A stand-in for the AI gateway on loopback. It generates nothing from a model."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port (default)")
    parser.add_argument("--key", action="append", help="accept this key only; may be repeated")
    parser.add_argument("--answer", default="link", help="shape of a chat answer (default: link)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds a prop takes")
    parser.add_argument("--triangles", type=int, default=20_000)
    parser.add_argument("--texture", type=int, default=1024, help="texture side in pixels")
    parser.add_argument("--jobs", action="store_true", help="refuse chat calls for 3D models")
    parser.add_argument(
        "--plain", action="store_true", help="props without the faults of a generator's"
    )
    return parser.parse_args()


def main() -> int:
    """Serve until interrupted or terminated."""
    # Run as a file, this folder is the first import place; its parent holds the package.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from gateway import StandInGateway
    from gateway.meshes.ugly import FAULTS
    from gateway.shapes import SHAPES

    options = _arguments()
    if options.answer not in SHAPES:
        print(f"--answer: one of {', '.join(sorted(SHAPES))}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with StandInGateway(
        options.answer,
        options.delay,
        triangles=options.triangles,
        texture=options.texture,
        faults=() if options.plain else FAULTS,
        keys=options.key,
        port=options.port,
        endpoint="jobs" if options.jobs else "chat",
    ) as gateway:
        print(gateway.base_url, flush=True)
        print("A stand-in gateway: it generates nothing from a model.", flush=True)
        print("Key: " + (", ".join(options.key) if options.key else "any that begins with sk-aig-"))
        sys.stdout.flush()
        done.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
