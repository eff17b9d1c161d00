# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the CPython interpreters that Blender's Python module (bpy) can run on.

Each bpy release is built for one CPython version, and developers' machines keep interpreters in
many places: on PATH, under a version manager, or where an installer put them. Every candidate is
run once, since a version manager's stand-in (shim) may exist without an interpreter behind it.

Standard library only, and no syntax newer than Python 3.8: this runs before any environment exists.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

WANTED = ("3.11", "3.13")
PROBE_SECONDS = 20

# Run by a candidate, which answers in JSON.
_PROBE = """
import importlib.util, json, platform, struct, sys, sysconfig
print(json.dumps({
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "bits": struct.calcsize("P") * 8,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "virtual": sys.prefix != sys.base_prefix,
    "missing": [n for n in ("venv", "ensurepip", "ssl") if not importlib.util.find_spec(n)],
    "executable": sys.executable,
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A CPython that was run and can make a virtual environment for bpy."""

    executable: Path
    version: str

    @property
    def series(self) -> str:
        """Major and minor version, such as `3.11`."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True)
class Search:
    """What a search found: usable interpreters by series, and why others were refused."""

    found: Dict[str, Interpreter]
    refused: Tuple[str, ...]

    def describe_refused(self) -> str:
        """One line about the candidates that did not fit, or an empty text."""
        return "; ".join(self.refused)


def _environment_folder(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    return Path(value) if value else Path(default).expanduser()


def _manager_folders() -> List[Path]:
    """Folders that hold one folder per installed interpreter."""
    pyenv = _environment_folder("PYENV_ROOT", "~/.pyenv")
    appdata = Path(os.environ.get("APPDATA", "~/AppData/Roaming")).expanduser()
    return [
        pyenv / "versions",
        pyenv / "pyenv-win" / "versions",
        _environment_folder("UV_PYTHON_INSTALL_DIR", "~/.local/share/uv/python"),
        appdata / "uv" / "python",
        _environment_folder("ASDF_DATA_DIR", "~/.asdf") / "installs" / "python",
        _environment_folder("MISE_DATA_DIR", "~/.local/share/mise") / "installs" / "python",
    ]


def _program_folders(series: str) -> List[Path]:
    """Folders, in order of preference, that may hold a program called python."""
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    for manager in _manager_folders():
        if manager.is_dir():
            # Newest first where names sort as versions; any patch release of the series will do.
            for version in sorted(manager.iterdir(), reverse=True):
                if series in version.name:
                    folders += [version / "bin", version]
    local = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local")).expanduser()
    folders += [
        Path("/usr/local/bin"),
        Path("/opt/homebrew/bin"),
        Path("/usr/bin"),
        Path("/Library/Frameworks/Python.framework/Versions") / series / "bin",
        local / "Programs" / "Python" / ("Python" + series.replace(".", "")),
    ]
    return folders


def candidates(series: str) -> Iterator[Path]:
    """Yield programs that may be CPython of that series, each at most once."""
    exact = ["python" + series, "python" + series + ".exe"]
    plain = ["python3", "python", "python.exe"]
    seen = set()
    current = Path(sys.executable)
    if current.name and "%d.%d" % sys.version_info[:2] == series:
        seen.add(current)
        yield current
    folders = _program_folders(series)
    for names in (exact, plain):
        for folder in folders:
            for name in names:
                program = folder / name
                if program not in seen and program.is_file():
                    seen.add(program)
                    yield program


def probe(program: Path, series: str) -> Tuple[Optional[Interpreter], str]:
    """Run a candidate.

    Returns the interpreter, or None and the reason why it does not fit (empty for another version,
    which is not worth a word).
    """
    try:
        answer = subprocess.run(
            [str(program), "-I", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PROBE_SECONDS,
            check=True,
        )
        facts = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None, ""
    if ".".join(facts["version"].split(".")[:2]) != series or facts["virtual"]:
        return None, ""
    reason = ""
    if facts["implementation"] != "CPython" or facts["free_threaded"]:
        reason = "is not the ordinary CPython"
    elif facts["bits"] != 64:
        reason = "is not 64 bit"
    elif facts["missing"]:
        reason = "lacks " + ", ".join(facts["missing"])
    if reason:
        return None, "%s (%s) %s" % (program, facts["version"], reason)
    return Interpreter(Path(facts["executable"]), facts["version"]), ""


def search(wanted: Tuple[str, ...] = WANTED) -> Search:
    """Find one interpreter for each wanted series."""
    found: Dict[str, Interpreter] = {}
    refused: List[str] = []
    for series in wanted:
        for program in candidates(series):
            interpreter, reason = probe(program, series)
            if interpreter is not None:
                found[series] = interpreter
                break
            if reason and reason not in refused:
                refused.append(reason)
    return Search(found, tuple(refused))
