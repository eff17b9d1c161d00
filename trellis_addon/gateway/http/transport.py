# SPDX-License-Identifier: GPL-3.0-or-later
"""One exchange with one server: who receives the key, time limits, retries, redirects,
cancelling.
"""

from __future__ import annotations

import logging
import math
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx

from ...core.cancel import CancelToken
from ...core.errors import TooSlowError, TrellisError
from ...core.secret import hidden
from ...core.settings import GatewaySettings
from .address import Address
from .base64_extraction import Body
from .connection_errors import from_exception
from .http_client import SOCKS_FAULTS, gateway_headers, new_client, secrets_of
from .rate_limit import RateBudget, retry_after
from .response_body import MOST_ERROR_BYTES, error_text, receive
from .retry_policy import MOST_TRIES, delay, error_may_be_retried, status_may_be_retried
from .sockets import Sockets

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 20.0
WRITE_SECONDS: Final = 60.0
STALL_SECONDS: Final = 60.0
"""A download that is silent for this long counts as broken; a generation may be silent for
longer."""

MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = {301, 302, 303, 307, 308}
_KEEPS_METHOD: Final = {307, 308}
_LAST_PORT: Final = 65_535


class Transport:
    """Sends the requests of one job. Not thread-safe.

    :param budget: the request budget, shared with all other jobs of the process.
    :param report_status: called with a message while something is waited for.
    """

    def __init__(
        self,
        address: Address,
        settings: GatewaySettings,
        token: CancelToken,
        budget: RateBudget,
        report_status: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.address = address
        self.token = token
        self.report_status = report_status
        self._budget = budget
        self._private = gateway_headers(settings)
        self._secrets = secrets_of(settings)
        self._url = httpx.URL()
        self._deadline = time.monotonic() + settings.limit_seconds
        self._sockets = Sockets()
        self._client = new_client(settings, address)
        self._forget = token.on_cancel(self._sockets.break_all)

    def close(self) -> None:
        """Close all connections."""
        self._forget()
        self._client.close()

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit of the whole generation.

        :raises TooSlowError: when it has passed.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TooSlowError("The generation took longer than the time limit")
        return left

    def check(self) -> None:
        """Called for each piece of a body: one that drips forever would never time out by itself.

        :raises CancelledError: the job was asked to stop. :raises TooSlowError: the time limit has
            passed.
        """
        self.token.check()
        _ = self.seconds_left

    def hide(self, text: str) -> str:
        """Remove the keys from a server's text, as some servers quote them in their errors."""
        for secret in self._secrets:
            text = secret.hide_in(text)
        return text

    def quotes_key(self, content: bytes) -> bool:
        """Whether binary data, in which nothing can be replaced, contains a key."""
        shown = content.decode("latin-1")
        if self.hide(shown) != shown:
            return True
        keys = (secret.reveal() for secret in self._secrets if secret)
        codes = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
        return any(key.encode(code) in content for key in keys for code in codes)

    def text_of(self, response: httpx.Response, most_bytes: int = MOST_ERROR_BYTES) -> str:
        """The text of a small answer, without the keys."""
        return self.hide(error_text(response, self, most_bytes))

    def body_of(self, response: httpx.Response, folder: Path) -> Body:
        """Stream an answer to disk; see :func:`response_body.receive`."""
        body = receive(response, folder, self)
        return replace(
            body, text=self.hide(body.text), hide=self.hide, url=self.hide(str(response.url))
        )

    @contextmanager
    def exchange(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        stall_seconds: float | None = None,
        tries: int = MOST_TRIES,
    ) -> Iterator[httpx.Response]:
        """Send one request and yield its answer, with the body still unread.

        :param stall_seconds: the longest silence; None allows all that is left of the time limit.
        :param tries: the most attempts, if retrying is safe (see ``retry_policy``).
        :raises TrellisError: for everything that is not an answer; httpx's exceptions never get
            out.
        """
        try:
            self._url = httpx.URL(url)
            response = self._answered(
                method, url, content, dict(headers or {}), stall_seconds, tries
            )
            try:
                yield response
            finally:
                response.close()
        except TrellisError as error:
            # A message may be assembled from parts that each hide nothing, and a traceback shows it
            # too.
            error.facts = hidden(error.facts, self.hide)
            error.args = (error.facts.message,)
            raise
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError) as error:
            self.token.check()  # cancelling breaks the sockets on purpose
            raise self._worded(error) from error

    def _worded(self, error: Exception) -> TrellisError:
        if isinstance(error, httpx.TimeoutException):
            _ = self.seconds_left  # raises, if the limit of the whole generation has passed
        url, reached = self._url, self._sockets.reached_for
        port = url.port or (443 if url.scheme == "https" else 80)
        direct = reached == (url.raw_host.decode("ascii"), port)
        return from_exception(error, url.host or self.address.host, "" if direct else reached[0])

    def _note(self, method: str, response: httpx.Response) -> None:
        """Note an answer in the log, without the query, which may hold a signature."""
        url, name = response.url, response.headers.get("x-request-id", "none")
        path = self.hide(f"{url.host}{url.path}")
        log.debug("%s %s: HTTP %d, request id %s", method, path, response.status_code, name)

    def _answered(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: dict[str, str],
        stall_seconds: float | None,
        tries: int,
    ) -> httpx.Response:
        """Retry until there is an answer that cannot be improved by retrying."""
        submit = method == "POST"
        # One id for all attempts, so that the gateway's support can see that they belong together.
        headers.setdefault("X-Request-Id", str(uuid.uuid4()))
        for attempt in range(tries):
            last = attempt == tries - 1
            try:
                response = self._redirected(method, url, content, headers, stall_seconds)
            except httpx.HTTPError as error:
                self.token.check()
                if last or not error_may_be_retried(error, submit=submit):
                    raise
                self.report_status("The connection failed; trying again")
                self.token.wait(min(delay(attempt), self.seconds_left))
                continue
            self._note(method, response)
            # The last answer is returned whatever it says: its error names the reason.
            if last or not status_may_be_retried(response.status_code, submit=submit):
                return response
            wait = retry_after(response.headers)
            if wait is None:
                wait = delay(attempt)
            # The error with the time that the gateway asks for says more than a timeout would.
            if wait > self.seconds_left:
                return response
            response.close()
            self._count_down(wait)
        raise AssertionError("the last try returns or raises")

    def _count_down(self, seconds: float) -> None:
        while seconds > 0:
            self.report_status(f"The gateway is busy; waiting {math.ceil(seconds)} s")
            self.token.wait(min(seconds, 1.0))
            seconds -= 1.0

    def _redirected(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: dict[str, str],
        stall_seconds: float | None,
    ) -> httpx.Response:
        for _ in range(MOST_REDIRECTS + 1):
            response = self._send(method, url, content, headers, stall_seconds)
            target = response.headers.get("location")
            if response.status_code not in _REDIRECTS or not target:
                return response
            if method != "GET" and response.status_code not in _KEEPS_METHOD:
                return response  # the result is elsewhere: see `reply`
            following = self._following(url, target)
            if method != "GET" and not self.address.may_have_key(following):
                return response  # a paid request is not sent on to a foreign host
            response.close()
            url = following
        raise httpx.TooManyRedirects("too many redirects")

    def _send(
        self,
        method: str,
        url: str,
        content: bytes | None,
        headers: dict[str, str],
        stall_seconds: float | None,
    ) -> httpx.Response:
        # Only the configured gateway's own hosts receive the key, and only their answers say
        # something about its limits.
        own = self.address.may_have_key(url)
        self._url = httpx.URL(url)
        if (self._url.port or 0) > _LAST_PORT:
            raise httpx.InvalidURL("no such port")  # the system would use it modulo 65536
        if own:
            # Other hosts' files do not count against the gateway's limit.
            self._budget.take(self.token, self.report_status, lambda: self.seconds_left)
        self.token.check()
        request = self._client.build_request(
            method,
            url,
            content=content,
            headers={**headers, **(self._private if own else {})},
            timeout=self._timeout(stall_seconds),
            extensions={"trace": self._sockets.trace},
        )
        try:
            # Streamed: the caller decides where the body goes, and no body is held in memory.
            response = self._client.send(request, stream=True)
        except (UnicodeError, OverflowError) as error:
            raise httpx.InvalidURL("no such host or port") from error
        except SOCKS_FAULTS as error:
            raise httpx.ProxyError("no SOCKS proxy") from error
        # Over plain http a proxy's refusal arrives as an answer; over https httpx raises it.
        if response.status_code == 407:
            response.close()
            raise httpx.ProxyError("407 Proxy Authentication Required")
        # Before anything is read from them: headers go into records and messages, too.
        for name, value in response.headers.items():
            response.headers[name] = self.hide(value)
        if own:
            self._budget.learn(response.headers)
            if response.status_code == 429:
                self._budget.refused(retry_after(response.headers) or delay(0))
        return response

    def _following(self, url: str, target: str) -> str:
        following = httpx.URL(url).join(target)
        # A redirect never leads from https to http.
        safe = following.scheme == "https" or (
            following.scheme == "http"
            and httpx.URL(url).scheme == "http"
            and self.address.may_be_plain(following.host)
        )
        inward = not self.address.may_lead_to(following.host, httpx.URL(url).host)
        if not safe or inward or following.userinfo or "%" in following.host:
            raise httpx.UnsupportedProtocol(f"a redirect to {following.scheme} is not followed")
        return str(following)

    def _timeout(self, stall_seconds: float | None) -> httpx.Timeout:
        left = self.seconds_left
        read = left if stall_seconds is None else min(left, stall_seconds)
        # httpx's timeouts are per operation, so each must also fit into what is left of the whole
        # limit.
        connect = min(left, CONNECT_SECONDS)
        return httpx.Timeout(connect=connect, read=read, write=WRITE_SECONDS, pool=connect)
