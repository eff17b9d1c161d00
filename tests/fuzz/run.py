# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzz for a while: `make fuzz MINUTES=10`, or one target by `ARGS="--only glb"`.

With atheris in the environment (`pip install atheris`; Linux and macOS) its coverage leads the
mutations; without it they are drawn by chance, from a new seed each time, which is printed. A
crash is stored in `tests/fuzz/corpus/<target>/crash-...`, which the tests then run as well.

Exit codes: 0 no crash, 1 a crash.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import logging
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from fuzz import mutating, targets  # noqa: E402

MOST_BYTES = 3 << 30
"""Memory of a target's process."""
SLOW_SECONDS = 2.0
"""Processor time that no input of 64 KB may take."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for all targets together")
    parser.add_argument("--only", choices=sorted(targets.TARGETS))
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--chance", action="store_true", help="without atheris")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = [options.only] if options.only else list(targets.TARGETS)
    seconds = options.minutes * 60 / len(names)
    if options.child:
        limit_memory()
        logging.disable(logging.CRITICAL)
        return by_chance(targets.TARGETS[names[0]], seconds, options.seed)
    guided = importlib.util.find_spec("atheris") is not None and not options.chance
    print(f"{'guided by atheris' if guided else f'by chance, seed {options.seed}'}", flush=True)
    bad = 0
    for name in names:
        ran, crashed = guide(name, seconds) if guided else child(name, seconds, options.seed)
        print(f"{name}: {ran:,} inputs, {'A CRASH' if crashed else 'no crash'}", flush=True)
        bad += crashed
    return 1 if bad else 0


def child(name: str, seconds: float, seed: int) -> tuple[int, bool]:
    """One target in a process of its own: a hang or a lack of memory is its alone."""
    command = [sys.executable, __file__, "--child", "--only", name]
    command += ["--minutes", str(seconds / 60), "--seed", str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    return int((re.findall(r"^ran (\d+)", done.stdout, re.MULTILINE) or ["0"])[-1]), bool(
        done.returncode
    )


def limit_memory() -> None:
    """Of this whole process, where that can be done."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def by_chance(target: targets.Target, seconds: float, seed: int) -> int:
    """Mutations drawn by chance until the time is up; a crash ends it."""
    ran, end, crashed = 0, time.monotonic() + seconds, 0
    for data in mutating.inputs(mutating.corpus(target.name), target.words, seed):
        if time.monotonic() > end or crashed >= 5:
            break
        before = time.process_time()
        try:
            target.run(data)
            if time.process_time() - before > SLOW_SECONDS:
                raise AssertionError(f"took {time.process_time() - before:.1f} s")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            crashed += 1
            traceback.print_exc()
            store(target.name, data)
        ran += 1
    print(f"ran {ran}")
    return 1 if crashed else 0


def store(name: str, data: bytes) -> None:
    """Keep a crash for the tests."""
    path = mutating.CORPUS / name / f"crash-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    print(f"stored {name}/{path.name}", file=sys.stderr)


GUIDE = """
import sys, logging, atheris
logging.disable(logging.CRITICAL)
with atheris.instrument_imports(include=["trellis_addon"]):
    from fuzz import targets
run = targets.TARGETS[sys.argv.pop(1)].run
atheris.Setup(sys.argv, run)
atheris.Fuzz()
"""


def guide(name: str, seconds: float) -> tuple[int, bool]:
    """Inputs that reach new code are kept for the length of the run, the corpus stays as it is."""
    seeds = mutating.CORPUS / name
    with tempfile.TemporaryDirectory() as kept:
        words = Path(kept) / "words"
        lines = [
            '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'
            for word in targets.TARGETS[name].words
        ]
        words.write_text("\n".join(lines) + "\n", encoding="ascii")
        found = Path(kept) / "found"
        found.mkdir()
        options = [
            *(f"-max_total_time={max(1, round(seconds))}", "-timeout=10", "-rss_limit_mb=3000"),
            *("-max_len=65536", "-print_final_stats=1", f"-artifact_prefix={seeds}/"),
            f"-dict={words}",
        ]
        command = [sys.executable, "-c", GUIDE, name, str(found), str(seeds), *options]
        paths = [str(HERE.parents[1]), str(HERE.parent)]
        done = subprocess.run(
            [*command[:2], f"import sys; sys.path[:0] = {paths!r}\n{GUIDE}", *command[3:]],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-6000:], file=sys.stderr)
    ran = re.findall(r"number_of_executed_units:\s*(\d+)", done.stderr) or ["0"]
    return int(ran[-1]), bool(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
