# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps track of a client's open sockets, so that a blocked read can be interrupted
from outside.
"""

from __future__ import annotations

import _socket
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

HANDSHAKE_SECONDS: Final = 20.0
"""The longest time that a SOCKS proxy may take to connect."""


class Sockets:
    """The sockets, as reported by httpcore's ``trace`` extension, its documented way to observe a
    request.

    Neither httpx nor httpcore can cancel a blocking call, and a generation may be silent for
    minutes, during which Cancel must still work.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._broken = False
        self._handshake: threading.Timer | None = None
        self.reached_for = ("", 0)
        """The host and port of the last attempt to connect: the proxy's, if there is one."""

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore on each step of a request."""
        if event.endswith("connect_tcp.started"):
            self.reached_for = (str(info.get("host", "")), int(info.get("port", 0)))
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            sock = info["return_value"].get_extra_info("socket")
            with self._lock:
                # start_tls replaces the plain socket, and closed ones have no file descriptor any
                # more.
                self._sockets = [s for s in self._sockets if s.fileno() >= 0] + [sock]
                late = self._broken
            if late:
                _shut(sock)
        if "setup_socks5_connection." in event:
            self._watch(event, info)

    def _watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Give a SOCKS proxy a time limit, as httpcore reads its replies without one."""
        if event.endswith(".started"):
            sock = info["stream"].get_extra_info("socket")
            self._handshake = threading.Timer(HANDSHAKE_SECONDS, _shut, (sock,))
            self._handshake.daemon = True
            self._handshake.start()
        elif self._handshake:
            self._handshake.cancel()

    def break_all(self) -> None:
        """Shut down every connection, including those that are being made: a thread that reads from
        one gets an error. This cannot be undone.
        """
        with self._lock:
            self._broken = True
            sockets = tuple(self._sockets)
        for sock in sockets:
            _shut(sock)


def _shut(sock: socket.socket) -> None:
    # The plain socket's methods: SSLSocket's own would pull the TLS state away from under the
    # thread that is reading. Closed already is what was wanted.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    if os.name == "nt":
        # There only this wakes a thread that waits in select or recv. (Elsewhere it does not, and
        # the number could be another file's by the time that the thread looks.)
        with suppress(OSError):
            _socket.socket.close(sock)
