# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs that took time or memory beyond all relation to their length.

Each ran for minutes to days before it was mended. They run in a process of their own, to which the
system grants a minute of processor time and two gigabytes.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from support.glbs import cube, data_uri
from support.processes import REPOSITORY

from trellis_addon.core.errors import BadFileError, InputError
from trellis_addon.core.secret import Secret
from trellis_addon.core.text import slug, title
from trellis_addon.gateway.answers.answer_parser import understand
from trellis_addon.gateway.answers.status_errors import from_response
from trellis_addon.gateway.http.base64_extraction import Body
from trellis_addon.headless.prompts.prompt_list import read_batch
from trellis_addon.importer.check.glb_check import load

MANY = 30_000


def said(text: str) -> None:
    understand(Body(json.dumps({"choices": [{"message": {"content": text}}]}), ()))


def failed(text: str) -> None:
    from_response(500, {}, text)


def listed(kind: str, text: str) -> None:
    try:
        assert read_batch(io.BytesIO(text.encode()), f"list.{kind}").faults
    except InputError:
        return


def checked(content: bytes, refused: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.glb"
        path.write_bytes(content)
        if not refused:
            load(path)
            return
        with pytest.raises(BadFileError, match=refused):
            load(path)


def sought(part: str) -> None:
    """A key in a text that could hold it at every place."""
    assert "***" not in Secret("sk-aig-7f3a_9c51").hide_in(part * (300_000 // len(part)))


def many_accessors() -> None:
    model = cube()
    model.document["accessors"] += [dict(model.document["accessors"][0]) for _ in range(MANY)]
    checked(model.pack())


def many_views() -> None:
    model = cube()
    model.document["bufferViews"] += [dict(model.document["bufferViews"][0]) for _ in range(MANY)]
    checked(model.pack())


def large_buffer_named_often() -> None:
    """A data URI of 8 MB, in which thousands of parts lie: decoded once."""
    model = cube()
    binary = bytes(model.binary) + bytes(8 << 20)
    model.document["buffers"] = [{"byteLength": len(binary), "uri": data_uri(binary, "x/y")}]
    accessors = model.document["accessors"]
    primitive = model.document["meshes"][0]["primitives"][0]
    for _ in range(3000):
        accessors.append(dict(accessors[primitive["attributes"]["POSITION"]]))
        again = {**primitive, "attributes": {"POSITION": len(accessors) - 1}}
        model.document["meshes"][0]["primitives"].append(again)
    model.binary.clear()
    checked(model.pack())


def overlapping_ranges() -> None:
    """A thousand accessors over the same megabytes claim more than all the memory there is."""
    model = cube()
    view = model.view(bytes(12 << 20))
    whole = {"bufferView": view, "componentType": 5126, "type": "VEC3", "count": 1 << 20}
    model.document["accessors"] += [dict(whole) for _ in range(1000)]
    checked(model.pack(), "more data than anyone can use")


def table_of(columns: int) -> str:
    return "prompt," + ",".join(f"c{n}" for n in range(columns)) + "\nbarrel\n"


CASES: dict[str, Callable[[], object]] = {
    "spaces-in-an-error": lambda: failed(" " * 65_000 + "x"),
    "spaces-in-its-message": lambda: failed(json.dumps({"error": "a" + " " * 65_000 + "x"})),
    "links-that-never-close": lambda: said("[](http:x" * 100_000),
    "brackets": lambda: said("[" * 1_000_000),
    "fence-that-never-closes": lambda: said("```" + " \n" * 500_000),
    "tags-that-never-close": lambda: said("<a src " * 100_000),
    "links-without-end": lambda: said("https://a.example/b.glb " * 100_000),
    "links-in-a-list": lambda: understand(Body(json.dumps(["https://a.example/b"] * 50_000), ())),
    "fields-of-a-line": lambda: listed("jsonl", json.dumps({f"k{n}": n for n in range(90_000)})),
    "columns": lambda: listed("csv", table_of(300_000)),
    "unknown-columns": lambda: listed("jsonl", '{"prompt":"a","x1":1,"x2":2,"x3":3}\n' * 50_000),
    "letters-of-a-title": lambda: (title("a" * 300_000), None)[1],
    "words-of-a-title": lambda: (title("word " * 100_000), None)[1],
    "words-of-a-folder": lambda: (slug("word " * 100_000), None)[1],
    **{
        f"echo-{n}": partial(sought, part)
        for n, part in enumerate(
            ("\\", "&", "%", "<", "s", "sk-aig", "\\u", "&#", "<a", "%25", "\0")
        )
    },
    "accessors": many_accessors,
    "views": many_views,
    "buffer-named-often": large_buffer_named_often,
    "overlapping-ranges": overlapping_ranges,
}

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
sys.path[:0] = ["tests", ".", sys.argv[1]]
import test_fuzz_bounds
for name in sys.argv[2:]:
    print(name, flush=True)
    test_fuzz_bounds.CASES[name]()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
def test_nothing_takes_more_than_its_length() -> None:
    command = [sys.executable, "-c", LIMITED, str(Path(__file__).parent), *CASES]
    environment = {"OPENBLAS_NUM_THREADS": "1", "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1:]}: {done.stderr[-3000:]}"
    assert done.stdout.split() == list(CASES)
