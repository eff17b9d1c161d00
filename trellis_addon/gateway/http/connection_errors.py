# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the exceptions of requests that got no answer into our errors, each with its reason and
a next step.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Final

import httpx

from ...core.errors import TooSlowError, TrellisError, UnreachableError
from ...core.next_step import CHECK_PROXY, CHECK_URL, PROXY_PASSWORD, NextStep

# The resolvers of Linux, macOS and Windows have no common error code, so their messages are
# compared.
_NO_NAME: Final = (
    "name or service not known",
    "nodename nor servname",
    "getaddrinfo failed",
    "temporary failure in name resolution",
    "no address associated",
    "name resolution",
)
_ASKS_FOR_PASSWORD: Final = (
    "407",
    "got username/password",
    "got no acceptable methods",
    "invalid username/password",
)
_CANNOT_REACH: Final = (
    "general socks server failure",
    "network unreachable",
    "host unreachable",
    "connection refused",
    "ttl expired",
)
_WRONG_CLOCK: Final = ("not yet valid", "has expired", "certificate expired")


def from_exception(error: Exception, host: str, proxy: str = "") -> TrellisError:
    """The error for an exception of httpx. ``host`` is the server's name.

    :param proxy: the proxy, if one is used: it is then the only host that is connected to.

    The exception's own text is not copied: it may quote a header, or a URL with a token.
    """
    chain = tuple(_causes(error))
    text = " ".join(str(cause) for cause in chain).lower()
    detail = " < ".join(dict.fromkeys(type(cause).__name__ for cause in chain))
    if _is_tls(chain, text):
        return _tls(host, text, detail)
    if isinstance(error, httpx.ProxyError):
        return _proxy(host, text, detail)
    unusable = httpx.UnsupportedProtocol | httpx.TooManyRedirects | httpx.InvalidURL
    if any(isinstance(cause, unusable) for cause in chain):
        return UnreachableError(
            f"{host} sends the request on to an address that is not followed",
            CHECK_URL,
            detail=detail,
            retry=False,
        )
    if proxy and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return UnreachableError(
            f"The network's proxy {proxy} cannot be reached",
            CHECK_PROXY,
            detail=detail,
        )
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return UnreachableError(f"{host} does not answer", detail=detail)
    if isinstance(error, httpx.TimeoutException):
        return TooSlowError(f"{host} took too long to answer", detail=detail)
    if any(phrase in text for phrase in _NO_NAME):
        return UnreachableError(f"The name {host} cannot be found", detail=detail)
    if isinstance(error, httpx.ConnectError):
        return UnreachableError(f"{host} refuses the connection", detail=detail)
    return UnreachableError(f"The connection to {host} broke", detail=detail)


def _proxy(host: str, text: str, detail: str) -> UnreachableError:
    """The error for a proxy's refusal, over HTTP or, in httpcore's words, over SOCKS."""
    if any(phrase in text for phrase in _ASKS_FOR_PASSWORD):
        message = "The network's proxy asks for a user name and password"
        step = PROXY_PASSWORD
    elif any(phrase in text for phrase in _CANNOT_REACH):
        return UnreachableError(f"The network's proxy cannot reach {host}", detail=detail)
    elif "no socks proxy" in text:
        message = "The network's proxy does not answer as a SOCKS proxy does"
        step = NextStep(
            "Check the proxy's address in the preferences or in ALL_PROXY",
            "Check the proxy's address in ALL_PROXY",
        )
    else:
        message = "The network's proxy refused the connection"
        step = CHECK_PROXY
    return UnreachableError(message, step, detail=detail, retry=False)


def _is_tls(chain: tuple[BaseException, ...], text: str) -> bool:
    return any(isinstance(cause, ssl.SSLError) for cause in chain) or "certificate" in text


def _tls(host: str, text: str, detail: str) -> UnreachableError:
    if any(phrase in text for phrase in _WRONG_CLOCK):
        return UnreachableError(
            f"The certificate of {host} is not valid today",
            "Check the date and time of this computer",
            detail=detail,
            retry=False,
        )
    if "certificate" in text:
        return UnreachableError(
            f"The certificate of {host} is not trusted by this computer",
            NextStep(
                "On a company network, choose its certificate file in the preferences or have it "
                "installed in the operating system",
                "On a company network, have its certificate installed in the operating system",
            ),
            detail=detail,
            retry=False,
        )
    return UnreachableError(
        f"No secure connection to {host} could be made",
        "Check that the gateway URL begins with https:// only where the gateway speaks it",
        detail=detail,
        retry=False,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(10):
        if cause is None:
            return
        yield cause
        # At most ten steps, as a chain of exceptions may have a cycle.
        cause = cause.__cause__ or cause.__context__
