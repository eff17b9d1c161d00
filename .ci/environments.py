# SPDX-License-Identifier: GPL-3.0-or-later
"""Make one virtual environment per Blender version from its hash-locked requirements.

An environment is finished when its stamp says so. The stamp is written last, so an interrupted try
is thrown away by the next one, and it names the lock's hash, so that a changed lock makes the
environment anew.

Standard library only, and no syntax newer than Python 3.8: this runs before any environment exists.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, Optional, Tuple

import interpreters

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venv"
REQUIREMENTS = ROOT / ".ci" / "requirements"

# Blender version -> the CPython series its Python module is built for. Oldest first.
PYTHON_OF: Dict[str, str] = {
    "4.2": "3.11",
    "4.5": "3.11",
    "5.0": "3.11",
    "5.2": "3.13",
    "5.3": "3.13",
}
# The locks that also hold the tools for format, lint and types.
WITH_LINT = ("5.0", "5.2", "5.3")
LOCK_POLL_SECONDS = 1.0


class SetupError(Exception):
    """An environment cannot be made; the text says why, in one sentence."""


@dataclass(frozen=True)
class Environment:
    """One Blender version's place on disk."""

    version: str

    @property
    def folder(self) -> Path:
        """The virtual environment."""
        return VENVS / ("bpy-" + self.version)

    @property
    def lock(self) -> Path:
        """Its requirements file with hashes."""
        return REQUIREMENTS / ("bpy-" + self.version + ".txt")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return venv_python(self.folder)

    @property
    def stamp(self) -> Path:
        """The file that says the environment is complete."""
        return self.folder / "trellis-stamp.txt"

    def wanted_stamp(self) -> str:
        """What the stamp says when the environment fits the lock."""
        digest = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        return "%s %s\n" % (digest, PYTHON_OF[self.version])

    def is_ready(self) -> bool:
        """Whether it is complete and its interpreter is still there."""
        try:
            return self.stamp.read_text("utf-8") == self.wanted_stamp() and self.python.exists()
        except OSError:
            return False


def venv_python(folder: Path) -> Path:
    """Path of the interpreter inside a virtual environment."""
    if os.name == "nt":
        return folder / "Scripts" / "python.exe"
    return folder / "bin" / "python"


def say(text: str) -> None:
    """Tell people; standard output is kept for answers that programs read."""
    print(text, file=sys.stderr, flush=True)


def _try_lock(handle: int) -> bool:
    """Take the operating system's lock on an open file; it goes when the process goes."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def one_at_a_time(name: str, lock: Optional[Path] = None) -> Iterator[None]:
    """Let only one process make environments (or what another lock is for), and wait for others.

    The file stays on disk; what counts is the system's lock on it, which a crash releases.
    """
    lock = lock or VENVS / "setup.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(str(lock), os.O_RDWR | os.O_CREAT, 0o644)
    # Where this process is killed, a pip it started works on for a while, and keeps the lock.
    os.set_inheritable(handle, True)
    try:
        waiting = False
        while not _try_lock(handle):
            if not waiting:
                say("%s: waiting for another setup in this checkout to end" % name)
                waiting = True
            time.sleep(LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(handle)


def _run(command: Tuple[str, ...], what: str) -> None:
    """Run a step of the setup with its output on standard error."""
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        cwd=str(ROOT),
        close_fds=False,
    )
    if result.returncode != 0:
        raise SetupError("%s failed (exit code %d)." % (what, result.returncode))


def _remove(folder: Path) -> None:
    """Delete an environment, its stamp first: half deleted must not look complete."""
    with contextlib.suppress(FileNotFoundError):
        (folder / "trellis-stamp.txt").unlink()
    if folder.exists():
        shutil.rmtree(str(folder))


def install_locked(folder: Path, interpreter: interpreters.Interpreter, lock: Path) -> None:
    """Make a fresh virtual environment holding exactly what a lock names.

    Raises SetupError when the environment or a package cannot be made.
    """
    _remove(folder)
    say("%s: new environment on CPython %s" % (folder.name, interpreter.version))
    _run((str(interpreter.executable), "-I", "-m", "venv", str(folder)), "Making " + folder.name)
    pip = (str(venv_python(folder)), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input")
    options = ("--quiet", "--require-hashes", "--only-binary=:all:", "--no-warn-script-location")
    _run(
        (*pip, "install", *options, "-r", str(lock)),
        "Installing %s (is the package index in reach?)" % lock.name,
    )


def ensure(version: str) -> Path:
    """Make the environment of a Blender version unless it is ready, and return its interpreter.

    Raises SetupError when no fitting CPython is found or a step fails.
    """
    environment = Environment(version)
    if environment.is_ready():
        return environment.python
    series = PYTHON_OF[version]
    interpreter = interpreters.search((series,)).found.get(series)
    if interpreter is None:
        raise SetupError(missing_sentence(version))
    with one_at_a_time(environment.folder.name):
        if not environment.is_ready():
            say("bpy %s: about 1.2 GB on disk; the first time is a large download" % version)
            install_locked(environment.folder, interpreter, environment.lock)
            environment.stamp.write_text(environment.wanted_stamp(), "utf-8")
    return environment.python


def missing_sentence(version: str) -> str:
    """Why a Blender version is left out."""
    return "Blender %s needs CPython %s, and none was found." % (version, PYTHON_OF[version])


def available() -> Tuple[Tuple[str, ...], interpreters.Search]:
    """Return the Blender versions this machine can test, oldest first, and the search behind it."""
    result = interpreters.search()
    return tuple(v for v, series in PYTHON_OF.items() if series in result.found), result


def newest() -> str:
    """Return the newest Blender version whose environment is ready or can be made.

    Raises SetupError when no CPython fits any of them.
    """
    last = list(PYTHON_OF)[-1]
    if Environment(last).is_ready():
        return last
    versions, result = available()
    if versions:
        return versions[-1]
    refused = ": " + result.describe_refused() if result.refused else ""
    raise SetupError(
        "CPython 3.11 or 3.13 (64 bit, with venv) is needed and was not found on PATH, under "
        "pyenv, uv, asdf or mise, or in the usual folders%s." % refused
    )
