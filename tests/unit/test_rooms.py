# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms keep to the map in the package's docstring."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "trellis_addon"
ORDER = ("core", "gateway", "library", "job", "importer", "scene", "engine", "ui", "headless")
BESIDE = ("preferences", "registration")
FREE_OF_BPY = ("core", "gateway", "library", "job")
PARENT_SIDE = tuple(
    f"importer.{name}"
    for name in ("messages", "process", "glb", "pictures", "exporting", "export_task", "turns")
)

GUARD = """
import importlib, sys
sys.modules["bpy"] = None
importlib.import_module(sys.argv[1])
assert sys.modules["bpy"] is None
"""


def modules(room: str) -> list[str]:
    """Dotted names of a room's modules inside the package."""
    folder = PACKAGE / room
    return [f"{room}.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem[0] != "_"]


def import_without_bpy(module: str) -> subprocess.CompletedProcess[str]:
    """Import a module of the product in a process where `import bpy` fails."""
    command = [sys.executable, "-c", GUARD, f"trellis_addon.{module}"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)


def test_the_docstring_names_every_room_in_this_order() -> None:
    map_of_rooms = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))) or ""
    places = [map_of_rooms.find(f"\n{room}/") for room in ORDER]
    assert -1 not in places
    assert places == sorted(places)
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == set(ORDER)


@pytest.mark.parametrize("room", FREE_OF_BPY)
def test_room_does_without_bpy(room: str) -> None:
    script = GUARD.replace("sys.argv[1]", "name").replace(
        "importlib.import_module(name)",
        "\nfor name in sys.argv[1:]:\n    importlib.import_module(name)",
    )
    names = [f"trellis_addon.{name}" for name in modules(room)]
    assert names
    command = [sys.executable, "-c", script, *names]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", PARENT_SIDE)
def test_parents_side_of_the_importer_does_without_bpy(module: str) -> None:
    done = import_without_bpy(module)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["scene.placing", "importer.convert", "ui.menus"])
def test_the_guard_bites(module: str) -> None:
    done = import_without_bpy(module)
    assert done.returncode != 0
    assert "import of bpy halted" in done.stderr


def relative_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and target room (or module beside the rooms) of each relative import of a file."""
    inside = path.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = inside[: -node.level]
        named = (node.module or "").split(".") if node.module else []
        targets = [[*base, *named]] if named or base else [[alias.name] for alias in node.names]
        for target in targets:
            assert target, f"{path}:{node.lineno} imports the package itself"
            yield node.lineno, target[0]


def test_no_room_imports_from_below() -> None:
    allowed = {room: set(ORDER[: index + 1]) for index, room in enumerate(ORDER)}
    # It stands beside the rooms, and those behind it in the map may read it.
    for room in ("engine", "ui", "headless"):
        allowed[room].add("preferences")
    allowed["headless"].discard("ui")
    allowed["preferences"] = {"core"}
    allowed["registration"] = {"preferences", "ui", "headless"}
    seen = 0
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for line, target in relative_imports(path):
            seen += 1
            if room in allowed and target not in allowed[room]:
                wrong.append(f"{path.relative_to(REPOSITORY)}:{line}: {room} -> {target}")
    assert seen > 100
    assert wrong == []


def test_the_package_is_imported_by_no_absolute_name() -> None:
    # The doors that start from outside are the exception: they make the package importable.
    doors = {"__main__.py", "worker.py", "run.py"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            )
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            absolute = [n for n in names if n.split(".")[0] in ("trellis_addon", "bl_ext")]
            assert not absolute or path.name in doors, f"{path}:{node.lineno}"


def test_the_package_itself_imports_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import trellis_addon; "
        "print(set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'trellis_addon'}"
