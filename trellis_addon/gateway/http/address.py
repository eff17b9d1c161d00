# SPDX-License-Identifier: GPL-3.0-or-later
"""Parses the gateway's URL as people paste it, and decides which hosts may receive the key."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ...core.defaults import PLAIN_HTTP_VARIABLE
from ...core.errors import AddressError
from ...core.next_step import NextStep
from ...core.settings import GatewaySettings

_MEDIA_HOSTS: Final = {"api.aigateway.sh": ("media.aigateway.sh",)}
"""Other hosts of the same service that accept the same key (openapi.json, "servers")."""

# The forms of inet_aton(): one to four numbers, decimal, octal or hexadecimal. Browsers and the C
# library still accept them, so "http://2130706433" is this machine.
_OLD_IPV4: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,11})(?:\.(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,11})){0,3}"
)

_VERSION: Final = "/v1"
_ENDPOINTS: Final = ("/chat/completions", "/3d/generations")

_NAME: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_OWN_DOMAINS: Final = (".local", ".internal", ".home.arpa")
"""Domains that never exist in the public DNS: RFC 6762, ICANN's resolution of 2024, RFC 8375."""


def is_loopback(host: str) -> bool:
    """Whether a host name refers to this machine. Names are not resolved."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """Whether a host is this machine or an address outside the public internet. Names are not
    resolved.

    This includes all the spellings that systems accept: a trailing dot, IPv4 in IPv6, ``127.1``,
    ``0x7f.1``, ``2130706433``.
    """
    # "%" separates the zone of a link-local IPv6 address (RFC 4007, section 11).
    host = host.strip("[]").rstrip(".").partition("%")[0]
    if is_loopback(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _OLD_IPV4.fullmatch(host):
            return False
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))
        except (OSError, ValueError):
            return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return not mapped.is_global or mapped.is_multicast


def in_own_network(host: str) -> bool:
    """Whether a host is in a private network, judged by its address or by its name, which is not
    resolved: a single label (``render-box``), which no public host has, or one of the reserved
    domains.
    """
    name = host.lower().rstrip(".")
    if is_private(name):
        return True
    if not _NAME.fullmatch(name) or _OLD_IPV4.fullmatch(name):
        return False  # such a spelling could be a public name to whatever opens the connection
    return "." not in name or name.endswith(_OWN_DOMAINS)


@dataclass(frozen=True)
class Address:
    """A gateway's location: its host, the path before those of its endpoints, and the query after
    ``?``.
    """

    scheme: str
    host: str
    port: int | None
    path: str = _VERSION
    query: str = ""

    @classmethod
    def of(cls, settings: GatewaySettings) -> Address:
        """The gateway in the settings. :raises AddressError: see :meth:`parse`."""
        return cls.parse(settings.base_url, plain_http=settings.plain_http)

    @classmethod
    def parse(cls, text: str, *, plain_http: bool = False) -> Address:
        """Parse a base URL, with or without the path of an endpoint at its end.

        A path is kept as it is, as in the ``openai`` client (``base_url``); a host alone gets
        ``/v1``. A query, such as ``?api-version=1``, is sent with every request.

        :param plain_http: the user's consent to http in a private network.
        :raises AddressError: no scheme, not http(s), no host, or plain http to another machine.
        """
        text = text.strip()
        if "://" not in text:
            raise AddressError(
                f"The gateway URL has no https:// in front: {text or '(empty)'}",
                NextStep(
                    f"Write https://{text or 'api.aigateway.sh'} in the preferences",
                    f"Set AIGATEWAY_BASE_URL to https://{text or 'api.aigateway.sh'}",
                ),
            )
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise AddressError(
                f"The gateway URL cannot be read: {text}", detail=str(error)
            ) from None
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise AddressError(f"The gateway URL must begin with https:// and name a host: {text}")
        if parts.username or parts.password:
            # The URL is shown in the window and written into records, so it must not contain a
            # secret.
            raise AddressError("The gateway URL must not hold a user name or password")
        scheme = parts.scheme.lower()
        if scheme == "http" and not is_loopback(parts.hostname):
            _check_plain(text, parts.hostname, plain_http=plain_http)
        return cls(scheme, parts.hostname, port, _base_path(parts.path), parts.query)

    @property
    def base_url(self) -> str:
        """The URL for records: without the path if that is only ``/v1``, and without the query,
        which may be a credential. :meth:`parse` gives the same path for it.
        """
        return self._origin + ("" if self.path == _VERSION else self.path)

    @property
    def _origin(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.url_host}{port}"

    @property
    def url_host(self) -> str:
        """The host as written in a URL: an IPv6 address is in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def loopback(self) -> bool:
        """Whether the gateway runs on this machine."""
        return is_loopback(self.host)

    def may_lead_to(self, host: str, start: str = "") -> bool:
        """Whether an answer may direct a request to a host.

        It may name this machine only if the gateway is on it, and a host in a private network only
        if the gateway, or the server that redirects (``start``), is in one. Otherwise a hostile
        server could make this machine send requests into the user's own network.
        """
        if self.loopback or not is_private(host):
            return True
        if is_loopback(host.rstrip(".")):
            return False
        return in_own_network(self.host) or bool(start and is_private(start))

    def may_be_plain(self, host: str) -> bool:
        """Whether an answer may name an http address of a host: a gateway on this machine may name
        any, and a gateway reached over plain http in a private network may name hosts of such
        networks.
        """
        return self.loopback or (self.scheme == "http" and in_own_network(host))

    def endpoint(self, path: str) -> str:
        """The full URL of an endpoint, such as ``chat/completions``."""
        url = f"{self._origin}{self.path}/{path}"
        if not self.query:
            return url
        return f"{url}{'&' if '?' in path else '?'}{self.query}"

    def may_have_key(self, url: str) -> bool:
        """Whether a URL belongs to this gateway, so that it may receive the key: same scheme, host
        and port, or its media host.
        """
        if not url.isprintable() or url != url.strip():
            return False  # httpx keeps characters that urlsplit() drops, such as a tab
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False  # a URL that cannot be parsed belongs to no gateway
        if parts.scheme != self.scheme:
            return False
        if parts.hostname == self.host and _port(parts.scheme, port) == _port(
            self.scheme, self.port
        ):
            return True
        return parts.hostname in _MEDIA_HOSTS.get(self.host, ()) and port in (None, 443)


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)


def _base_path(path: str) -> str:
    path = path.rstrip("/")
    for tail in _ENDPOINTS:
        path = path.removesuffix(tail)
    if path == f"{_VERSION}/chat":  # a mistake that the gateway's support warns about
        path = _VERSION
    return path.rstrip("/") or _VERSION


def _check_plain(text: str, host: str, *, plain_http: bool) -> None:
    """Refuse a gateway that must not be reached over plain http."""
    if not in_own_network(host):
        step = NextStep(
            "Write https:// in front; plain http works on this machine and in private networks only"
        )
    elif not plain_http:
        step = NextStep(
            "Write https:// in front, or allow Plain HTTP in Private Networks in the preferences "
            f"({PLAIN_HTTP_VARIABLE}=1, --plain-http)",
            f"Write https:// in front, or add --plain-http (or set {PLAIN_HTTP_VARIABLE}=1)",
        )
    else:
        return
    raise AddressError(f"The gateway URL must be https, as http would show your key: {text}", step)
