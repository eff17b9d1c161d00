# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out whether this machine can run Windows programs as needed, and install what that takes."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess

# Of Debian 12: unpacks the packages of Debian 13, and compiles `launcher.c`.
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "x86_64-w64-mingw32-gcc-win32": "gcc-mingw-w64-x86-64-win32",
}
# A private mount table and process table, and a mount in it: all that `enter.sh` asks for.
TRIAL = (
    "unshare --mount --pid --fork --kill-child "
    "sh -c 'mount -t proc proc /proc && chroot / /bin/true'"
)


class LeftOutError(Exception):
    """This machine cannot do it, and that is no defect of ours; the text says why."""


def check() -> None:
    """Raise LeftOutError where Wine cannot be set up and entered, before anything is loaded."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise LeftOutError(f"it needs Linux on x86-64, not {platform.system()}")
    if os.geteuid() != 0:
        raise LeftOutError("it needs root, for a mount table of its own and chroot")
    if shutil.which("apt-get") is None:
        raise LeftOutError("it needs Debian's apt-get, to get Wine")
    tried = subprocess.run(TRIAL, shell=True, capture_output=True, text=True)  # noqa: S602
    if tried.returncode:
        why = " ".join(tried.stderr.split()) or f"exit code {tried.returncode}"
        raise LeftOutError(f"unshare, mount or chroot is refused here ({why})")


def apt(*arguments: str) -> None:
    """Run apt-get. Raises LeftOutError, as its mirrors and the network are not ours."""
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # A setup beside us may have apt's lock for a while.
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise LeftOutError(f"apt-get {arguments[0]} failed: {last}")


def give_programs() -> None:
    """Install the packages whose programs are missing. Raises LeftOutError."""
    missing = [name for program, name in PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        apt("update")
        apt("install", "-y", "--no-install-recommends", *missing)


def debian_mirror() -> str:
    """Return the mirror of Debian that apt is set to use. Raises LeftOutError when there is none.

    A machine that has never loaded apt's lists does not know which of its sources is Debian.
    """
    ask = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)"]
    for updated in (False, True):
        if updated:
            apt("update")
        told = subprocess.run([*ask, "Created-By: Packages"], capture_output=True, text=True)
        for line in told.stdout.splitlines():
            origin, label, address = line.split("|", 2)
            if origin == label == "Debian":
                return address
    raise LeftOutError("no mirror of Debian is among apt's sources")
