# SPDX-License-Identifier: GPL-3.0-or-later
"""A file on its way: links that expire, breaks, wrong lengths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.gw_lines import CHAT, FILES, JOBS, Bench, Limit, completion
from support.gw_raw import Asked, RawServer, http
from support.rooms import KEY, PROMPT, parts

from trellis_addon.gateway.download import MOST_BREAKS

MESH = make_glb(PROMPT, 0, 2000, 64)
GLB = "model/gltf-binary"


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in.base_url, tmp_path, {"endpoint": "jobs"})


def gets(gateway: StandInGateway) -> list[str]:
    """The requests for files and jobs, without what differs from run to run."""
    routes = [r.route for r in gateway.requests_to("GET")]
    return ["/".join(p for p in route.split("/") if not p.startswith("job_")) for route in routes]


PUBLIC, SIGNED = "GET /v1/files/jobs/model.glb/public", "GET /v1/files/jobs/model.glb/signed"
MEDIA, RECORD = "GET /v1/files/jobs/model.glb", "GET /v1/jobs"
BELOW_SUBMIT = "GET /v1/3d/generations"


# --- links


def test_signed_link_needs_no_key(tmp_path: Path) -> None:
    with StandInGateway(triangles=2000, texture=64, media_alias="localhost") as gateway:
        ran = Bench(gateway.base_url, tmp_path, {"endpoint": "jobs"}).run()
        assert ran.model == MESH
        (asked,) = gateway.requests_to("GET /v1/files")
        assert asked.headers["host"].startswith("localhost:")
        assert "authorization" not in asked.headers
        assert KEY not in str(asked)


def test_expired_link_is_renewed_by_the_record(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on("GET /v1/files/*/public", do.expire_links())
    assert bench.run().model == MESH
    assert gets(stand_in) == [RECORD, PUBLIC, RECORD, PUBLIC]
    assert len(stand_in.requests_to("POST")) == 1


def test_then_by_a_minted_link(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on("GET /v1/files/*/public", do.expire_links(), times=2)
    assert bench.run().model == MESH
    assert gets(stand_in) == [RECORD, PUBLIC, RECORD, PUBLIC, SIGNED, PUBLIC]


def test_then_by_the_media_path_with_the_key(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on("GET /v1/files/*/public", do.expire_links(), times=None)
    assert bench.run().model == MESH
    asked = stand_in.requests_to("GET /v1/files")[-1]
    assert gets(stand_in)[-1] == MEDIA
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_record_that_is_gone_does_not_end_the_search(
    stand_in: StandInGateway, bench: Bench
) -> None:
    stand_in.script.on("GET /v1/files/*/public", do.expire_links())
    stand_in.script.on("GET /v1/jobs/*", do.status(404), after=1)
    assert bench.run().model == MESH
    assert gets(stand_in) == [RECORD, PUBLIC, RECORD, BELOW_SUBMIT, SIGNED, PUBLIC]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_link_that_nothing_renews(stand_in: StandInGateway, bench: Bench, status: int) -> None:
    stand_in.script.on(FILES, do.status(status), times=None)
    error = bench.run().error
    assert (error.kind, error.status, error.retryable) == ("link_expired", status, False)
    assert "7 days" in error.next_step
    assert error.request_id


def test_link_in_a_chat_answer_is_renewed_by_its_path(
    stand_in: StandInGateway, bench: Bench
) -> None:
    bench.settings["endpoint"] = "chat"
    stand_in.script.on("GET /v1/files/*/public", do.expire_links())
    assert bench.run().model == MESH
    assert gets(stand_in) == [PUBLIC, RECORD, PUBLIC]


# --- breaks


def ranges(gateway: StandInGateway) -> list[tuple[str | None, str | None]]:
    asked = gateway.requests_to("GET /v1/files")
    return [(r.headers.get("range"), r.headers.get("if-range")) for r in asked]


def test_download_goes_on_where_it_was_cut(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(FILES, do.cut_at(30_000))
    stand_in.script.on(FILES, do.cut_at(5_000, reset=True))
    assert bench.run().model == MESH
    first, second, third = ranges(stand_in)
    assert first == (None, None)
    assert second[0] == "bytes=30000-"
    assert third[0] is not None
    assert 30_000 <= int(third[0].removeprefix("bytes=").removesuffix("-")) <= 35_000
    assert second[1] == third[1]
    assert (second[1] or "").startswith('"')


@pytest.mark.parametrize("cut", [0, 1, 11, 100_000])
def test_cut_anywhere(stand_in: StandInGateway, bench: Bench, cut: int) -> None:
    stand_in.script.on(FILES, do.cut_at(cut), times=3)
    assert bench.run().model == MESH


def test_file_that_breaks_again_and_again(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(FILES, do.cut_at(0), times=None)
    ran = bench.run()
    assert (ran.error.kind, ran.error.retryable) == ("unreachable", True)
    assert ran.record.origin.locations
    assert parts(bench.library) == []
    stand_in.script.clear()
    assert bench.go_on(ran.folder).model == MESH
    assert len(stand_in.requests_to("POST")) == 1


def broken_off(*ends: int, **headers: Any) -> list[Callable[[Asked], bytes]]:
    """The start of the file again and again, of these lengths in turn."""

    def broken_at(end: int) -> Callable[[Asked], bytes]:
        return lambda _: http(MESH[:end], kind=GLB, length=len(MESH), **headers)

    return [broken_at(end) for end in ends] * 40


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"a"'}, {"Last_Modified": ""}])
@pytest.mark.parametrize("ends", [(40_000,), (10_000, 40_000), (1, 2, 3, 40_000)])
def test_file_that_cannot_be_continued_is_given_up(
    tmp_path: Path, headers: dict[str, str], ends: tuple[int, ...]
) -> None:
    """Each try begins at the first byte: that one came further than the last is no progress."""
    files = FileServer(*broken_off(*ends, **headers))
    ran = files.run(tmp_path)
    assert (ran.error.kind, ran.error.retryable) == ("unreachable", True)
    assert len(files.files) == MOST_BREAKS
    assert ran.record.origin.locations


def test_file_that_changes_at_each_break_is_given_up(tmp_path: Path) -> None:
    """The server has a validator, and another one each time."""

    def broken_at(n: int) -> Callable[[Asked], bytes]:
        return lambda _: http(MESH[: 10_000 + n], kind=GLB, length=len(MESH), ETag=f'"{n}"')

    answers = [broken_at(n) for n in range(100)]
    files = FileServer(*answers)
    assert files.run(tmp_path).error.kind == "unreachable"
    assert len(files.files) == MOST_BREAKS


def test_part_that_is_wrong_each_time_is_given_up(tmp_path: Path) -> None:
    files = FileServer(*[half(ETag='"a"'), rest(39_999)] * 40)
    assert files.run(tmp_path).error.kind == "unreachable"
    assert len(files.files) == MOST_BREAKS


def in_steps(content: bytes, step: int) -> Callable[[Asked], bytes]:
    """A few bytes a connection, each going on where the last one broke off."""

    def answer(asked: Asked) -> bytes:
        start = int(asked.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        piece, left = content[start : start + step], len(content) - start
        return http(piece, 206 if start else 200, GLB, left, ETag='"a"', Content_Range=span)

    return answer


def test_file_that_comes_byte_by_byte_is_given_up(tmp_path: Path) -> None:
    """Each connection brings one more byte: it would take as many as there are bytes."""
    files = FileServer(in_steps(MESH, 1))
    assert files.run(tmp_path).error.kind == "unreachable"
    assert len(files.files) == MOST_BREAKS


def test_file_that_goes_on_after_more_breaks_than_that(tmp_path: Path) -> None:
    """A bad line is no reason to give up what comes forward."""
    large = make_glb(PROMPT, 0, 40_000, 512)
    step = 70_000
    assert len(large) > (MOST_BREAKS + 2) * step
    assert FileServer(in_steps(large, step)).run(tmp_path).model == large


def test_progress_is_told_with_the_size(stand_in: StandInGateway, bench: Bench) -> None:
    assert any(text.startswith("Downloading the model, ") for text in bench.run().said)


class FileServer:
    """A chat answer with a link to a file that misbehaves as told, request after request."""

    def __init__(self, *answers: Callable[[Asked], Any]) -> None:
        self._answers = list(answers)
        self.server = RawServer(self)
        self.files: list[Asked] = []

    def __call__(self, asked: Asked) -> Any:
        if asked.method == "POST":
            return http(completion(f"{self.server.url}/model.glb"))
        self.files.append(asked)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(asked)

    def run(self, library: Path) -> Any:
        with self.server:
            return Bench(self.server.url, library, {"endpoint": "chat"}).run()


def whole(**headers: Any) -> Callable[[Asked], bytes]:
    return lambda _: http(MESH, kind=GLB, **headers)


def half(**headers: Any) -> Callable[[Asked], bytes]:
    return lambda _: http(MESH[:40_000], kind=GLB, length=len(MESH), **headers)


def rest(start: int = 40_000, content: bytes = MESH) -> Callable[[Asked], bytes]:
    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return lambda _: http(content[start:], 206, GLB, Content_Range=span)


MONDAY = "Mon, 16 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"a"'}, '"a"'),
        ({"ETag": 'W/"a"', "Last_Modified": MONDAY}, MONDAY),
        ({"Last_Modified": MONDAY}, MONDAY),
        ({"ETag": 'W/"a"'}, None),
        ({}, None),
    ],
)
def test_what_makes_sure_that_it_is_the_same_file(
    tmp_path: Path, headers: dict[str, str], validator: str | None
) -> None:
    second = rest() if validator else whole()
    files = FileServer(half(**headers), second)
    assert files.run(tmp_path).model == MESH
    assert files.files[1].headers.get("if-range") == validator
    assert files.files[1].headers.get("range") == ("bytes=40000-" if validator else None)


def test_file_that_has_changed_is_begun_again(tmp_path: Path) -> None:
    other = make_glb("a red chair", 1, 2000, 64)
    files = FileServer(half(ETag='"a"'), lambda _: http(other, kind=GLB, ETag='"b"'))
    assert files.run(tmp_path).model == other


def test_file_that_has_changed_and_is_cut_again(tmp_path: Path) -> None:
    files = FileServer(half(ETag='"a"'), half(ETag='"b"'), rest())
    assert files.run(tmp_path).model == MESH
    assert files.files[2].headers["if-range"] == '"b"'


def test_server_that_ignores_the_range(tmp_path: Path) -> None:
    files = FileServer(half(ETag='"a"'), whole(ETag='"a"'))
    assert files.run(tmp_path).model == MESH


@pytest.mark.parametrize("start", [0, 39_999, 40_001])
def test_other_part_than_was_asked_for(tmp_path: Path, start: int) -> None:
    files = FileServer(half(ETag='"a"'), rest(start), whole())
    assert files.run(tmp_path).model == MESH
    assert "range" not in files.files[2].headers


@pytest.mark.parametrize("span", ["", "bytes */100", "lines 40000-", "bytes=40000-"])
def test_part_that_does_not_say_which(tmp_path: Path, span: str) -> None:
    wrong = http(MESH[40_000:], 206, GLB, Content_Range=span)
    files = FileServer(half(ETag='"a"'), lambda _: wrong, whole())
    assert files.run(tmp_path).model == MESH


def test_compressed_file_is_not_continued(tmp_path: Path) -> None:
    """What has been unpacked is longer than what a range would count."""
    import gzip

    packed = gzip.compress(MESH)
    cut = http(packed[:-4000], kind=GLB, length=len(packed), Content_Encoding="gzip", ETag='"a"')
    again = http(packed, kind=GLB, Content_Encoding="gzip", ETag='"a"')
    files = FileServer(lambda _: cut, lambda _: again)
    assert files.run(tmp_path).model == MESH
    assert "range" not in files.files[1].headers
    assert {asked.headers["accept-encoding"] for asked in files.files} == {"identity"}


# --- lengths


def test_length_that_is_too_long_for_ever(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on("GET /v1/files/*/public", do.wrong_length(+10), times=None)
    assert bench.run().model == MESH


def test_range_that_cannot_be_had_of_another_file(tmp_path: Path) -> None:
    nothing = http(b"", 416, Content_Range="bytes */77")
    files = FileServer(half(ETag='"a"'), lambda _: nothing, whole())
    assert files.run(tmp_path).model == MESH


def test_length_that_is_too_short_once(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(FILES, do.wrong_length(-10))
    assert bench.run().model == MESH


def test_length_that_is_too_short_for_ever(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(FILES, do.wrong_length(-10), times=None)
    error = bench.run().error
    assert (error.kind, error.retryable) == ("bad_file", True)
    assert "truncated" in error.message
    assert parts(bench.library) == []


def test_no_length_at_all(tmp_path: Path) -> None:
    files = FileServer(lambda _: http(MESH, kind=GLB, length=-1))
    assert files.run(tmp_path).model == MESH


@pytest.mark.parametrize("length", [None, -1])
def test_file_larger_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int | None
) -> None:
    monkeypatch.setattr("trellis_addon.gateway.download.MOST_BODY_BYTES", 50_000)
    files = FileServer(lambda _: http(MESH, kind=GLB, length=length))
    ran = files.run(tmp_path)
    assert (ran.error.kind, ran.error.retryable) == ("bad_file", False)
    assert "larger than allowed" in ran.error.message
    assert len(files.files) == 1
    assert parts(tmp_path) == []


def test_answer_larger_than_allowed(
    stand_in: StandInGateway, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trellis_addon.gateway.http.response_body.MOST_BODY_BYTES", 50_000)
    bench.settings["endpoint"] = "chat"
    for shape in ("data_uri", "binary"):
        stand_in.script.on(CHAT, do.answer(shape))
        assert "larger than allowed" in bench.run().error.message
    assert parts(bench.library) == []


def test_text_larger_than_allowed(
    stand_in: StandInGateway, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trellis_addon.gateway.http.base64_extraction.MOST_TEXT", 50_000)
    bench.settings["endpoint"] = "chat"
    stand_in.script.on(CHAT, do.status(200, completion("so many words " * 5_000)))
    assert "too large" in bench.run().error.message


DRIPS = "receive_response_body.started"


def test_download_that_drips_does_not_outlive_the_limit(
    stand_in: StandInGateway, bench: Bench
) -> None:
    stand_in.script.on(FILES, do.drip(20_000), times=None)
    bench.limit = Limit(stand_in, FILES, step=DRIPS)
    ran = bench.run()
    assert (ran.error.kind, ran.error.retryable) == ("timeout", True)
    assert ran.record.origin.locations


def test_answer_that_drips_does_not_outlive_the_limit(
    stand_in: StandInGateway, bench: Bench
) -> None:
    stand_in.script.on(JOBS, do.drip(40))
    bench.limit = Limit(stand_in, JOBS, step=DRIPS)
    assert bench.run().error.kind == "timeout"
