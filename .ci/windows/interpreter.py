# SPDX-License-Identifier: GPL-3.0-or-later
"""A CPython for Windows: its DLLs out of a package that ships them, its library from the one here.

Python's own installer for Windows is no package of a registry. Panda3D's is, and brings CPython's
DLLs for the programs that it freezes. The part of the standard library that is Python code is the
same on every system, and is copied from the interpreter that runs this series here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path, PurePosixPath

from environments import SetupError

from windows.packages import download, for_windows
from windows.stages import digest

HERE = Path(__file__).parent
LOCK = HERE.parent / "requirements" / "windows-python.txt"
SOURCES = [HERE / name for name in ("launcher.c", "launcher.manifest", "interpreter.py")]
COMPILER, RESOURCES, DUMP = (
    "x86_64-w64-mingw32-" + tool for tool in ("gcc-win32", "windres", "objdump")
)
RUNTIME = ("VCRUNTIME140.dll", "MSVCP140.dll")
# Of newer series alone; Wine has one of its own.
EXTRA = ("VCRUNTIME140_1.dll",)
NOT_COPIED = ("site-packages", "__pycache__", "lib-dynload", "test", "idlelib", "turtledemo")
_EXPORT = re.compile(r"^\s*\[ *\d+\](?: \+base\[ *\d+\])?\s+(?:[0-9a-f]{4} )?(\w+)$", re.MULTILINE)
EMPTY = "int __stdcall DllMain(void *a, unsigned b, void *c) { return 1; }\n"


def key(python: Path, series: str) -> str:
    """Return what a Windows interpreter is made from, as one hash."""
    return digest(*SOURCES, LOCK, series, str(python), ask(python, "version"))


def ask(python: Path, what: str) -> str:
    """Ask an interpreter for its version, or for the folder of its standard library."""
    code = {
        "version": "import platform; print(platform.python_version())",
        "library": "import sysconfig; print(sysconfig.get_path('stdlib'))",
    }
    told = subprocess.run([str(python), "-I", "-c", code[what]], capture_output=True, text=True)
    if told.returncode:
        raise SetupError(f"{python} does not run: {told.stderr.strip()[-300:]}")
    return told.stdout.strip()


def build(folder: Path, python: Path, series: str) -> None:
    """Put a Windows interpreter together. Raises SetupError and LeftOutError."""
    number = series.replace(".", "")
    loaded = folder / "wheels"
    download(for_windows(LOCK.read_text("utf-8"), series), loaded, series, LOCK.name)
    (wheel,) = loaded.glob("*.whl")
    unpack(wheel, folder, number)
    shutil.rmtree(loaded)
    library = Path(ask(python, "library"))
    ignored = shutil.ignore_patterns(*NOT_COPIED, "config-*")
    shutil.copytree(library, folder / "Lib", ignore=ignored, ignore_dangling_symlinks=True)
    compile_launcher(folder, number)
    forward_stable_abi(folder, number)
    compiled = [str(python), "-I", "-m", "compileall", "-q", "-j2", str(folder / "Lib")]
    subprocess.run(compiled, capture_output=True)  # Some templates in the library are no Python.


def unpack(wheel: Path, folder: Path, number: str) -> None:
    """Take the DLLs and extension modules of CPython out of the wheel. Raises SetupError."""
    (folder / "DLLs").mkdir()
    beside = {f"python{number}.dll", *RUNTIME}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            if path.name in beside.union(EXTRA) and path.parent.name in ("deploy_libs", "panda3d"):
                (folder / path.name).write_bytes(archive.read(name))
            elif path.parent.name == "deploy_libs" and is_of_library(path.name):
                (folder / "DLLs" / path.name).write_bytes(archive.read(name))
    lacking = sorted(name for name in beside if not (folder / name).is_file())
    if lacking:
        raise SetupError(f"{wheel.name} lacks {', '.join(lacking)}")


def is_of_library(name: str) -> bool:
    """Whether a file is an extension module of the ordinary CPython, or a DLL that one needs."""
    if name.endswith(".pyd"):
        return not re.search(r"\.cp\d+t-", name)  # The free-threaded CPython's lie beside them.
    return name in ("sqlite3.dll", "zlib1.dll") or (name.startswith("lib") and name[-4:] == ".dll")


def tool(folder: Path, *command: str) -> str:
    """Run a compiler's tool in a folder. Raises SetupError."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SetupError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def compile_launcher(folder: Path, number: str) -> None:
    """Make python.exe, with the manifest in it. Raises SetupError."""
    shutil.copy(HERE / "launcher.manifest", folder)
    (folder / "launcher.rc").write_text('1 24 "launcher.manifest"\n', "utf-8")
    tool(folder, RESOURCES, "launcher.rc", "-O", "coff", "-o", "launcher.res")
    name = f'-DPYTHON_DLL=L"python{number}.dll"'
    source = str(HERE / "launcher.c")
    warn = ("-O2", "-Wall", "-Werror", "-municode")
    tool(folder, COMPILER, *warn, name, source, "launcher.res", "-o", "python.exe")
    for used in ("launcher.manifest", "launcher.rc", "launcher.res"):
        (folder / used).unlink()


def forward_stable_abi(folder: Path, number: str) -> None:
    """Make python3.dll, to which modules of the stable ABI are linked: names of the other DLL."""
    listed = tool(folder, DUMP, "-p", f"python{number}.dll")
    names = _EXPORT.findall(listed.partition("[Ordinal/Name Pointer] Table")[2])
    if len(names) < 500:
        raise SetupError(f"only {len(names)} names were found in python{number}.dll")
    lines = ["LIBRARY python3.dll", "EXPORTS", *(f"{n} = python{number}.{n}" for n in names)]
    (folder / "python3.def").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "empty.c").write_text(EMPTY, "utf-8")
    link = ("-shared", "-nostdlib", "-Wl,-e,DllMain", "empty.c", "python3.def")
    tool(folder, COMPILER, *link, "-o", "python3.dll")
    for used in ("python3.def", "empty.c"):
        (folder / used).unlink()
