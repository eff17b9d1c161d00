# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolve the requirements files anew: `.ci/requirements/*.in` to `*.txt`, and the list in
`vendor/`.

    python .ci/lock.py            keep what is locked, as far as the inputs allow
    python .ci/lock.py --upgrade  take the newest that the inputs allow

The locks hold names, versions, markers and hashes, for every platform, and nothing else: no
address, no option, no comment that names a path. `vendor/requirements.txt` holds hashes of the
bundled wheels only.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, Optional

import environments
import interpreters
from environments import PYTHON_OF, REQUIREMENTS, ROOT, VENVS, SetupError

TOOL = VENVS / "lock"

HEADER = "# Written by `make lock` from %s. Do not edit.\n"
_WHEELS = re.compile(r"^wheels = \[\n(?:.*\n)*?\]\n", re.MULTILINE)


def run_inside(arguments: List[str]) -> int:
    """Make a small environment that holds the resolver, and run this script in it."""
    found = interpreters.search().found
    if not found:
        raise SetupError("CPython 3.11 or 3.13 is needed and was not found.")
    with environments.one_at_a_time("lock"):
        environments.install_locked(TOOL, next(iter(found.values())), REQUIREMENTS / "lock.txt")
    python = str(environments.venv_python(TOOL))
    return subprocess.run([python, __file__, *arguments], cwd=str(ROOT)).returncode


def compile_lock(source: Path, target: Path, series: str, *, upgrade: bool) -> None:
    """Resolve one input for one CPython series and all platforms.

    Raises SetupError when the resolver finds no answer.
    """
    # Local folders of wheels may hold other builds, whose hashes nobody else could verify.
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_FIND", "UV_FIND"))}
    if "PIP_CERT" in env:
        env.setdefault("SSL_CERT_FILE", env["PIP_CERT"])
    command: List[str] = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config"]
    command += ["--universal", "--python-version", series, "--generate-hashes", "--no-header"]
    command += [
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--only-binary=:all:",
    ]
    command += ["--no-emit-build-options", *(["--upgrade"] if upgrade else []), "-o", str(target)]
    done = subprocess.run(
        [*command, str(source)], env=env, stdout=subprocess.DEVNULL, cwd=str(ROOT)
    )
    if done.returncode != 0:
        raise SetupError("%s cannot be resolved for CPython %s." % (source.name, series))
    text = target.read_text("utf-8")
    target.write_text(HEADER % source.name + text, "utf-8")


def lock_vendor() -> None:
    """Write `vendor/requirements.txt` and the manifest's list of wheels.

    Every wheel is downloaded, as the resolver's answer also names files that are not bundled.
    Raises SetupError or fetch.FetchError when a wheel is not to be had.
    """
    sys.path.insert(0, str(ROOT / "vendor"))
    import fetch  # Needs Python 3.11, so not before this runs inside.

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        compile_lock(REQUIREMENTS / "runtime.in", folder / "all.txt", "3.11", upgrade=False)
        packages = fetch.read_lock(folder / "all.txt")
        fetch.download_all(packages, folder)
        wheels = sorted(folder.glob("*.whl"), key=lambda path: path.name.lower())
        lines = [
            HEADER % "runtime.in"
            + "# Bundled wheels only; the same versions as in every .ci/requirements/bpy-*.txt.\n"
        ]
        for package in sorted(packages.values(), key=lambda one: one.name):
            hashes = sorted(
                fetch.sha256(w) for w in wheels if fetch.package_of(w.name, packages) == package
            )
            lines.append(
                " \\\n    ".join(
                    ["%s==%s" % (package.name, package.version)]
                    + ["--hash=sha256:" + h for h in hashes]
                )
            )
            lines.append("\n")
        fetch.LOCK.write_text("".join(lines), "utf-8")
        listed = "".join('    "./vendor/%s",\n' % wheel.name for wheel in wheels)
    manifest = fetch.MANIFEST.read_text("utf-8")
    fetch.MANIFEST.write_text(
        _WHEELS.sub(lambda _: "wheels = [\n%s]\n" % listed, manifest), "utf-8"
    )
    environments.say("vendor: %d wheels" % len(wheels))


def lock_all(*, upgrade: bool) -> None:
    """Write every lock. Raises SetupError or fetch.FetchError."""
    for name in ("lock", "windows-python"):
        source = REQUIREMENTS / (name + ".in")
        compile_lock(source, source.with_suffix(".txt"), "3.11", upgrade=upgrade)
    for version, series in PYTHON_OF.items():
        lock = environments.Environment(version).lock
        compile_lock(lock.with_suffix(".in"), lock, series, upgrade=upgrade)
        environments.say("%s: done" % lock.name)
    lock_vendor()


def main(arguments: Optional[List[str]] = None) -> int:
    """Parse the command line, write every lock, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="lock.py", description="Resolve the requirements files anew."
    )
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    options = parser.parse_args(arguments)
    try:
        if Path(sys.prefix).resolve() != TOOL.resolve():
            return run_inside(["--upgrade"] if options.upgrade else [])
        lock_all(upgrade=options.upgrade)
    except (SetupError, RuntimeError) as error:
        environments.say("lock: %s" % error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
