# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms keep to the map in the package's docstring, and their sub-rooms to those in theirs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from support.documents import map_of_folders, read
from support.systems import first_system_only

pytestmark = first_system_only

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "trellis_addon"

OWN = "."
"""A room's own modules, between its sub-rooms."""

ORDER: Mapping[str, tuple[str, ...]] = {
    "core": ("files", OWN, "prompt", "generation", "pictures", "destinations"),
    "gateway": ("http", "answers", OWN),
    "library": ("disk", OWN, "claims", "pictures"),
    "job": ("model_files", "obtain", "batch_api", "pictures", OWN),
    "importer": (
        "pipe",
        "check",
        "mesh",
        "surface",
        "clean",
        "read",
        "proxy",
        "rebuild",
        "quality",
        "prop",
        "viewers",
        "export",
        "shot",
        OWN,
    ),
    "scene": ("link", "place"),
    "engine": (OWN,),
    "ui": (
        "translation",
        "common",
        "account",
        "settings",
        "setup",
        "gallery_data",
        "jobs",
        "job_list",
        "pictures",
        "generate",
        "place",
        "gallery",
    ),
    "headless": (
        "terminal",
        "contract",
        "console",
        "observers",
        "config",
        "pool",
        "prompts",
        "selection",
        "report",
        "outputs",
        "pictures",
        "rows",
        "checking",
        "batch",
        "economy",
        "commands",
        "farm",
        "shell",
        OWN,
    ),
}
"""The rooms, and in each its sub-rooms. A module imports from its own and from those before."""

FREE_OF_BPY = (
    "core",
    "gateway",
    "library",
    "job",
    "importer.pipe",
    "importer.check",
    "importer.surface",
    "importer.clean",
)
MOST_MODULES = 15
"""In one folder: what one look takes in."""

GUARD = """
import importlib, sys
sys.modules["bpy"] = None
for name in sys.argv[1:]:
    importlib.import_module(name)
assert sys.modules["bpy"] is None
"""


