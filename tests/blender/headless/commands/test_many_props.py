# SPDX-License-Identifier: GPL-3.0-or-later
"""With more props, each of them costs no more looks at the disk: counted in real processes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import bpy
import pytest
from support.processes import ended, start
from support.prop_files import write_prop
from support.props_copied import copy_many, report_lines

COUNTER = """
import collections, json, os, sys
counts, library = collections.Counter(), os.path.realpath(sys.argv[1])
def hook(event, arguments):
    known = event in ("os.listdir", "os.scandir", "open")
    if known and isinstance(arguments[0], (str, os.PathLike)):
        path = os.path.realpath(os.fspath(arguments[0]))
        if path == library or path.startswith(library + os.sep):
            deep = path != library
            counts[f"{event} {'in a prop' if deep else 'of the library'}"] += 1
sys.addaudithook(hook)
from trellis_addon.headless.cli import run_cli
code = run_cli(sys.argv[2:])
print(json.dumps({"event": "counted", "code": code, **counts}), flush=True)
os._exit(0)
"""


def counted(home: Path, count: int, *command: str) -> Counter[str]:
    """What one command asks of the disk with so many props."""
    library = home / f"library-{count}"
    if not library.exists():
        model = home / "vase-00000000"
        if not model.exists():
            _model(model)
        records = copy_many([model], library, count)
        lines = "".join(json.dumps(line) + "\n" for line in report_lines(records))
        (home / f"{library.name}.jsonl").write_text(lines, "utf-8")
    words = [word.format(library=library, ids=" ".join(_ids(library))) for word in command]
    split = [part for word in words for part in (word.split() if word != str(library) else [word])]
    arguments = ["-c", COUNTER, library, *split, "--library", library]
    done = ended(start(arguments, home))
    told = json.loads(done.stdout.splitlines()[-1])
    assert told.pop("event") == "counted", done.explain()
    assert told.pop("code") == 0, done.explain()
    return Counter(told)


def _ids(library: Path) -> list[str]:
    return sorted(path.parent.name for path in library.glob("*/prop.json"))


def _model(folder: Path) -> None:
    write_prop(folder / "prop.blend", "Vase")
    record = {
        "schema": 1,
        "id": folder.name,
        "state": "ready",
        "created": "2026-01-01T00:00:00Z",
        "request": {"prompt": "a vase", "model": "microsoft/trellis"},
        "history": [{"state": "ready", "time": "2026-01-01T00:00:00Z"}],
        "files": {"prop.blend": {"sha256": "0" * 64, "bytes": 1}},
        "prop": {
            "collection": "Vase",
            "size_metres": [1, 1, 2],
            "triangles": 12,
            "blender": ".".join(map(str, bpy.app.version)),
        },
    }
    (folder / "prop.json").write_text(json.dumps(record), "utf-8")


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("list", "--json"),
        ("place {ids}", "--scene", "{library}.blend"),
        ("report", "{library}.jsonl", "--html", "{library}.html"),
    ],
)
def test_looks_grow_with_the_props_at_most(tmp_path: Path, command: tuple[str, ...]) -> None:
    few, many = (counted(tmp_path, count, *command) for count in (10, 20))
    for event, looks in many.items():
        if event.endswith("of the library"):
            assert looks == few[event], (event, few, many)
        else:
            assert looks <= 2 * few[event], (event, few, many)
    if command[0] != "report":
        assert many["open in a prop"] >= 20
