# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine 10 of Debian 13 in a folder, and the folder that Wine takes for a Windows profile."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from environments import SetupError

from windows.machine import LeftOutError, debian_mirror

SUITE = "trixie"
PACKAGES = "wine64,dash,coreutils,libc-bin"
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
ENTER = Path(__file__).with_name("enter.sh")
WINE = "/usr/lib/wine/wine64"
SERVER = "/usr/lib/wine/wineserver64"
PAUSES_SECONDS = (0.0, 5.0, 20.0)
LIMIT_SECONDS = 300.0
# How a builtin DLL of Wine marks itself, 64 bytes into the file.
BUILTIN = b"Wine builtin DLL".ljust(32, b"\0")
# A Windows program gets all of these, and nothing else: a certificate's path of this machine, say,
# would break every connection. The tree is /windows inside. Wine's recycle bin is in XDG_DATA_HOME;
# moving into it works within one mount only, so it lies beside the profile.
ENVIRONMENT = {
    "TRELLIS_AGAIN": "1",
    "PATH": "/usr/bin",
    "HOME": "/tmp",  # noqa: S108 - of the tree, no other program's
    "LC_ALL": "C.UTF-8",
    "WINEPREFIX": "/windows/profile",
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "mscoree,mshtml=",
    "XDG_RUNTIME_DIR": "/tmp",  # noqa: S108 - as above
    "XDG_DATA_HOME": "/windows/profile/data",
}


def command(tree: Path, checkout: Path, *program: str) -> list[str]:
    """Return what runs a program of the tree's Debian in the checkout."""
    # It ends with us, also when we are killed, and everything in it ends with it.
    start = ["setpriv", "--pdeathsig", "KILL", *UNSHARE, "sh", str(ENTER), str(tree), str(checkout)]
    kept = {name: value for name, value in os.environ.items() if name.startswith("TRELLIS_")}
    return [
        *start,
        *(f"{name}={value}" for name, value in {**kept, **ENVIRONMENT}.items()),
        *program,
    ]


def run(tree: Path, checkout: Path, *program: str, limit: float = LIMIT_SECONDS) -> str:
    """Run a program inside, and return its output. Raises SetupError."""
    try:
        done = subprocess.run(
            command(tree, checkout, *program),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
        )
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{program[-1]} was still running after {limit:.0f} s") from error
    told = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode:
        raise SetupError(f"{' '.join(program)[:200]} ended with {done.returncode}: {told[-1000:]}")
    return told


def build_debian(folder: Path) -> None:
    """Unpack Wine's packages, whose signatures apt checks. Raises LeftOutError and SetupError."""
    mirror = debian_mirror()
    start = ["mmdebstrap", "--quiet", "--mode=root", "--variant=extract", "--include=" + PACKAGES]
    last = ""
    for pause in PAUSES_SECONDS:
        time.sleep(pause)
        done = subprocess.run([*start, SUITE, str(folder), mirror], capture_output=True, text=True)
        if done.returncode == 0:
            break
        last = done.stderr.strip()[-500:]
    else:
        raise LeftOutError(f"Wine cannot be loaded from {mirror}: {last}")
    for name in ("bin", "sbin", "lib", "lib64"):
        if not (folder / name).exists():
            (folder / name).symlink_to("usr/" + name)
    (folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n", "utf-8")
    (folder / "tmp").mkdir(exist_ok=True)
    mark_zlib(folder)


def mark_zlib(folder: Path) -> None:
    """Do what libwine's own script does when it is installed: zlib becomes a DLL of Wine."""
    plain = folder / "usr/x86_64-w64-mingw32/lib/zlib1.dll"
    target = folder / "usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll"
    if not target.exists():
        content = plain.read_bytes()
        target.write_bytes(content[:64] + BUILTIN + content[64 + len(BUILTIN) :])


def build_profile(tree: Path, checkout: Path, folder: Path) -> None:
    """Have Wine make its profile, and call itself Windows 10. Raises SetupError."""
    own = (f"WINEPREFIX=/windows/{folder.name}", f"XDG_DATA_HOME=/windows/{folder.name}/data")
    version = (r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
    # In one run, as the registry is written when Wine's server is asked to end, and a run kills it.
    steps = f'"$0" wineboot -i && "$0" reg add "$@"; code=$?; {SERVER} -k; {SERVER} -w; exit $code'
    run(tree, checkout, *own, "/usr/bin/sh", "-c", steps, WINE, *version)
    if not (folder / "user.reg").is_file():
        raise SetupError("Wine has written no registry")
