# SPDX-License-Identifier: GPL-3.0-or-later
"""Base64 is lifted out of an answer while it streams, however it is cut, escaped or wrapped."""

from __future__ import annotations

import base64
import itertools
import json
import random
import textwrap
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.gw_lines import Bench, QuickToken, completion
from support.gw_raw import RawServer, http

from trellis_addon.core.errors import BadFileError
from trellis_addon.gateway.answers.answer_parser import understand
from trellis_addon.gateway.http.base64_extraction import SHORTEST, Base64Extractor
from trellis_addon.gateway.http.response_body import receive, receive_line

BYTES = random.Random(3).randbytes(6007)  # 6007 % 3 == 1: base64 of it has padding
PLAIN = base64.b64encode(BYTES).decode()
assert PLAIN.endswith("==")


def wrapped(text: str, width: int = 76, end: str = "\n") -> str:
    return end.join(textwrap.wrap(text, width))


def as_json(text: str, levels: int = 1) -> str:
    for _ in range(levels):
        text = json.dumps({"b64": text})
    return text


SPELLINGS = {
    "plain": as_json(PLAIN),
    "no padding": as_json(PLAIN.rstrip("=")),
    "url-safe": as_json(base64.urlsafe_b64encode(BYTES).decode()),
    "url-safe without padding": as_json(base64.urlsafe_b64encode(BYTES).decode().rstrip("=")),
    "escaped slashes": as_json(PLAIN).replace("/", "\\/"),
    "escaped plus and equals": as_json(PLAIN).replace("+", "\\u002B").replace("=", "\\u003d"),
    "escaped slash as unicode": as_json(PLAIN).replace("/", "\\u002F").replace("+", "\\u002b"),
    "wrapped": as_json(wrapped(PLAIN)),
    "wrapped at 64 with CRLF": as_json(wrapped(PLAIN, 64, "\r\n")),
    "wrapped, bare": wrapped(PLAIN),
    "data URI": as_json("data:model/gltf-binary;base64," + PLAIN),
    "JSON in JSON": as_json(PLAIN, 2),
    "JSON in JSON in JSON": as_json(PLAIN, 3),
    "escaped slashes in JSON in JSON": json.dumps(as_json(PLAIN).replace("/", "\\/")),
    "everything escaped twice": json.dumps(
        as_json(wrapped(PLAIN)).replace("/", "\\/").replace("+", "\\u002B")
    ).replace("/", "\\/"),
    "wrapped JSON in JSON in JSON": as_json(wrapped(PLAIN), 3),
    "fence": as_json(f"Done:\n```\n{PLAIN}\n```\nEnjoy!"),
    "fence with a language": as_json(f"```base64\n{wrapped(PLAIN)}\n```"),
    "words before": as_json(f"Here\nyou\nare\n{PLAIN}\n"),
    "event": "data: " + json.dumps({"choices": [{"delta": {"content": PLAIN}}]}) + "\n\n",
}
TWO = {
    "two in JSON": json.dumps({"a": PLAIN, "b": base64.b64encode(BYTES[::-1]).decode()}),
    "two with padding in words": f"{PLAIN}\n{base64.b64encode(BYTES[::-1]).decode()}",
}


def lift(text: str, cuts: list[int]) -> tuple[str, list[bytes]]:
    """The text that is left and the payloads, of a text that comes in pieces."""
    raw = text.encode()
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    memory = Path("/dev/shm")  # each payload waits for the disk
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        lifter = Base64Extractor(Path(folder), 1 << 20)
        for start, end in itertools.pairwise(edges):
            lifter.feed(raw[start:end])
        body = lifter.finish()
        return body.text, [path.read_bytes() for path in body.payloads]


@pytest.mark.parametrize("name", sorted(SPELLINGS))
def test_every_spelling_in_one_piece(name: str) -> None:
    text, payloads = lift(SPELLINGS[name], [])
    assert payloads == [BYTES]
    assert text.count("@payload:0@") == 1
    assert len(text) < 150


@pytest.mark.parametrize("name", sorted(TWO))
def test_two_payloads(name: str) -> None:
    text, payloads = lift(TWO[name], [])
    assert payloads == [BYTES, BYTES[::-1]]
    assert text.index("@payload:0@") < text.index("@payload:1@")


WHOLE = {name: (text, lift(text, [])) for name, text in (SPELLINGS | TWO).items()}


@pytest.mark.parametrize("name", sorted(WHOLE))
@given(cuts=st.lists(st.integers(0, 1 << 30), max_size=12))
@example(cuts=list(range(60)))
@example(cuts=[-n for n in range(1, 60)])
@example(cuts=list(range(4000, 4200)))
@example(cuts=[8014, 8015, 8016, 8017, 8018, 8019, 8020, 8021, 8022, 8023, 8024, 8025])
@settings(max_examples=15)
def test_any_split_gives_the_same(name: str, cuts: list[int]) -> None:
    text, expected = WHOLE[name]
    assert lift(text, cuts) == expected


