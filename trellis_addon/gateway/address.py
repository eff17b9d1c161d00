# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's URL as people paste it, and which hosts may be given the key."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from ..core.defaults import PLAIN_HTTP_VARIABLE
from ..core.errors import AddressError
from ..core.settings import GatewaySettings

_MEDIA_HOSTS: Final = {"api.aigateway.sh": ("media.aigateway.sh",)}
"""Hosts of the same service that take the same key (openapi.json, "servers")."""

_OLD_IPV4: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,11})(?:\.(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,11})){0,3}"
)

_VERSION: Final = "/v1"
_ENDPOINTS: Final = ("/chat/completions", "/3d/generations")

_NAME: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_OWN_DOMAINS: Final = (".local", ".internal", ".home.arpa")
"""Names that the public DNS never has: RFC 6762, ICANN's resolution of 2024, RFC 8375."""


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine. Names are not looked up."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """Whether a host is this machine or an address of no public network. Names are not looked up.

    Also as systems read it: a dot at the end, IPv4 in IPv6, ``127.1``, ``0x7f.1``, ``2130706433``.
    """
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
    """Whether a host is in a private network by its address or by its name, which is not looked up:
    one label (``render-box``), as no public host has, or one of the domains that are kept for it.
    """
    name = host.lower().rstrip(".")
    if is_private(name):
        return True
    if not _NAME.fullmatch(name) or _OLD_IPV4.fullmatch(name):
        return False  # another spelling could be a public name to the one who connects
    return "." not in name or name.endswith(_OWN_DOMAINS)


@dataclass(frozen=True)
class Address:
    """A gateway: where it is, the path in front of its endpoints' own, and what follows ``?``."""

    scheme: str
    host: str
    port: int | None
    path: str = _VERSION
    query: str = ""

    @classmethod
    def of(cls, settings: GatewaySettings) -> Address:
        """The gateway of the settings. :raises AddressError: as :meth:`parse` does."""
        return cls.parse(settings.base_url, plain_http=settings.plain_http)

    @classmethod
    def parse(cls, text: str, *, plain_http: bool = False) -> Address:
        """Read a base URL, with or without an endpoint's path behind it.

        A path of its own is kept as it is, as the ``openai`` client does (``base_url``); a host
        alone gets ``/v1``. A query, such as ``?api-version=1``, goes with every request.

        :param plain_http: the user's consent to http in a private network.
        :raises AddressError: no scheme, not http(s), no host, or plain http to another machine.
        """
        text = text.strip()
        if "://" not in text:
            raise AddressError(
                f"The gateway URL has no https:// in front: {text or '(empty)'}",
                f"Write https://{text or 'api.aigateway.sh'} in the preferences",
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
            raise AddressError("The gateway URL must not hold a user name or password")
        scheme = parts.scheme.lower()
        if scheme == "http" and not is_loopback(parts.hostname):
            _check_plain(text, parts.hostname, plain_http=plain_http)
        return cls(scheme, parts.hostname, port, _base_path(parts.path), parts.query)

    @property
    def base_url(self) -> str:
        """The URL as records have it: without a mere ``/v1``, and without the query, which may be a
        credential. :meth:`parse` makes the same path of it.
        """
        return self._origin + ("" if self.path == _VERSION else self.path)

    @property
    def _origin(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.url_host}{port}"

    @property
    def url_host(self) -> str:
        """The host as it stands in a URL: an IPv6 address in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def loopback(self) -> bool:
        """Whether the gateway runs on this machine."""
        return is_loopback(self.host)

    def may_lead_to(self, host: str, start: str = "") -> bool:
        """Whether an answer may send us to a host.

        To this machine only when the gateway is here; into a private network only when the gateway,
        or the server that redirects (``start``), is in one itself.
        """
        if self.loopback or not is_private(host):
            return True
        if is_loopback(host.rstrip(".")):
            return False
        return in_own_network(self.host) or bool(start and is_private(start))

    def may_be_plain(self, host: str) -> bool:
        """Whether an answer may name an http address of a host: a gateway of this machine any, one
        that is asked in clear text in a private network those of the network.
        """
        return self.loopback or (self.scheme == "http" and in_own_network(host))

    def endpoint(self, path: str) -> str:
        """The full URL of an endpoint, such as ``chat/completions``."""
        url = f"{self._origin}{self.path}/{path}"
        if not self.query:
            return url
        return f"{url}{'&' if '?' in path else '?'}{self.query}"

    def model_endpoint(self, model: str, tail: str = "") -> str:
        """The URL of a model's metadata. The slash in its id is sent as it is."""
        return self.endpoint(f"models/{quote(model, safe='/')}{tail}")

    def may_have_key(self, url: str) -> bool:
        """Whether a URL belongs to this gateway: same scheme, host and port, or its media host."""
        if not url.isprintable() or url != url.strip():
            return False  # httpx does not leave out what urlsplit leaves out
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False  # an address that cannot be read is nobody's
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
    if path == f"{_VERSION}/chat":  # half an endpoint, which the gateway's support page warns of
        path = _VERSION
    return path.rstrip("/") or _VERSION


def _check_plain(text: str, host: str, *, plain_http: bool) -> None:
    """:raises AddressError: a gateway that must not be asked in clear text."""
    if not in_own_network(host):
        step = (
            "Write https:// in front; plain http works on this machine and in private networks only"
        )
    elif not plain_http:
        step = (
            "Write https:// in front, or allow Plain HTTP in Private Networks in the preferences "
            f"({PLAIN_HTTP_VARIABLE}=1, --plain-http)"
        )
    else:
        return
    raise AddressError(f"The gateway URL must be https, as http would show your key: {text}", step)