@cache
def modules() -> Mapping[str, Path]:
    """Every module inside the package by its dotted name; a package goes by its own."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def is_below(module: str, room: str) -> bool:
    """Whether a module lies in a room or sub-room."""
    return module == room or module.startswith(f"{room}.")


def sub_room(module: str) -> str:
    """The sub-room that a module lies in."""
    _, _, inside = module.partition(".")
    folder, dot, _ = inside.partition(".")
    is_package = bool(inside) and modules()[module].name == "__init__.py"
    return folder if dot or is_package else OWN


@cache
def imports(module: str) -> tuple[tuple[int, str], ...]:
    """Line and module of all that a module imports of the package, in functions too."""
    return tuple(found_imports(module))


def found_imports(module: str) -> Iterator[tuple[int, str]]:
    """As :func:`imports`."""
    path = modules()[module]
    inside = path.relative_to(PACKAGE).parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        named = (node.module or "").split(".") if node.module else []
        if node.level:
            base = [*inside[: len(inside) - node.level], *named]
        elif named[:1] == [PACKAGE.name]:
            base = named[1:]
        else:
            continue
        for alias in node.names:
            full = ".".join([*base, alias.name])
            target = full if full in modules() else ".".join(base)
            assert target in modules(), f"{path}:{node.lineno}: {target}"
            assert target or full in modules(), f"{path}:{node.lineno} imports the package itself"
            yield node.lineno, target


def import_without_bpy(*names: str) -> subprocess.CompletedProcess[str]:
    """Import modules of the product in a process where `import bpy` fails."""
    command = [sys.executable, "-c", GUARD, *(f"trellis_addon.{name}" for name in names)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)


def folders(path: Path) -> set[str]:
    """The packages in a folder."""
    return {found.parent.name for found in path.glob("*/__init__.py")}


def test_the_docstring_names_every_room_in_this_order() -> None:
    map_of_rooms = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))) or ""
    places = [map_of_rooms.find(f"\n{room}/") for room in ORDER]
    assert -1 not in places
    assert places == sorted(places)
    assert folders(PACKAGE) == set(ORDER)


@pytest.mark.parametrize("room", ORDER)
def test_a_rooms_docstring_names_its_sub_rooms_in_this_order(room: str) -> None:
    named = [each for each in ORDER[room] if each != OWN]
    words = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text("utf-8"))) or ""
    places = [words.find(f"\n{each}/") for each in named]
    assert -1 not in places
    assert places == sorted(places)
    assert folders(PACKAGE / room) == set(named)
    deeper = [path for each in named for path in (PACKAGE / room / each).glob("*/*.py")]
    assert deeper == []


def test_no_folder_holds_more_than_one_look_takes_in() -> None:
    counts = {
        path.parent.relative_to(PACKAGE): len(list(path.parent.glob("*.py"))) - 1
        for path in PACKAGE.rglob("__init__.py")
    }
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}


@pytest.mark.parametrize("room", FREE_OF_BPY)
def test_room_does_without_bpy(room: str) -> None:
    names = [name for name in modules() if is_below(name, room)]
    assert names
    done = import_without_bpy(*names)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "module", ["scene.place.placing", "importer.prop.convert", "ui.gallery.menus"]
)
def test_the_guard_bites(module: str) -> None:
    done = import_without_bpy(module)
    assert done.returncode != 0
    assert "import of bpy halted" in done.stderr


def test_no_room_imports_from_below() -> None:
    rooms = list(ORDER)
    allowed = {room: set(rooms[: index + 1]) for index, room in enumerate(rooms)}
    # It stands beside the rooms, and those behind it in the map may read it.
    for room in ("engine", "ui", "headless"):
        allowed[room].add("preferences")
    allowed["headless"].discard("ui")
    allowed["preferences"] = {"core"}
    allowed["registration"] = {"preferences", "ui", "headless"}
    for room in ("importer", "scene", "engine", "ui", "headless", "preferences", "registration"):
        allowed[room].add("blender_context")
    allowed["blender_context"] = set()
    seen, wrong = 0, []
    for module in modules():
        room = module.partition(".")[0]
        for line, target in imports(module):
            seen += 1
            if room in allowed and target.partition(".")[0] not in allowed[room]:
                wrong.append(f"{module}:{line} imports {target}")
    assert seen > 1000
    assert wrong == []


def test_no_sub_room_imports_from_below() -> None:
    wrong = []
    for module in modules():
        room = module.partition(".")[0]
        order = ORDER.get(room, ())
        for line, target in imports(module):
            if order and is_below(target, room) and target != room:
                mine, other = sub_room(module), sub_room(target)
                if order.index(other) > order.index(mine):
                    wrong.append(f"{module}:{line} imports {target}")
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports in functions and for type checkers counted: they hide circles, and end none."""
    done: set[str] = set()
    circles = []

    def follow(module: str, way: tuple[str, ...]) -> None:
        if module in way:
            circles.append(" > ".join((*way[way.index(module) :], module)))
        elif module not in done:
            for _line, target in imports(module):
                follow(target, (*way, module))
            done.add(module)

    for module in modules():
        follow(module, ())
    assert circles == []


def test_tests_lie_where_what_they_test_does() -> None:
    beside = {"fuzz", "repository", "stand_in"}
    for kind in ("unit", "blender"):
        top = REPOSITORY / "tests" / kind
        for folder in {path.parent for path in top.rglob("test_*.py")} - {top}:
            place = folder.relative_to(top)
            assert (PACKAGE / place).is_dir() or place.parts[0] in beside, place


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
            assert not absolute or path.name in doors, f"{path}:{getattr(node, 'lineno', 0)}"


def test_the_package_itself_imports_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import trellis_addon; "
        "print(set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'trellis_addon'}"


def test_development_page_has_the_map_of_today() -> None:
    rows = list(map_of_folders(ORDER))
    assert len(rows) > 40
    text = read("docs/development.md")
    assert "\n".join(rows) in text, "put this table into docs/development.md:\n" + "\n".join(rows)
