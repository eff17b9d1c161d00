# SPDX-License-Identifier: GPL-3.0-or-later
"""SOCKS proxies, of the preferences and of the environment."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from support.certificates import Certificate, certificate
from support.gw_lines import Bench, Ran
from support.gw_ways import SocksProxy, TlsFront, unused_port
from support.rooms import KEY

from trellis_addon.core.errors import AddressError, TrellisError
from trellis_addon.gateway.http.http_client import secrets_of

LOGIN = "artist:MARKED-password"


@pytest.fixture(scope="module")
def shared() -> Iterator[StandInGateway]:
    with StandInGateway("data_uri", triangles=2000, texture=64) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls") / "c")


@pytest.fixture
def far(stand_in: StandInGateway, shown: Certificate) -> Iterator[str]:
    """A gateway on another machine: one that is here is asked without a proxy."""
    pytest.importorskip("socksio")
    with TlsFront(stand_in.base_url, shown) as front:
        yield front.far


def run(url: str, library: Path, shown: Certificate, **settings: Any) -> Ran:
    return Bench(url, library, {"endpoint": "chat", "ca_file": str(shown.file), **settings}).run()


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_proxy_of_the_environment(
    far: str,
    tmp_path: Path,
    shown: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    scheme: str,
) -> None:
    with SocksProxy() as proxy:
        monkeypatch.setenv(name, proxy.url(scheme=scheme))
        assert run(far, tmp_path, shown).finished
    assert {host for host, _ in proxy.asked} == {"gateway.example"}


def test_proxy_with_a_password(
    far: str, tmp_path: Path, shown: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with SocksProxy(LOGIN) as proxy:
        ran = run(far, tmp_path, shown, proxy=proxy.url(LOGIN))
    assert ran.finished
    assert proxy.asked
    assert "setup_socks5_connection" in caplog.text
    assert "MARKED" not in caplog.text + (ran.folder.path / "prop.json").read_text("utf-8")


@pytest.mark.parametrize("login", ["", "artist:wrong"])
def test_proxy_that_asks_for_a_password(
    far: str, tmp_path: Path, shown: Certificate, login: str
) -> None:
    with SocksProxy(LOGIN) as proxy:
        error = run(far, tmp_path, shown, proxy=proxy.url(login)).error
    assert (error.kind, error.retryable) == ("unreachable", False)
    assert error.message == "The network's proxy asks for a user name and password"


@pytest.mark.parametrize(
    ("code", "words", "retryable"),
    [
        (1, "cannot reach gateway.example", True),
        (2, "refused the connection", False),
        (3, "cannot reach gateway.example", True),
        (4, "cannot reach gateway.example", True),
        (5, "cannot reach gateway.example", True),
        (6, "cannot reach gateway.example", True),
        (7, "refused the connection", False),
        (8, "refused the connection", False),
    ],
)
def test_proxy_that_cannot_connect(
    far: str, tmp_path: Path, shown: Certificate, code: int, words: str, retryable: bool
) -> None:
    with SocksProxy(code=code) as proxy:
        error = run(far, tmp_path, shown, proxy=proxy.url()).error
    assert (error.kind, error.retryable) == ("unreachable", retryable)
    assert error.message == f"The network's proxy {words}"


@pytest.mark.parametrize(
    "says",
    [b"", b"\x05", b"\x04\x5a", b"\x05\x09", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x05\x00\x00"],
)
def test_server_that_is_no_socks_proxy(
    far: str, tmp_path: Path, shown: Certificate, says: bytes
) -> None:
    with SocksProxy(says=says) as proxy:
        error = run(far, tmp_path, shown, proxy=proxy.url()).error
    assert error.kind == "unreachable"
    assert "proxy" in error.message


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x05",
        b"\x05\x00",
        b"\x05\x00\x00\x09",
        b"\x05\x00\x00\x03",
        b"\x05\x63\x00\x01",
        b"?",
    ],
)
def test_second_answer_that_is_broken(
    far: str, tmp_path: Path, shown: Certificate, reply: bytes
) -> None:
    """After a good first one."""

    class Half(SocksProxy):
        def _connect(self, connection: Any) -> None:
            connection.recv(4096)
            connection.sendall(reply)

    with Half() as proxy:
        error = run(far, tmp_path, shown, proxy=proxy.url()).error
    assert error.kind == "unreachable"


@pytest.mark.timeout(60)
def test_proxy_that_says_nothing(
    far: str, tmp_path: Path, shown: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trellis_addon.gateway.http.sockets.HANDSHAKE_SECONDS", 0.2)
    with SocksProxy(silent=True) as proxy:
        error = run(far, tmp_path, shown, proxy=proxy.url()).error
    assert error.message == "The network's proxy does not answer as a SOCKS proxy does"


def test_proxy_that_is_not_there(tmp_path: Path, shown: Certificate) -> None:
    pytest.importorskip("socksio")
    proxy = f"socks5://127.0.0.1:{unused_port()}"
    error = run("https://gateway.example", tmp_path, shown, proxy=proxy).error
    assert error.message == "The network's proxy 127.0.0.1 cannot be reached"


def test_gateway_on_this_machine_is_asked_directly(
    stand_in: StandInGateway, tmp_path: Path, shown: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("socksio")
    with SocksProxy() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url())
        assert run(stand_in.base_url, tmp_path, shown).finished
    assert proxy.asked == []


def test_proxy_sees_no_key(far: str, tmp_path: Path, shown: Certificate) -> None:
    """What goes through it is encrypted for the gateway: it could not even be asked."""
    seen: list[bytes] = []

    class Listening(SocksProxy):
        def _connect(self, connection: Any) -> None:
            connection.recv(4096)
            connection.sendall(bytes([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
            seen.append(connection.recv(65_536))

    with Listening() as proxy:
        assert run(far, tmp_path, shown, proxy=proxy.url()).error.kind == "unreachable"
    assert seen
    assert KEY.encode() not in b"".join(seen)


@pytest.mark.parametrize(
    "url", ["socks://127.0.0.1:1", "socks4://127.0.0.1:1", "ftp://127.0.0.1:1"]
)
@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTPS_PROXY", ""])
def test_other_kind_of_proxy_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    if name:
        monkeypatch.setenv(name, url)
    with pytest.raises(AddressError, match="proxy's address") as caught:
        Bench("https://gateway.example", tmp_path, {"proxy": "" if name else url}).transport()
    facts = caught.value.facts
    assert "socks5://" in facts.message + facts.next_step


def test_without_the_package_it_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(TrellisError, match="socksio is missing") as caught:
        Bench("https://gateway.example", tmp_path).transport()
    assert "preferences" in caught.value.facts.next_step


def test_password_in_the_environment_is_a_secret_without_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@proxy:8080")
    text = f"Bad login {LOGIN}"
    for secret in secrets_of(Bench("https://a.example", tmp_path).gateway_settings()):
        text = secret.hide_in(text)
    assert text == "Bad login artist:***"


def test_no_thread_is_left_of_a_handshake(
    far: str, tmp_path: Path, shown: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trellis_addon.gateway.http.sockets.HANDSHAKE_SECONDS", 3600.0)
    before = set(threading.enumerate())  # other tests of this process may have theirs
    with SocksProxy() as proxy:
        assert run(far, tmp_path, shown, proxy=proxy.url()).finished
    new = set(threading.enumerate()) - before
    timers = [thread for thread in new if isinstance(thread, threading.Timer)]
    for timer in timers:
        timer.join(5)
    assert not [timer for timer in timers if timer.is_alive()]
