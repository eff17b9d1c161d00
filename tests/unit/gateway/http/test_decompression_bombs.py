# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a server sends, in whatever coding: the memory stays within 16 MiB above the start."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from gateway.meshes import make_glb
from support import gw_bombs, processes
from support.gw_bombs import TEXTS, WINDOWS, bomb, fitting
from support.gw_lines import Bench, completion
from support.gw_raw import Answer, Asked, RawServer, http
from support.rooms import PROMPT

from trellis_addon.core.errors import NoModelInAnswerError
from trellis_addon.gateway.metadata_api import Catalogue

MOST_MIB = 16
MESH = make_glb(PROMPT, 0, 2000, 64)
LARGE = 64 << 10
"""KiB: far more than may be in memory."""

ZEROS = f"zeros/{LARGE}"
PACKED = (*WINDOWS, "gzip+gzip", "deflate+gzip", "gzip+gzip+gzip", "zstd", "br", "gzip+zstd")


def serve(asked: Asked) -> Answer:
    """The path says where the bomb is, what it says and how it is packed."""
    where, *case = asked.path.strip("/").split("/")
    if where == "sound":
        return http(MESH, kind="model/gltf-binary")
    what, kib, codings = case[:3]
    if where == "link" and asked.method == "POST":
        return http(completion(f"http://{asked.headers['host']}/link/{what}/{kib}/{codings}/a.glb"))
    packed = tuple(codings.split("+")) if codings != "none" else ()
    named = ", ".join("deflate" if name == "raw" else name for name in packed)
    headers: dict[str, Any] = {"Content_Encoding": named} if packed else {}
    return http(
        bomb(what, int(kib), packed),
        400 if where == "refused" else 200,
        "model/gltf-binary" if where in ("binary", "link") else "application/json",
        **headers,
    )


def rises(tmp_path: Path, cases: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What each case did to another process, which had one good answer before."""
    with RawServer(serve) as server:
        ran = processes.run(
            [Path(gw_bombs.__file__), server.url, tmp_path / "library", *cases],
            tmp_path,
            PYTHONPATH=os.pathsep.join(str(processes.REPOSITORY / part) for part in ("", "tests")),
        )
    assert ran.code == 0, ran.explain()
    return {line["case"]: line for line in ran.events}


CASES = {
    "in every coding": [f"chat/{ZEROS}/{codings}" for codings in PACKED],
    "everywhere": [f"{w}/{ZEROS}/gzip+gzip" for w in ("refused", "binary", "link")],
    "of every kind": [f"chat/{what}/{LARGE}/gzip" for what in TEXTS],
    "as large as may be read": [f"chat/{what}/{fitting(what)}/none" for what in TEXTS],
}
LONG = ("of every kind", "as large as may be read")


@pytest.mark.skipif(sys.platform != "linux", reason="the high-water mark is read from /proc")
@pytest.mark.parametrize(
    "which",
    [pytest.param(name, marks=pytest.mark.long if name in LONG else ()) for name in CASES],
)
def test_memory_stays_where_it_was(tmp_path: Path, which: str) -> None:
    seen = rises(tmp_path, CASES[which])
    assert list(seen) == CASES[which]
    assert not {case: line for case, line in seen.items() if line["rose"] > MOST_MIB}
    assert not {case: line for case, line in seen.items() if line["words"] == "Finished"}


# --- what is sound is read, whatever it is packed in


@pytest.mark.parametrize("codings", ["gzip", "x-gzip", "deflate", "raw", "deflate+gzip"])
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_sound_answer_is_unpacked(tmp_path: Path, codings: str, size: int) -> None:
    """In pieces of any size: the first byte of a body alone does not tell its kind of deflate."""
    packed = gw_bombs.packed(MESH, tuple(codings.split("+")))
    named = codings.replace("raw", "deflate").replace("+", ", ")
    head, _, body = http(packed, kind="model/gltf-binary", Content_Encoding=named).partition(
        b"\r\n\r\n"
    )
    pieces = [body[at : at + size] for at in range(0, min(len(body), 64 * size), size)]
    rest = body[sum(map(len, pieces)) :]
    with RawServer(lambda _: iter([head + b"\r\n\r\n", *pieces, rest])) as server:
        assert Bench(server.url, tmp_path, {"endpoint": "chat"}).run().model == MESH


@pytest.mark.parametrize("name", ["identity", "utf-8", "aws-chunked", "none", ""])
def test_name_that_is_no_coding_changes_nothing(tmp_path: Path, name: str) -> None:
    answer = http(MESH, kind="model/gltf-binary", Content_Encoding=name)
    with RawServer(lambda _: answer) as server:
        assert Bench(server.url, tmp_path, {"endpoint": "chat"}).run().model == MESH


@pytest.mark.parametrize("name", ["br", "zstd", "compress", "gzip, br", "GZIP, gzip, gzip"])
def test_coding_that_was_not_asked_for_is_told(tmp_path: Path, name: str) -> None:
    with RawServer(lambda _: http(b"\xa5" * 5000, Content_Encoding=name)) as server:
        error = Bench(server.url, tmp_path, {"endpoint": "chat"}).run().error
    assert error.message == "The answer is compressed in a way that was not asked for"
    assert name.lower() in error.detail
    assert server.asked[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("name", ["br", "GZIP, gzip, gzip"])
def test_model_whose_header_lies_is_a_model(tmp_path: Path, name: str) -> None:
    answer = http(MESH, kind="model/gltf-binary", Content_Encoding=name)
    with RawServer(lambda _: answer) as server:
        assert Bench(server.url, tmp_path, {"endpoint": "chat"}).run().model == MESH


def test_status_is_told_where_the_words_cannot_be_unpacked(tmp_path: Path) -> None:
    with RawServer(lambda _: http(b"?", 401, Content_Encoding="br")) as server:
        error = Bench(server.url, tmp_path, {"endpoint": "chat"}).run().error
    assert error.status == 401


def test_list_of_models_that_is_a_bomb_is_refused(tmp_path: Path) -> None:
    lists = bomb("lists", 1000, ("gzip",))
    with RawServer(lambda _: http(lists, Content_Encoding="gzip")) as server:
        line = Bench(server.url, tmp_path).transport()
        with pytest.raises(NoModelInAnswerError, match="not JSON"):
            Catalogue(line).models()
        line.close()
