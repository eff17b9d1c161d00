# SPDX-License-Identifier: GPL-3.0-or-later
"""Key, provider keys and proxy password: sent where they belong, and found nowhere else.

Marked secrets go through every failing path; then all that came out is searched for them: standard
output and error, every logger at its most talkative, all files, events, errors and ``repr``.
"""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from gateway import Action, StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from hypothesis import given, settings
from hypothesis import strategies as st
from support.certificates import Certificate, certificate
from support.gw_lines import CHAT, FILES, JOBS, POLL, Bench, Limit, Ran, completion
from support.gw_raw import RawServer, http
from support.gw_ways import Proxy, TlsFront, unused_port
from support.rooms import PROMPT

from trellis_addon.core.errors import NoKeyError, TrellisError
from trellis_addon.core.secret import Secret
from trellis_addon.gateway.http.connection_errors import from_exception
from trellis_addon.gateway.http.http_client import gateway_headers, secrets_of

KEY = "sk-aig-MARKED-7f3a9c51"
BYOK = "nvapi-MARKED-b81c22d0"
PASSWORD = "MARKED-proxy-55e0"
ALL = (KEY, BYOK, PASSWORD, KEY.encode().hex(), BYOK[::-1])
MESH = make_glb(PROMPT, 0, 2000, 64)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls") / "c")


