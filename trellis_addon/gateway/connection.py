# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client: which certificates are trusted, which proxy is used, what every request says.

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
from urllib.request import getproxies

import httpx
import truststore

from ..core.defaults import LONGEST_TAG
from ..core.errors import AddressError, InputError, NoKeyError
from ..core.identity import user_agent
from ..core.secret import Secret
from ..core.settings import GatewaySettings
from .address import Address
from .decoding import ACCEPT_ENCODING

try:
    from socksio import ProtocolError

    SOCKS_FAULTS: tuple[type[Exception], ...] = (ProtocolError, AssertionError, IndexError)
    """What httpcore lets through when a server does not answer as a SOCKS proxy does."""
except ImportError:
    SOCKS_FAULTS = ()

_PROXIES: Final = ("http", "https", "socks5", "socks5h")
_SHORTEST_SECRET: Final = 8

# It has the proxy's user name and password in it.
logging.getLogger("httpcore.socks").addFilter(lambda record: "auth=" not in record.getMessage())


def new_client(settings: GatewaySettings, address: Address) -> httpx.Client:
    """A client for one job.

    :raises InputError: the CA file cannot be used. :raises AddressError: nor the proxy's URL.
    """
    try:
        return httpx.Client(
            verify=_certificates(settings.ca_file),
            proxy=_proxy(settings.proxy),
            headers={
                "User-Agent": user_agent(),
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
            },
            follow_redirects=False,
            mounts=_direct(address),
        )
    except (ValueError, httpx.InvalidURL) as error:
        # The environment is read here as well, where desktops write socks:// for socks5://.
        raise AddressError(
            "The proxy's address cannot be used",
            "Write http://, https:// or socks5:// in front of it, in the preferences or in "
            "HTTPS_PROXY and ALL_PROXY",
            detail=type(error).__name__,
        ) from error
    except ImportError as error:
        raise AddressError(
            "A SOCKS proxy cannot be used here, as the Python package socksio is missing",
            "Install it, or set an http:// proxy in the preferences",
        ) from error


def _direct(address: Address) -> dict[str, httpx.BaseTransport | None]:
    """A gateway on this machine, or asked in clear text, is never asked through a proxy: another
    machine would see the key.
    """
    direct = address.loopback or address.scheme == "http"
    return {f"all://{address.url_host}": None} if direct else {}


@cache
def _certificates(ca_file: str) -> ssl.SSLContext:
    """One for the whole process: reading the system's certificates takes 40 ms."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        try:
            context.load_verify_locations(cafile=str(Path(ca_file).expanduser()))
        except OSError as error:  # ssl.SSLError is one
            raise InputError(
                f"The file of certificates cannot be used: {ca_file}",
                "Choose a PEM file in the preferences, or leave the field empty",
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
            "Correct it in the preferences",
        )
    return httpx.Proxy(url.strip())


def gateway_headers(settings: GatewaySettings) -> dict[str, str]:
    """What only the gateway's own hosts are told: key, tag, the user's provider keys.

    :raises NoKeyError: a key holds what no header can (a line break, a typographic dash).
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
    """Everything that a server might repeat and that nobody may read in a record."""
    proxies = [settings.proxy] if settings.proxy else list(getproxies().values())
    passwords = dict.fromkeys(filter(None, map(_password, proxies)))
    own = (settings.key, *map(Secret, passwords))
    return (*own, *(key for _, key in settings.provider_keys))


def _password(proxy: str) -> str:
    try:
        password = unquote(urlsplit(proxy).password or "")
    except ValueError:
        return ""  # an address that cannot be read is refused in a moment
    # A short word would take harmless text with it.
    return password if len(password) >= _SHORTEST_SECRET else ""


def _usable(key: Secret, name: str) -> str:
    value = key.reveal()
    if not value.isascii() or not value.isprintable():
        raise NoKeyError(f"{name} holds a character that no key has", "Paste it again")
    return value


def _header_text(text: str) -> str:
    return "".join(c for c in text.strip() if c.isascii() and c.isprintable())
