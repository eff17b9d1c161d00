# SPDX-License-Identifier: GPL-3.0-or-later
"""A key that a server sends back in another form: it is in no record, no event, no log, no file."""

from __future__ import annotations

import base64
import html
import json
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import pytest
from gateway import StandInGateway
from gateway import actions as do
from hypothesis import given
from hypothesis import strategies as st
from support.gw_lines import CHAT, FILES, JOBS, POLL, Bench, Ran, completion

from trellis_addon.core.errors import GatewayFailureError, TrellisError
from trellis_addon.core.secret import Secret, hidden

KEY: Final = "sk-aig-MARKED-7f3a9c51_x.Y"
Form = Callable[[str], str]


def each(template: Callable[[int], str]) -> Form:
    return lambda text: "".join(template(ord(c)) for c in text)


FORMS: Final[dict[str, Form]] = {
    "plain": str,
    "JSON": each(lambda c: f"\\u{c:04x}"),
    "JSON, capitals": each(lambda c: f"\\u{c:04X}"),
    "JSON, one of them": lambda text: text.replace("M", "\\u004D"),
    "JSON in JSON": each(lambda c: f"\\\\u{c:04x}"),
    "JSON in JSON in JSON": each(lambda c: f"\\\\\\\\u{c:04x}"),
    "URL": each(lambda c: f"%{c:02X}"),
    "URL, where it must be": lambda text: quote(f"{text}", safe="").replace("-", "%2D"),
    "URL twice": each(lambda c: f"%25{c:02x}"),
    "HTML, decimal": each(lambda c: f"&#{c};"),
    "HTML, hexadecimal": each(lambda c: f"&#x{c:x};"),
    "HTML, without its end": each(lambda c: f"&#{c:05}"),
    "HTML twice": each(lambda c: f"&amp;#{c};"),
    "HTML, names": lambda text: text.replace("_", "&lowbar;").replace(".", "&period;"),
    "markup": each(lambda c: f"<b>{chr(c)}</b>"),
    "Python": each(lambda c: f"\\\\x{c:02x}"),
    "C": each(lambda c: f"\\\\{c:03o}"),
    "JavaScript": each(lambda c: f"\\\\u{{{c:x}}}"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of a header": lambda text: base64.b64encode(f"Bearer {text}!".encode()).decode(),
    "base64 of a login": lambda text: base64.urlsafe_b64encode(f"u:{text}??".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "capitals": str.upper,
    "zero bytes": lambda text: "\\u0000".join(text),
    "no width": lambda text: "\u200b".join(text),
    "lines": lambda text: "\\n".join([text[:9], text[9:]]),
}
"""As they stand inside a string of a JSON body."""


def echoed(form: str, document: object) -> bytes:
    """The document as JSON, with the key in this form wherever it says KEY."""
    return json.dumps(document).replace("KEY", FORMS[form](KEY)).encode()


def readable(text: str) -> bool:
    """Whether a reader who knows all of these forms finds the key."""
    for _ in range(4):
        bare = re.sub(r"<[^>]*>|[^!-~]|\\+(?=[^ux0-9])", "", text)
        words = re.findall(r"[A-Za-z0-9+/_-]{16,}", bare)
        pieces = [bare, *(_decoded(word[at:]) for word in words for at in range(4))]
        if any(KEY.lower() in piece.lower() for piece in pieces):
            return True
        if KEY.encode().hex() in bare.lower():
            return True
        text = unquote(html.unescape(text))
        text = re.sub(r"\\+u\{?0*([0-9a-fA-F]{2})\}?|\\+x(..)", _character, text)
        text = re.sub(r"\\+([0-7]{3})", lambda m: chr(int(m[1], 8)), text)
    return False


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def _decoded(word: str) -> str:
    word = word.translate(str.maketrans("-_", "+/"))
    return base64.b64decode(word + "A" * (-len(word) % 4)).decode("latin-1")


@pytest.mark.parametrize("form", FORMS)
def test_test_itself_finds_the_key(form: str) -> None:
    assert readable(json.loads(f'"{FORMS[form](KEY)}"'))
    assert not readable("https://a.example/model.glb?sk=ABCDEFGHIJKLMNOPQRSTUVWXYZ")


ERROR = {"error": {"message": "Wrong key: KEY.", "code": "KEY", "type": "KEY"}}
PLACES: dict[str, tuple[str, int, object]] = {
    "a refusal": (CHAT, 400, ERROR),
    "a failure": (CHAT, 502, ERROR),
    "an error in 200": (CHAT, 200, ERROR),
    "words": (CHAT, 200, completion("Your key is KEY, is it not?")),
    "usage": (CHAT, 200, {**completion("Hello"), "usage": {"KEY": "KEY", "all": ["KEY"]}}),
    "a link": (CHAT, 200, {"model_url": "http://127.0.0.1:9/KEY/a.glb?k=KEY"}),
    "a failed job": (JOBS, 200, {"id": "job_1", "status": "failed", "error": "No: KEY"}),
    "a job's id": (JOBS, 200, {"id": "KEY", "status": "queued"}),
    "a job's status": (JOBS, 200, {"id": "job_1", "status": "KEY"}),
    "a poll": (POLL, 404, ERROR),
    "a file's host": (FILES, 404, ERROR),
    "place of a file": (FILES, 200, ERROR),
}


def assert_nowhere(ran: Ran, log: str) -> None:
    for event in ran.events:
        assert not readable(str(event)), event
    for path in ran.folder.path.parent.rglob("*"):
        if path.is_file() and path.name != "model.glb":
            assert not readable(path.read_bytes().decode("latin-1")), path.read_bytes()
    assert not readable(log)


PAIRS = [
    *((place, form) for place in PLACES for form in ("JSON", "HTML, decimal", "base64")),
    *((place, form) for place in ("a refusal", "words") for form in FORMS),
]


@pytest.mark.parametrize(("place", "form"), sorted(set(PAIRS)))
def test_echo_is_kept_nowhere(
    stand_in: StandInGateway,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    place: str,
    form: str,
) -> None:
    caplog.set_level("DEBUG", "trellis_addon")
    route, status, document = PLACES[place]
    body = echoed(form, document)
    stand_in.script.on(route, do.status(status, body.decode()), times=3)
    stand_in.script.on(POLL, do.status(404), after=20)
    settings = {"key": Secret(KEY), "endpoint": "chat" if route in (CHAT, FILES) else "jobs"}
    ran = Bench(stand_in.base_url, tmp_path, settings).run()
    assert_nowhere(ran, caplog.text)


@pytest.mark.parametrize("size", [1, 5, 11])
def test_echo_in_the_pieces_of_a_stream(
    stand_in: StandInGateway, tmp_path: Path, size: int
) -> None:
    words = f"Your key {KEY} is wrong"
    pieces = [words[at : at + size] for at in range(0, len(words), size)]
    events = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    stand_in.script.on(CHAT, do.body(body.encode(), "text/event-stream"))
    ran = Bench(stand_in.base_url, tmp_path, {"key": Secret(KEY), "endpoint": "chat"}).run()
    assert "***" in ran.error.message
    assert_nowhere(ran, "")


def test_echo_in_utf_16(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on(CHAT, do.body(json.dumps({"error": KEY}).encode("utf-16-le"), "text/plain"))
    ran = Bench(stand_in.base_url, tmp_path, {"key": Secret(KEY), "endpoint": "chat"}).run()
    assert_nowhere(ran, "")


def test_error_can_be_printed(stand_in: StandInGateway, tmp_path: Path) -> None:
    line = Bench(stand_in.base_url, tmp_path, {"key": Secret(KEY)}).transport()
    with (
        pytest.raises(TrellisError) as caught,
        line.exchange("GET", f"{stand_in.base_url}/v1/balance"),
    ):
        raise GatewayFailureError(f"Bad: {FORMS['URL'](KEY)}", detail=KEY)
    line.close()
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value.facts)
    assert "Bad: ***" in printed
    assert not readable(printed)


@pytest.mark.parametrize("form", FORMS)
def test_answer_around_an_echo_is_still_read(form: str) -> None:
    body = echoed(form, {"a": "before KEY after", "b": ["KEY", "\\KEY", 'x"KEY'], "c": 1})
    document = json.loads(Secret(KEY).hide_in(body.decode()))
    assert (list(document), document["c"]) == (["a", "b", "c"], 1)
    assert document["a"].startswith("before ")
    assert document["a"].endswith(" after")


@given(st.text(alphabet='sk-aig MARKED7f3\\u0%&#;"<>{}', max_size=200))
def test_text_without_the_key_stays_as_it_is(text: str) -> None:
    assert readable(text) or Secret(KEY).hide_in(text) == text


def test_echo_at_the_end_of_a_long_answer_and_between_its_pieces() -> None:
    echo = FORMS["JSON"](KEY)
    for before in (0, 32_000, 32_768 - 40, 32_768, 100_000):
        text = Secret(KEY).hide_in("x" * before + echo + "y" * 40_000)
        assert text == "x" * before + "***" + "y" * 40_000


def test_text_full_of_echoes_is_not_shown() -> None:
    assert Secret(KEY).hide_in(FORMS["URL"](KEY) * 500) == "***"


def test_hidden_goes_through_everything() -> None:
    hide = Secret(KEY).hide_in
    value = {"a": [KEY, (f"<{KEY}>", 1, None, 2.5, b"x")], KEY: "b"}
    assert hidden(value, hide) == {"a": ["***", ("<***>", 1, None, 2.5, b"x")], "***": "b"}
