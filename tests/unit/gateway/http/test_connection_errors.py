# SPDX-License-Identifier: GPL-3.0-or-later
"""A request that gets no answer: names, ports, silence, certificates, proxies."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.certificates import EXPIRED, NOT_YET, VALID, Certificate, certificate
from support.gw_lines import CHAT, Bench, Limit, Ran, completion
from support.gw_raw import RawServer, http
from support.gw_ways import Proxy, TlsFront, unused_port
from support.rooms import KEY

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import (
    AddressError,
    CancelledError,
    ErrorFacts,
    InputError,
    TrellisError,
)
from trellis_addon.headless.console.exit_codes import exit_code


@pytest.fixture(scope="module")
def shared() -> Iterator[StandInGateway]:
    # Inline, as a link would be http behind a gateway that is https here.
    with StandInGateway("data_uri", triangles=2000, texture=64) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("good") / "c", VALID)


def run(url: str, library: Path, **settings: Any) -> Ran:
    return Bench(url, library, {"endpoint": "chat", **settings}).run()


def assert_unreachable(facts: ErrorFacts, words: str, step: str, *, retryable: bool) -> None:
    """The reason, the way out, and nothing that only a programmer understands."""
    assert facts.kind == "unreachable"
    assert exit_code(facts.kind) == 4
    assert words in facts.message
    assert step in facts.next_step
    assert facts.retryable is retryable
    assert facts.status is None
    assert not re.search(r"[{}<>\[\]]|Error|errno|SSL|getaddrinfo", facts.sentence, re.IGNORECASE)


# --- no answer


def test_refused(tmp_path: Path) -> None:
    facts = run(f"http://127.0.0.1:{unused_port()}", tmp_path).error
    assert_unreachable(facts, "refuses the connection", "network connection", retryable=True)


@pytest.mark.parametrize(
    "text",
    [
        "[Errno -2] Name or service not known",
        "[Errno -3] Temporary failure in name resolution",
        "[Errno 8] nodename nor servname provided, or not known",
        "[Errno 11001] getaddrinfo failed",
        "[Errno -5] No address associated with hostname",
    ],
)
def test_name_that_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The words of the three systems. One is asked for real in test_gw_doctor."""

    def fails(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, text)

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    facts = run("https://trellis.invalid", tmp_path).error
    assert_unreachable(facts, "The name trellis.invalid cannot be found", "network", retryable=True)


def test_host_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trellis_addon.gateway.http.transport.CONNECT_SECONDS", 0.1)
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # nobody accepts these, and there is no place for more
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        facts = run(f"http://127.0.0.1:{full.getsockname()[1]}", tmp_path).error
    assert_unreachable(facts, "does not answer", "network", retryable=True)


