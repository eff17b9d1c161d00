# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's URL as people paste it, and which hosts may be given the key."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from ..core.errors import AddressError

_MEDIA_HOSTS: Final = {"api.aigateway.sh": ("media.aigateway.sh",)}
"""Hosts of the same service that take the same key (openapi.json, "servers")."""

_OLD_IPV4: Final = re.compile(
    r"(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,11})(?:\.(?:0[xX][0-9a-fA-F]{1,8}|[0-9]{1,11})){0,3}"
)

_TAILS: Final = (
    "/v1/chat/completions",
    "/chat/completions",
    "/v1/3d/generations",
    "/v1/chat",
    "/v1",
)


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


@dataclass(frozen=True)
class Address:
    """A gateway: scheme, host, port and an optional path in front of ``/v1``."""

    scheme: str
    host: str
    port: int | None
    prefix: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read a base URL with or without ``/v1`` or the whole endpoint's path behind it.

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
        if parts.scheme.lower() == "http" and not is_loopback(parts.hostname):
            raise AddressError(
                f"The gateway URL must be https, as http would show your key: {text}",
                "Write https:// in front; plain http works for this machine only",
            )
        return cls(parts.scheme.lower(), parts.hostname, port, _without_tail(parts.path))

    @property
    def base_url(self) -> str:
        """The URL without ``/v1`` and without a slash at the end."""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.url_host}{port}{self.prefix}"

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
        return is_private(self.host) or bool(start and is_private(start))

    def endpoint(self, path: str) -> str:
        """The full URL of a path under ``/v1``, such as ``chat/completions``."""
        return f"{self.base_url}/v1/{path}"

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


def _without_tail(path: str) -> str:
    path = path.rstrip("/")
    for tail in _TAILS:
        if path.endswith(tail):
            return path.removesuffix(tail)
    return path