class Everything(logging.Handler):
    """Keeps each record as text, with its arguments and its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.out = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        """Write it down."""
        print(self.format(record), vars(record), file=self.out)


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """All that is logged at any level, by httpx, httpcore and truststore as well."""
    handler, root = Everything(), logging.getLogger()
    level = root.level
    names = ["httpx", "httpcore", "trellis_addon", "urllib3", "truststore"]
    names += [f"httpcore.{part}" for part in ("connection", "http11", "proxy")]
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler.out
    root.removeHandler(handler)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def secret_settings(**more: Any) -> dict[str, Any]:
    keys = (("nvidia", Secret(BYOK)),)
    return {"key": Secret(KEY), "provider_keys": keys, "endpoint": "chat", **more}


@dataclass
class World:
    """A stand-in behind whatever a path needs; everything is closed at the end."""

    stand_in: StandInGateway
    library: Path
    stack: ExitStack
    shown: Certificate

    def run(self, url: str = "", limit: Limit | None = None, **more: Any) -> Ran:
        settings = secret_settings(**more)
        return Bench(url or self.stand_in.base_url, self.library, settings, limit).run()

    def silent(self, route: str) -> Ran:
        return self.scripted(route, do.never_ends(), limit=Limit(self.stand_in, route))

    def scripted(self, route: str, *actions: Action, **more: Any) -> Ran:
        self.stand_in.script.on(route, *actions, times=None)
        return self.run(**more)

    def proxy(self, login: str = "", **more: Any) -> Proxy:
        return self.stack.enter_context(Proxy(login, **more))

    def far(self, proxy: str) -> dict[str, Any]:
        """A gateway on another machine, behind a proxy: a loopback one is asked without."""
        return {"url": self.front().far, "proxy": proxy, "ca_file": str(self.shown.file)}

    def front(self) -> TlsFront:
        return self.stack.enter_context(TlsFront(self.stand_in.base_url, self.shown))

    def raw(self, content: bytes) -> Ran:
        return self.run(self.stack.enter_context(RawServer(lambda _: content)).url)


QUOTES = f"Incorrect API key provided: {KEY}; provider key {BYOK}"
LOGIN = f"artist:{PASSWORD}"
STATUSES = (400, 401, 402, 403, 404, 405, 408, 413, 422, 429, 499, 500, 502, 503, 504, 520)

QUOTING = {"error": {"message": QUOTES, "code": KEY, "type": BYOK}}


def refusal(status: int, body: dict[str, Any] | None = None) -> Callable[[World], Ran]:
    return lambda w: w.scripted("POST *", do.status(status, body))


PATHS: dict[str, Callable[[World], Ran]] = {
    **{f"status {s}": refusal(s) for s in STATUSES},
    **{f"status {s} with the secrets in it": refusal(s, QUOTING) for s in STATUSES},
    "status 409": lambda w: w.scripted(
        "POST *", do.status(409, f"The key was used with another request: {QUOTES}")
    ),
    "quoted in words": lambda w: w.scripted(CHAT, do.status(400, QUOTES)),
    "quoted in an answer": lambda w: w.scripted(CHAT, do.status(200, completion(QUOTES))),
    "quoted in an error in 200": lambda w: w.scripted(CHAT, do.status(200, {"error": QUOTES})),
    "quoted in a web page": lambda w: w.scripted(CHAT, do.body(f"<html>{QUOTES}".encode())),
    "quoted in usage": lambda w: w.scripted(
        CHAT, do.status(200, {**completion("Hello"), "usage": {"note": QUOTES}})
    ),
    "quoted in a failed job": lambda w: w.scripted(
        JOBS, do.status(200, {"id": "job_1", "status": "failed", "error": QUOTES}), endpoint="jobs"
    ),
    "quoted in a job's id": lambda w: w.scripted(
        JOBS, do.status(200, {"id": KEY, "status": "queued"}), endpoint="jobs"
    ),
    "quoted in a link": lambda w: w.scripted(
        CHAT, do.status(200, {"model_url": f"http://127.0.0.1:9/a.glb?key={KEY}&b={BYOK}"})
    ),
    "quoted in a poll": lambda w: w.scripted(POLL, do.status(404, QUOTES), endpoint="jobs"),
    "quoted by a file's host": lambda w: w.scripted(FILES, do.status(404, QUOTES)),
    "quoted in place of a file": lambda w: w.scripted(FILES, do.body(QUOTES.encode())),
    "quoted by the schema": lambda w: w.scripted(
        "GET /v1/models*", do.status(401, QUOTES), endpoint="auto"
    ),
    "refused": lambda w: w.run(f"http://127.0.0.1:{unused_port()}"),
    "cut": lambda w: w.scripted(CHAT, do.cut_at(0)),
    "reset": lambda w: w.scripted(CHAT, do.cut_at(5, reset=True)),
    "silence": lambda w: w.silent(CHAT),
    "noise": lambda w: w.raw(b"\x00\x01 " + QUOTES.encode()),
    "half a header": lambda w: w.raw(b"HTTP/1.1 200 OK\r\nX"),
    "redirect": lambda w: w.scripted(CHAT, do.redirect(f"http://127.0.0.1:9/?k={KEY}", 307)),
    "redirect of a file": lambda w: w.scripted(FILES, do.redirect(f"file:///etc/{KEY}")),
    "not trusted": lambda w: w.run(w.front().url),
    "TLS on a plain port": lambda w: w.run(w.stand_in.base_url.replace("http:", "https:")),
    "plain on a TLS port": lambda w: w.run(w.front().url.replace("https:", "http:")),
    "proxy refuses": lambda w: w.run(**w.far(w.proxy(refuses=True).url(LOGIN))),
    "proxy asks again": lambda w: w.run(**w.far(w.proxy("artist:other").url(LOGIN))),
    "tunnel asks again": lambda w: w.run(**w.far(w.proxy("artist:o").url(LOGIN))),
    "proxy's password in an error": lambda w: w.scripted(
        CHAT, do.status(502, f"Bad login {LOGIN}"), **w.far(w.proxy(LOGIN).url(LOGIN))
    ),
    "proxy is not there": lambda w: w.run(**w.far(f"http://{LOGIN}@127.0.0.1:{unused_port()}")),
    "proxy cannot be used": lambda w: w.run(proxy=f"socks4://{LOGIN}@127.0.0.1:1"),
    "proxy cannot be read": lambda w: w.run(proxy=f"http://{LOGIN}@[x"),
    "certificates cannot be read": lambda w: w.run(ca_file=str(w.library / "none.pem")),
    "key with a line break": lambda w: w.run(key=Secret(f"{KEY}\nX-Evil: 1")),
    "key with a dash": lambda w: w.run(key=Secret(f"{KEY}\u2013")),
    "provider key with a line break": lambda w: w.run(
        provider_keys=(("nvidia", Secret(f"{BYOK}\r\nX: 1")),)
    ),
}


IN_HEADERS = """httpcore's own DEBUG log has an answer's headers as they came, before anybody can
look at them: a server that repeats a secret in a header gets it into that log, if it is on."""


def search(place: str, text: str) -> None:
    """Fail when one of the secrets is in a text."""
    for secret in ALL:
        at = text.lower().find(secret.lower())
        assert at < 0, f"{secret} in {place}: ...{text[max(0, at - 200) : at + 60]}..."


def search_everywhere(ran: Ran, logs: io.StringIO, capfd: pytest.CaptureFixture[str]) -> None:
    out, err = capfd.readouterr()
    search("standard output", out)
    search("standard error", err)
    search("the log", logs.getvalue())
    for event in ran.events:
        search("an event", repr(event) + str(event))
    for path in ran.folder.path.parent.rglob("*"):
        search("a file's name", str(path))
        if path.is_file():
            search(path.name, path.read_bytes().decode("latin-1"))


@pytest.mark.parametrize("name", sorted(PATHS))
def test_failing_path_tells_no_secret(
    stand_in: StandInGateway,
    tmp_path: Path,
    shown: Certificate,
    logs: io.StringIO,
    capfd: pytest.CaptureFixture[str],
    name: str,
) -> None:
    with ExitStack() as stack:
        ran = PATHS[name](World(stand_in, tmp_path, stack, shown))
    if name.startswith("redirect"):
        logs.truncate(0)  # see IN_HEADERS
    assert ran.error.message
    assert ran.error.kind != "internal"
    search_everywhere(ran, logs, capfd)


def test_good_path_tells_no_secret(
    stand_in: StandInGateway,
    tmp_path: Path,
    shown: Certificate,
    logs: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    headers = {"x-aig-served-by": KEY, "x-aig-warning": BYOK, "x-cost-cents": "1"}
    stand_in.script.on(CHAT, do.status(200, {**completion("data:x/y;base64,"), "usage": {"k": KEY}},
                                       headers))  # fmt: skip
    with ExitStack() as stack:
        world = World(stand_in, tmp_path, stack, shown)
        stand_in.script.on(CHAT, do.answer("data_uri"))
        world.run(**world.far(world.proxy(LOGIN).url(LOGIN)))
        logs.truncate(0)  # see IN_HEADERS
        ran = world.run(**world.far(world.proxy(LOGIN).url(LOGIN)))
    assert ran.finished
    search_everywhere(ran, logs, capfd)


def test_request_id_that_is_the_key(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on(CHAT, do.status(400, headers={"x-request-id": KEY}))
    ran = Bench(stand_in.base_url, tmp_path, secret_settings()).run()
    assert ran.error.request_id == "***"


def test_secrets_are_sent_to_the_gateway_alone(stand_in: StandInGateway, tmp_path: Path) -> None:
    with RawServer(lambda _: http(MESH)) as files:
        stand_in.script.on(CHAT, do.status(200, {"model_url": f"{files.url}/a.glb"}))
        assert Bench(stand_in.base_url, tmp_path, secret_settings()).run().finished
        assert files.asked
        for asked in files.asked:
            search("a request to another host", str(asked))
    assert stand_in.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert stand_in.requests[0].headers["x-byok-nvidia"] == BYOK
    for seen in stand_in.requests:
        search("the request beside its two headers", str(
            {k: v for k, v in seen.headers.items() if k not in ("authorization", "x-byok-nvidia")}
        ) + seen.path + seen.query + seen.body.decode())  # fmt: skip


def test_other_port_of_the_same_machine_is_another_host(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    with StandInGateway(triangles=2000, texture=64) as other:
        stand_in.script.on(FILES, do.redirect(f"{other.base_url}/v1/files/jobs/a/b.glb"))
        other.script.on("GET *", do.body(MESH))
        assert Bench(stand_in.base_url, tmp_path, secret_settings()).run().finished
        for asked in other.requests:
            search("a request to another port", str(asked))


def test_settings_do_not_show_the_keys() -> None:
    bench = Bench("https://api.aigateway.sh", Path(), secret_settings())
    settings = bench.gateway_settings()
    for text in (repr(settings), str(settings), f"{settings}", repr(settings.key)):
        search("the settings", text)


def test_settings_do_not_show_the_password_of_the_proxy() -> None:
    more = secret_settings(proxy=f"http://{LOGIN}@proxy:8080")
    search("the settings", repr(Bench("https://a.example", Path(), more).gateway_settings()))


def test_line_and_client_do_not_show_secrets(stand_in: StandInGateway, tmp_path: Path) -> None:
    more = secret_settings(proxy=f"http://{LOGIN}@127.0.0.1:1")
    line = Bench(stand_in.base_url, tmp_path, more).transport()
    search("the line", repr(line) + str(line) + repr(line._client))
    line.close()


ODD = st.characters(exclude_characters="".join(map(chr, range(32, 127))))


@given(odd=ODD, at=st.integers(1, len(KEY) - 1))
@settings(max_examples=60)
def test_key_that_no_header_can_hold_is_refused_without_being_shown(odd: str, at: int) -> None:
    settings = Bench(
        "https://a.example", Path(), secret_settings(key=Secret(KEY[:at] + odd + KEY[at:]))
    ).gateway_settings()
    with pytest.raises(NoKeyError) as caught:
        gateway_headers(settings)
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value.facts)
    assert KEY[:at] not in text or at < 4
    assert KEY[at:] not in text or len(KEY) - at < 4
    assert "Paste it again" in caught.value.facts.next_step


WORDS = st.text(alphabet='abc {}":,é', max_size=30)


@given(before=WORDS, after=WORDS, which=st.sampled_from([KEY, BYOK, PASSWORD]))
def test_secrets_are_hidden_wherever_they_stand(before: str, after: str, which: str) -> None:
    more = secret_settings(proxy=f"http://{LOGIN}@proxy:8080")
    text = before + which + after + which
    for secret in secrets_of(Bench("https://a.example", Path(), more).gateway_settings()):
        text = secret.hide_in(text)
    search("a hidden text", text)
    assert text == f"{before}***{after}***"


def test_short_password_takes_no_words_with_it() -> None:
    more = secret_settings(proxy="http://a:the@proxy:8080")
    bench = Bench("https://a.example", Path(), more)
    assert [s.hide_in("the mesh") for s in secrets_of(bench.gateway_settings())] == ["the mesh"] * 2


@pytest.mark.parametrize(
    "kind",
    [
        httpx.LocalProtocolError,
        httpx.RemoteProtocolError,
        httpx.ConnectError,
        httpx.ProxyError,
        httpx.ReadTimeout,
        httpx.UnsupportedProtocol,
        httpx.DecodingError,
    ],
)
def test_words_of_an_exception_are_not_taken_over(kind: type[httpx.RequestError]) -> None:
    """h11 quotes a header that it refuses: "Illegal header value b'Bearer sk-...'"."""
    error = kind(f"Illegal header value b'Bearer {KEY}'; http://{LOGIN}@proxy")
    error.__cause__ = ValueError(BYOK)
    search("the error", repr(from_exception(error, "api.example").facts))


def test_error_of_every_path_can_be_printed_with_its_cause(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    """Also what a debugger or a crash report would show: the whole chain of causes."""
    line = Bench(f"http://127.0.0.1:{unused_port()}", tmp_path, secret_settings()).transport()
    with (
        pytest.raises(TrellisError) as caught,
        line.exchange("POST", f"{line.address.base_url}/v1/x", content=b"{}"),
    ):
        pass
    line.close()
    search("the traceback", "".join(traceback.format_exception(caught.value)))
