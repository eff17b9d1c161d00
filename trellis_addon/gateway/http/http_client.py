# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the HTTP client: trusted certificates, proxy, and the headers of every request.

Servers are verified against the operating system's certificates (truststore), so that a
company's own certificates work. There is no switch to turn verification off.
"""

from __future__ import annotations

import logging
import ssl
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

import httpx
import truststore

from ...core.defaults import LONGEST_TAG
from ...core.errors import AddressError, InputError, NoKeyError
from ...core.identity import user_agent
from ...core.next_step import NextStep
from ...core.secret import Secret
from ...core.settings import GatewaySettings
from .address import Address
from .content_coding import ACCEPT_ENCODING

try:
    from socksio import ProtocolError

    SOCKS_FAULTS: tuple[type[Exception], ...] = (ProtocolError, AssertionError, IndexError)
    """Exceptions that httpcore does not convert when a server does not behave like a SOCKS
    proxy."""
except ImportError:
    SOCKS_FAULTS = ()

_PROXIES: Final = ("http", "https", "socks5", "socks5h")
_SHORTEST_SECRET: Final = 8

# httpcore logs the proxy's user name and password.
logging.getLogger("httpcore.socks").addFilter(lambda record: "auth=" not in record.getMessage())


def new_client(settings: GatewaySettings, address: Address) -> httpx.Client:
    """Make a client for one job.

    :raises InputError: the CA file cannot be used. :raises AddressError: the proxy's URL cannot be
        used.
    """
    try:
        return httpx.Client(
            # truststore asks the operating system, where a company's own certificates are
            # installed.
            verify=_certificates(settings.ca_file),
            proxy=_proxy(settings.proxy),
            headers={
                "User-Agent": user_agent(),
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
            },
            # ``transport`` follows redirects itself, as it decides for each host whether it
            # receives the key.
            follow_redirects=False,
            mounts={**_by_system(settings), **_direct(address)},
        )
    except (ValueError, httpx.InvalidURL) as error:
        # httpx reads the environment here as well, and some desktops set socks:// instead of
        # socks5://.
        raise AddressError(
            "The proxy's address cannot be used",
            NextStep(
                "Write http://, https:// or socks5:// in front of it, in the preferences or in "
                "HTTPS_PROXY and ALL_PROXY",
                "Write http://, https:// or socks5:// in front of it, in HTTPS_PROXY and ALL_PROXY",
            ),
            detail=type(error).__name__,
        ) from error
    except ImportError as error:
        raise AddressError(
            "A SOCKS proxy cannot be used here, as the Python package socksio is missing",
            NextStep(
                "Install it, or set an http:// proxy in the preferences",
                "Install it, or set an http:// proxy in HTTPS_PROXY",
            ),
        ) from error


class _WithExceptions(httpx.BaseTransport):
    """Through the system's proxy, but for the hosts that the system excepts from it."""

    def __init__(self, context: ssl.SSLContext, proxy: str) -> None:
        self._direct = httpx.HTTPTransport(verify=context)
        self._proxied = httpx.HTTPTransport(verify=context, proxy=httpx.Proxy(proxy))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send directly to hosts that the system excepts, and all others through the proxy."""
        excepted = proxy_bypass(request.url.host)
        return (self._direct if excepted else self._proxied).handle_request(request)

    def close(self) -> None:
        """Close both ways."""
        self._direct.close()
        self._proxied.close()


def _by_system(settings: GatewaySettings) -> dict[str, httpx.BaseTransport | None]:
    """Where Windows's or macOS's own settings name the proxy: httpx reads them without their
    exceptions (``ProxyOverride``). A proxy of the environment and its ``NO_PROXY`` are httpx's.
    """
    if settings.proxy.strip() or getproxies_environment():
        return {}
    context, proxies = _certificates(settings.ca_file), getproxies()
    return {
        f"{scheme}://": _WithExceptions(context, proxies[scheme])
        for scheme in ("http", "https")
        if proxies.get(scheme)
    }


def _direct(address: Address) -> dict[str, httpx.BaseTransport | None]:
    """Bypass the proxy for a gateway on this machine or over plain http: otherwise the proxy would
    see the key.
    """
    direct = address.loopback or address.scheme == "http"
    # None as a transport means "no proxy" to httpx.
    return {f"all://{address.url_host}": None} if direct else {}


@cache
def _certificates(ca_file: str) -> ssl.SSLContext:
    """The TLS context, one per process: reading the system's certificates takes 40 ms."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        try:
            context.load_verify_locations(cafile=str(Path(ca_file).expanduser()))
        except OSError as error:  # ssl.SSLError is one
            raise InputError(
                f"The file of certificates cannot be used: {ca_file}",
                NextStep(
                    "Choose a PEM file in the preferences, or leave the field empty",
                    "Choose a PEM file as the extension's Certificates, or leave the field empty",
                ),
                detail=str(error),
            ) from error
    return context


def _proxy(url: str) -> httpx.Proxy | None:
    if not url.strip():
        return None
    try:
        usable = urlsplit(url.strip()).scheme in _PROXIES
    except ValueError:
        usable = False
    if not usable:
        raise AddressError(
            "The proxy's address must begin with http://, https:// or socks5://",
            NextStep("Correct it in the preferences", "Correct the extension's Proxy"),
        )
    return httpx.Proxy(url.strip())


def gateway_headers(settings: GatewaySettings) -> dict[str, str]:
    """The headers for the gateway's own hosts only: key, tag, the user's provider keys.

    :raises NoKeyError: a key contains a character that a header cannot have (a line break, a
        typographic dash).
    """
    headers = {}
    if settings.key:
        headers["Authorization"] = f"Bearer {_usable(settings.key, 'The API key')}"
    if tag := _header_text(settings.tag):
        headers["x-aig-tag"] = tag[:LONGEST_TAG]
    for provider, key in settings.provider_keys:
        headers[f"x-byok-{provider}"] = _usable(key, f"The key of the provider {provider}")
    return headers


def secrets_of(settings: GatewaySettings) -> tuple[Secret, ...]:
    """Everything that a server might repeat and that must not end up in a record."""
    proxies = [settings.proxy] if settings.proxy else list(getproxies().values())
    passwords = dict.fromkeys(filter(None, map(_password, proxies)))
    own = (settings.key, *map(Secret, passwords))
    return (*own, *(key for _, key in settings.provider_keys))


def _password(proxy: str) -> str:
    try:
        password = unquote(urlsplit(proxy).password or "")
    except ValueError:
        return ""  # a URL that cannot be parsed is refused by httpx later
    # A short password may be a common word, and hiding it would mangle harmless text.
    return password if len(password) >= _SHORTEST_SECRET else ""


def _usable(key: Secret, name: str) -> str:
    value = key.reveal()
    if not value.isascii() or not value.isprintable():
        raise NoKeyError(f"{name} holds a character that no key has", "Paste it again")
    return value


def _header_text(text: str) -> str:
    return "".join(c for c in text.strip() if c.isascii() and c.isprintable())