@pytest.mark.parametrize("name", ["everything escaped twice", "two with padding in words"])
def test_byte_by_byte(name: str) -> None:
    text, expected = WHOLE[name]
    assert lift(text, list(range(len(text.encode())))) == expected


@pytest.mark.parametrize("length", [1, 100, SHORTEST - 4])
@pytest.mark.parametrize("cuts", [[], [50, 77, 1000], list(range(0, 4000, 7))])
def test_nothing_shorter_is_lifted(length: int, cuts: list[int]) -> None:
    text = json.dumps({"model": "A" * length, "prompt": "a chair \\ \\u002B \n\n"})
    assert lift(text, cuts) == (text, [])


def test_long_signed_tokens_survive() -> None:
    token = PLAIN.replace("+", "-").replace("/", "_")[:3500].rstrip("=")
    url = f"https://media.example/v1/files/jobs/job_1/model.glb/public?token={token}&exp=1"
    text = json.dumps({"model_url": url, "preview_url": url.replace("model.glb", "p.png")})
    assert lift(text, [100, 200, 3000]) == (text, [])


@given(st.text(), st.lists(st.integers(0, 200), max_size=5))
@example("\\", [1])
@example("\\u00", [2, 3])
@example("a\\\\\\\\\\\\\\\\\\\\", [4, 5])
def test_small_texts_come_through_unchanged(text: str, cuts: list[int]) -> None:
    assert lift(text, cuts) == (text, [])


def test_many_short_lines_are_words() -> None:
    text = "\n".join(["tree", "house", "barrel"] * 2000)
    assert lift(text, [10, 5000, 9000]) == (text, [])


def test_more_than_allowed(tmp_path: Path) -> None:
    lifter = Base64Extractor(tmp_path, 5000)
    with pytest.raises(BadFileError, match="larger than allowed"):
        lifter.feed(PLAIN.encode())
    lifter.discard()
    assert list(tmp_path.iterdir()) == []


def test_lines_have_payloads_of_their_own(tmp_path: Path) -> None:
    lines = [json.dumps({"custom_id": str(n), "b": PLAIN}) for n in range(3)]
    raw = ("\n".join([lines[0], "", *lines[1:]]) + "\n").encode()
    pieces = (raw[n : n + 1000] for n in range(0, len(raw), 1000))
    bodies = list(receive_line(pieces, tmp_path, 1 << 20))
    assert [json.loads(body.text)["custom_id"] for body in bodies] == ["0", "1", "2"]
    assert len({path for body in bodies for path in body.payloads}) == 3
    for body in bodies:
        assert [path.read_bytes() for path in body.payloads] == [BYTES]


def test_lifted_answer_is_understood(tmp_path: Path) -> None:
    mesh = b"glTF" + bytes(9000)
    lifter = Base64Extractor(tmp_path, 1 << 20)
    lifter.feed(json.dumps(completion(base64.b64encode(mesh).decode())).encode())
    answer = understand(lifter.finish("application/json"))
    assert [asset.payload for asset in answer.assets] == [0]


def streamed(megabytes: int) -> Iterator[bytes]:
    """A chat answer with so much base64, made as it is sent."""
    letters = base64.b64encode(random.Random(1).randbytes(3 << 18))
    head, tail = json.dumps(completion("@")).encode().split(b"@")
    yield http(b"", length=-1) + head
    for _ in range(megabytes):
        yield letters
    yield tail


def test_memory_does_not_grow_with_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The breath between two pieces is for Blender's window; here nobody draws.
    monkeypatch.setattr("trellis_addon.gateway.http.response_body.PAUSES_PER_WORK", 0.0)
    monkeypatch.setattr("trellis_addon.gateway.http.response_body.SHORTEST_PAUSE_SECONDS", 0.0)
    with RawServer(lambda _: streamed(64)) as server, httpx.stream("GET", server.url) as response:
        tracemalloc.start()
        try:
            body = receive(response, tmp_path, QuickToken())
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert body.payloads[0].stat().st_size == 64 * (3 << 18)
    assert peak < 16 << 20
    assert "@payload:0@" in body.text


def test_answer_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    cut = http(b'{"b": "' + PLAIN.encode(), length=1 << 20)
    with RawServer(lambda _: cut) as server:
        error = Bench(server.url, tmp_path, {"endpoint": "chat"}).run().error
    assert error.kind == "unreachable"
    assert list(tmp_path.rglob("*.part")) == []
