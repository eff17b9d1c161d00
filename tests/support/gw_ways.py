# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between client and gateway: a TLS front, a proxy that may ask for a password."""

from __future__ import annotations

import base64
import socket
import threading
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from support.certificates import Certificate
from support.gw_raw import Asked, read_request, relay


class _Front:
    """Accepts connections on loopback, each on a thread of its own."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._stop = threading.Event()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(20)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stop.is_set():
                connection.close()
                return
            self._open.append(connection)
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._serve(connection)
        except OSError:
            return  # the client left, or refused our certificate: the test sees it there

    def _serve(self, connection: socket.socket) -> None:
        raise NotImplementedError


class TlsFront(_Front):
    """Gives a plain HTTP server on loopback an https address."""

    def __init__(self, behind: str, shown: Certificate) -> None:
        super().__init__()
        self._port_behind = urlsplit(behind).port
        self._context = shown.server()
        self.url = f"https://127.0.0.1:{self.port}"
        self.far = f"https://gateway.example:{self.port}"
        """The same as a gateway on another machine, for whoever asks a :class:`Proxy`."""

    def _serve(self, connection: socket.socket) -> None:
        with (
            self._context.wrap_socket(connection, server_side=True) as wrapped,
            socket.create_connection(("127.0.0.1", self._port_behind)) as behind,
        ):
            relay(wrapped, behind)


class Proxy(_Front):
    """A forward proxy (RFC 9110, section 3.7): tunnels, and plain http by absolute URL. It knows
    every host as this machine.

    :param login: ``user:password`` that it asks for. :param refuses: answers everything with 403.
    """

    def __init__(self, login: str = "", *, refuses: bool = False) -> None:
        super().__init__()
        self.login = login
        self.refuses = refuses
        self.asked: list[Asked] = []

    def url(self, login: str = "") -> str:
        """Its address for a client."""
        return f"http://{login + '@' if login else ''}127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket) -> None:
        asked = read_request(connection)
        if asked is None:
            return
        self.asked.append(asked)
        expected = "Basic " + base64.b64encode(self.login.encode()).decode()
        if self.refuses:
            connection.sendall(_refusal("403 Forbidden"))
        elif self.login and asked.headers.get("proxy-authorization") != expected:
            connection.sendall(
                _refusal("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"')
            )
        else:
            self._forward(connection, asked)

    def _forward(self, connection: socket.socket, asked: Asked) -> None:
        tunnel = asked.method == "CONNECT"
        parts = urlsplit(f"//{asked.target}" if tunnel else asked.target)
        with socket.create_connection(("127.0.0.1", parts.port or 80)) as behind:
            if tunnel:
                connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                behind.sendall(_as_origin(asked, parts.path, parts.query))
            relay(connection, behind)


class SocksProxy(_Front):
    """A SOCKS5 proxy (RFC 1928, RFC 1929). It knows every host as this machine.

    :param login: ``user:password`` that it asks for. :param code: its answer to each request, where
        0 connects. :param says: sent as the first answer instead, before the connection is closed.
    :param silent: gives no answer and leaves the connection open.
    """

    def __init__(
        self, login: str = "", *, code: int = 0, says: bytes | None = None, silent: bool = False
    ) -> None:
        super().__init__()
        self.login, self.code, self.says, self.silent = login, code, says, silent
        self.asked: list[tuple[str, int]] = []
        """Host and port of each request."""

    def url(self, login: str = "", scheme: str = "socks5") -> str:
        """Its address for a client."""
        return f"{scheme}://{login + '@' if login else ''}127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket) -> None:
        methods = _exactly(connection, _exactly(connection, 2)[1])
        if self.silent:
            self._stop.wait()
        elif self.says is not None:
            connection.sendall(self.says)
        elif not self.login or (2 in methods and self._logs_in(connection)):
            if not self.login:
                connection.sendall(b"\x05\x00" if 0 in methods else b"\x05\xff")
            self._connect(connection)
        elif 2 not in methods:
            connection.sendall(b"\x05\xff")

    def _logs_in(self, connection: socket.socket) -> bool:
        connection.sendall(b"\x05\x02")
        user = _exactly(connection, _exactly(connection, 2)[1])
        password = _exactly(connection, _exactly(connection, 1)[0])
        right = (user + b":" + password).decode() == self.login
        connection.sendall(b"\x01\x00" if right else b"\x01\x01")
        return right

    def _connect(self, connection: socket.socket) -> None:
        kind = _exactly(connection, 4)[3]
        size = {1: 4, 4: 16}.get(kind) or _exactly(connection, 1)[0]
        host = _exactly(connection, size)
        port = int.from_bytes(_exactly(connection, 2), "big")
        self.asked.append((host.decode() if kind == 3 else str(ip_address(host)), port))
        connection.sendall(bytes([5, self.code, 0, 1, 127, 0, 0, 1, 0, 0]))
        if self.code == 0:
            with socket.create_connection(("127.0.0.1", port)) as behind:
                relay(connection, behind)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (piece := connection.recv(size - len(data))):
            raise ConnectionError("the client left")
        data += piece
    return data


def _as_origin(asked: Asked, path: str, query: str) -> bytes:
    target = path + (f"?{query}" if query else "")
    hidden = ("proxy-authorization", "connection")
    lines = [f"{asked.method} {target} HTTP/1.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in asked.headers.items() if name not in hidden]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + asked.body


def _refusal(status: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Length: 0", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port