def test_silence_up_to_the_limit(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on(CHAT, do.never_ends())
    bench = Bench(stand_in.base_url, tmp_path, {"endpoint": "chat"}, Limit(stand_in, CHAT))
    ran = bench.run()
    assert (ran.error.kind, ran.error.retryable) == ("timeout", True)
    assert "longer than the time limit" in ran.error.message
    assert "may have been made and charged" in ran.error.next_step
    assert len(stand_in.requests) == 1


def test_silence_of_a_read(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on("GET *", do.never_ends())
    line = Bench(stand_in.base_url, tmp_path).transport()
    with (
        pytest.raises(TrellisError, match="took too long to answer") as caught,
        line.exchange("GET", f"{stand_in.base_url}/v1/balance", stall_seconds=0.2),
    ):
        pass
    line.close()
    assert caught.value.facts.kind == "timeout"


def test_cancelled_while_it_connects(
    stand_in: StandInGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no socket to break yet; the request must not go out on the one that comes."""
    line = Bench(stand_in.base_url, tmp_path).transport()
    names = socket.getaddrinfo

    def slow(*asked: Any, **named: Any) -> Any:
        line.token.cancel()
        return names(*asked, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(CancelledError), line.exchange("GET", f"{stand_in.base_url}/v1/balance"):
        pass
    line.close()
    assert stand_in.requests == ()


@contextmanager
def says_nothing(shown: ssl.SSLContext | None = None) -> Iterator[str]:
    """A gateway that takes a request, is silent, and does not look whether the client has left."""
    open_ones: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                taken, _ = door.accept()
                open_ones.append(shown.wrap_socket(taken, server_side=True) if shown else taken)

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=serve, daemon=True).start()
        yield f"{'https' if shown else 'http'}://127.0.0.1:{door.getsockname()[1]}"
    for each in open_ones:
        each.close()


def ends_soon(url: str, library: Path, **settings: Any) -> None:
    token = CancelToken()
    line = Bench(url, library, {"endpoint": "chat", **settings}).transport(token)
    Timer(1.0, token.cancel).start()
    start = time.monotonic()
    with pytest.raises(CancelledError), line.exchange("POST", f"{url}/v1/chat", content=b"{}"):
        pass
    line.close()
    assert time.monotonic() - start < 4


def test_cancel_wakes_a_request_that_waits(tmp_path: Path) -> None:
    with says_nothing() as url:
        ends_soon(url, tmp_path)


def test_cancel_wakes_a_request_that_waits_by_tls(tmp_path: Path, good: Certificate) -> None:
    with says_nothing(good.server()) as url:
        ends_soon(url, tmp_path, ca_file=str(good.file))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HT",
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        http(completion("Hello"))[:-5],
        b"\x00\x01\x02\x03 what is this\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        http(b"no gzip", Content_Encoding="gzip"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ],
    ids=[
        "nothing", "status", "headers", "body", "noise", "length", "chunks", "long",
        "gzip", "ssh",
    ],
)  # fmt: skip
def test_answer_that_is_cut_or_broken(tmp_path: Path, sent: bytes) -> None:
    with RawServer(lambda _: sent) as server:
        ran = run(server.url, tmp_path)
    assert_unreachable(ran.error, "broke", "network", retryable=True)
    assert len(server.asked) == 1
    assert list(tmp_path.rglob("*.part")) == []


# --- TLS


def test_self_signed(stand_in: StandInGateway, tmp_path: Path, good: Certificate) -> None:
    with TlsFront(stand_in.base_url, good) as front:
        facts = run(front.url, tmp_path).error
    assert_unreachable(facts, "is not trusted", "certificate file", retryable=False)
    assert stand_in.requests == ()


def test_custom_certificate_file(
    stand_in: StandInGateway, tmp_path: Path, good: Certificate
) -> None:
    with TlsFront(stand_in.base_url, good) as front:
        assert run(front.url, tmp_path, ca_file=str(good.file)).finished
    assert stand_in.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("days", [EXPIRED, NOT_YET], ids=["expired", "not yet valid"])
def test_wrong_clock(stand_in: StandInGateway, tmp_path: Path, days: tuple[str, str]) -> None:
    shown = certificate(tmp_path / "c", days)
    with TlsFront(stand_in.base_url, shown) as front:
        facts = run(front.url, tmp_path, ca_file=str(shown.file)).error
    assert_unreachable(facts, "not valid today", "date and time", retryable=False)


def test_certificate_of_another_host(stand_in: StandInGateway, tmp_path: Path) -> None:
    shown = certificate(tmp_path / "c", names="DNS:elsewhere.example")
    with TlsFront(stand_in.base_url, shown) as front:
        facts = run(front.url, tmp_path, ca_file=str(shown.file)).error
    assert_unreachable(facts, "is not trusted", "certificate file", retryable=False)
    assert stand_in.requests == ()


def test_public_name_that_leads_inward_gets_no_request(
    stand_in: StandInGateway,
    tmp_path: Path,
    good: Certificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name is not looked up before it is used. What is inside a network has no certificate for
    an attacker's name, so the connection ends before a byte of the request.
    """
    names = socket.getaddrinfo

    def inward(host: Any, *more: Any, **named: Any) -> Any:
        return names("127.0.0.1" if host == "files.example" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", inward)
    with TlsFront(stand_in.base_url, good) as front:
        port = front.url.rpartition(":")[2]
        line = Bench(front.url, tmp_path, {"ca_file": str(good.file)}).transport()
        with (
            pytest.raises(TrellisError, match="is not trusted"),
            line.exchange("GET", f"https://files.example:{port}/v1/balance", tries=1),
        ):
            pass
        assert stand_in.requests == ()
        with line.exchange("GET", f"{front.url}/v1/balance") as response:
            assert response.status_code == 200
        line.close()
    assert len(stand_in.requests) == 1


def test_tls_on_a_plain_port(stand_in: StandInGateway, tmp_path: Path) -> None:
    facts = run(stand_in.base_url.replace("http:", "https:"), tmp_path).error
    assert_unreachable(facts, "No secure connection", "https://", retryable=False)


def test_plain_http_on_a_tls_port(
    stand_in: StandInGateway, tmp_path: Path, good: Certificate
) -> None:
    with TlsFront(stand_in.base_url, good) as front:
        facts = run(front.url.replace("https:", "http:"), tmp_path).error
    assert_unreachable(facts, "broke", "gateway URL", retryable=True)
    assert stand_in.requests == ()


def test_certificate_is_not_tried_again(
    stand_in: StandInGateway, tmp_path: Path, good: Certificate
) -> None:
    with TlsFront(stand_in.base_url, good) as front:
        assert run(front.url, tmp_path).token.waits == []


@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n"]
)
def test_certificate_file_that_cannot_be_used(
    stand_in: StandInGateway, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "own.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match="file of certificates") as caught:
        Bench(stand_in.base_url, tmp_path, {"ca_file": str(file)}).transport()
    assert "PEM" in caught.value.facts.next_step


def test_there_is_no_switch_to_turn_verification_off() -> None:
    from trellis_addon.core.settings import GatewaySettings

    names = set(GatewaySettings.__dataclass_fields__)
    assert not {name for name in names if re.search("verif|insecure|trust", name)}


# --- proxies


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("name", ["", "HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"])
def test_gateway_on_this_machine_is_never_asked_through_a_proxy(
    stand_in: StandInGateway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    host: str,
) -> None:
    """It may be asked in clear text, and without Allow Online Access; a proxy is elsewhere."""
    with Proxy() as proxy:
        if name:
            monkeypatch.setenv(name, proxy.url())
        url = stand_in.base_url.replace("127.0.0.1", host)
        assert run(url, tmp_path, proxy="" if name else proxy.url()).finished
    assert proxy.asked == []


def test_file_of_another_machine_is_asked_for_through_the_proxy(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    far = stand_in.base_url.replace("127.0.0.1", "files.example")
    with Proxy() as proxy:
        line = Bench(stand_in.base_url, tmp_path, {"proxy": proxy.url()}).transport()
        with line.exchange("GET", f"{far}/v1/balance") as response:
            assert response.status_code == 401, "without the key"
        line.close()
    assert proxy.asked[0].target == f"{far}/v1/balance"
    assert KEY not in str(proxy.asked)


def test_proxy_with_a_tunnel(stand_in: StandInGateway, tmp_path: Path, good: Certificate) -> None:
    stand_in.script.on(CHAT, do.answer("data_uri"))
    with TlsFront(stand_in.base_url, good) as front, Proxy("artist:long password") as proxy:
        url = proxy.url("artist:long%20password")
        assert run(front.far, tmp_path, proxy=url, ca_file=str(good.file)).finished
    assert {asked.method for asked in proxy.asked} == {"CONNECT"}
    assert KEY not in str(proxy.asked)


def test_proxy_of_the_environment(
    stand_in: StandInGateway, tmp_path: Path, good: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.script.on(CHAT, do.answer("data_uri"))
    with TlsFront(stand_in.base_url, good) as front, Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())
        assert run(front.far, tmp_path, ca_file=str(good.file)).finished
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("login", ["", "artist:wrong"])
def test_proxy_that_asks_for_a_password(
    stand_in: StandInGateway, tmp_path: Path, good: Certificate, login: str
) -> None:
    with TlsFront(stand_in.base_url, good) as front, Proxy("artist:secret") as proxy:
        facts = run(front.far, tmp_path, proxy=proxy.url(login), ca_file=str(good.file)).error
    assert_unreachable(facts, "asks for a user name and password", "preferences", retryable=False)
    assert len(proxy.asked) == 1
    assert stand_in.requests == ()


def test_proxy_that_asks_for_a_password_without_a_tunnel(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    with Proxy("artist:secret") as proxy:
        line = Bench(stand_in.base_url, tmp_path, {"proxy": proxy.url()}).transport()
        with (
            pytest.raises(TrellisError, match="asks for a user name and password"),
            line.exchange("GET", "http://files.example/model.glb"),
        ):
            pass
        line.close()
    assert len(proxy.asked) == 1


def test_proxy_that_refuses(stand_in: StandInGateway, tmp_path: Path, good: Certificate) -> None:
    with TlsFront(stand_in.base_url, good) as front, Proxy(refuses=True) as proxy:
        facts = run(front.far, tmp_path, proxy=proxy.url(), ca_file=str(good.file)).error
    assert_unreachable(facts, "proxy refused", "HTTPS_PROXY", retryable=False)


def test_proxy_that_is_not_there(tmp_path: Path) -> None:
    proxy = f"http://127.0.0.1:{unused_port()}"
    facts = run("https://gateway.example", tmp_path, proxy=proxy).error
    assert_unreachable(facts, "proxy 127.0.0.1 cannot be reached", "HTTPS_PROXY", retryable=True)


@pytest.mark.parametrize("proxy", ["socks4://127.0.0.1:1", "127.0.0.1:1", "http://[x", "ftp://a"])
def test_proxy_that_cannot_be_used(stand_in: StandInGateway, tmp_path: Path, proxy: str) -> None:
    with pytest.raises(AddressError, match="proxy") as caught:
        Bench(stand_in.base_url, tmp_path, {"proxy": proxy}).transport()
    assert "preferences" in caught.value.facts.next_step
