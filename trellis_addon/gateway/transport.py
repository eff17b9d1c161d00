# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange with one server: who gets the key, how long it may take, how it is cancelled.

Connections are verified against the operating system's certificates (truststore), so that a
company's own certificates work; there is no switch to turn verification off. Proxies come from
the environment (HTTPS_PROXY, NO_PROXY), as httpx reads it.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
import truststore

from ..core.cancel import CancelToken
from ..core.errors import TooSlowError, TrellisError
from ..core.identity import user_agent
from ..core.settings import GatewaySettings
from .address import Address
from .failures import from_exception

CONNECT_SECONDS: Final = 20.0
WRITE_SECONDS: Final = 60.0
STALL_SECONDS: Final = 60.0
"""A download that gives nothing for so long is broken; a generation may be silent longer."""

MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = {301, 302, 303, 307, 308}


class Sockets:
    """The open sockets of one client, so that a blocked read can be broken from outside.

    They are learned from httpcore's ``trace`` extension (its documented way to watch a request),
    since neither httpx nor httpcore can cancel a blocking call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore on each step of a request."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            sock = info["return_value"].get_extra_info("socket")
            with self._lock:
                self._sockets = [s for s in self._sockets if s.fileno() >= 0] + [sock]

    def break_all(self) -> None:
        """End every connection at once; the thread that reads from it gets an error."""
        with self._lock:
            sockets = tuple(self._sockets)
        for sock in sockets:
            try:
                # The plain socket's method: SSLSocket's own would pull the TLS state away
                # from under the thread that is reading.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                continue  # closed already: that is what was wanted


class Transport:
    """Sends requests for one job. Not for use by two threads at once.

    :param limit_seconds: for everything that this transport does, together.
    """

    def __init__(self, address: Address, settings: GatewaySettings, token: CancelToken) -> None:
        self.address = address
        self.token = token
        self._key = settings.key
        self._deadline = time.monotonic() + settings.limit_seconds
        self._sockets = Sockets()
        self._client = httpx.Client(
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            headers={"User-Agent": user_agent(), "Accept": "application/json"},
            follow_redirects=False,
        )
        self._forget = token.on_cancel(self._sockets.break_all)

    def close(self) -> None:
        """Close all connections."""
        self._forget()
        self._client.close()

    @property
    def seconds_left(self) -> float:
        """Until the limit of the whole generation.

        :raises TooSlowError: when it has passed.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TooSlowError("The generation took longer than the time limit")
        return left

    @contextmanager
    def exchange(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        stall_seconds: float | None = None,
    ) -> Iterator[httpx.Response]:
        """Send one request and give its answer, the body still unread.

        :param stall_seconds: the longest silence; None allows all that is left of the limit.
        :raises TrellisError: for everything that is not an answer; never an httpx exception.
        """
        host = httpx.URL(url).host
        try:
            self.token.check()
            response = self._send(method, url, content, dict(headers or {}), stall_seconds)
            try:
                yield response
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            self.token.check()  # a broken socket may be our own doing
            if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
                raise  # a full disk is not a network error: let the caller word it
            raise self._worded(error, host) from error

    def _worded(self, error: Exception, host: str) -> TrellisError:
        worded = from_exception(error, host)
        if isinstance(error, httpx.TimeoutException):
            _ = self.seconds_left  # the whole limit has a sentence of its own
        return worded

    def _send(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: dict[str, str],
        stall_seconds: float | None,
    ) -> httpx.Response:
        request = None
        for _ in range(MOST_REDIRECTS + 1):
            request = self._client.build_request(
                method,
                url,
                content=content,
                headers=self._headers_for(url, headers),
                timeout=self._timeout(stall_seconds),
                extensions={"trace": self._sockets.trace},
            )
            response = self._client.send(request, stream=True)
            target = response.headers.get("location")
            if response.status_code not in _REDIRECTS or not target or method != "GET":
                return response
            response.close()
            url = self._next(url, target)
        raise httpx.TooManyRedirects("too many redirects", request=request)

    def _next(self, url: str, target: str) -> str:
        following = httpx.URL(url).join(target)
        secure = following.scheme == "https" or (
            following.scheme == "http" and httpx.URL(url).scheme == "http"
        )
        if not secure:
            raise httpx.UnsupportedProtocol(f"redirect to {following.scheme}: refused")
        return str(following)

    def _headers_for(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """The key goes to the configured gateway's own hosts and to no other."""
        if self._key and self.address.may_have_key(url):
            return {**headers, "Authorization": f"Bearer {self._key.reveal()}"}
        return dict(headers)

    def _timeout(self, stall_seconds: float | None) -> httpx.Timeout:
        left = self.seconds_left
        read = left if stall_seconds is None else min(left, stall_seconds)
        connect = min(left, CONNECT_SECONDS)
        return httpx.Timeout(connect=connect, read=read, write=WRITE_SECONDS, pool=connect)
