# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh that the user imports from a URL: what is requested, and what is written into records.

A URL may itself be a secret, as links are signed in their query. So the whole of it stays in
memory, records and messages have it without query and fragment, and a hash shows whether the same
one was imported before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from ..core.errors import BadFileError, GatewayError, InputError, TrellisError, UnreachableError
from ..core.next_step import NextStep
from .answers.asset_locations import AssetLocation
from .download import Fetched, Report, fetch, refuse_strange
from .http.address import Address, is_loopback
from .http.transport import Transport

# pathlib turns "https://" into "https:/", and on Windows into "https:\".
_URL: Final = re.compile(r"(https?):[/\\]{1,2}(?=[^/\\])", re.IGNORECASE)
_FAILED: Final = 500


@dataclass(frozen=True)
class SourceUrl:
    """One address."""

    full: str
    """The URL with its query, which may be a credential. For the request only."""
    shown: str
    """The URL for records and messages."""
    name: str
    """A name for the prop, derived from the file's name."""

    @property
    def key(self) -> str:
        """The first 32 hex digits of the full URL's SHA-256, by which it is recognized."""
        return hashlib.sha256(self.full.encode()).hexdigest()[:32]

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that nothing is sent over the network."""
        return is_loopback(urlsplit(self.full).hostname or "")

    @classmethod
    def of(cls, source: str | Path) -> SourceUrl | None:
        """Parse a URL; None for a path. Also recognizes a URL that was converted to a path and
        back.

        :raises InputError: it cannot be used.
        """
        text = str(source).strip()
        if not (found := _URL.match(text)):
            return None
        text = f"{found[1].lower()}://{text[found.end() :]}"
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise InputError("An address cannot be read", "Correct it") from None
        if not host:
            raise InputError("An address names no host", "Correct it")
        if parts.username is not None or parts.password is not None:
            raise InputError(
                f"The address of {host} has a user name or a password in it",
                "Download the file yourself, and import it from this disk",
            )
        place = f"[{host}]" if ":" in host else host
        shown = urlunsplit((parts.scheme, f"{place}:{port}" if port else place, parts.path, "", ""))
        stem = PurePosixPath(unquote(parts.path)).stem.strip()
        return cls(urlunsplit(parts._replace(fragment="")), shown, stem or host)

    def check(self, gateway: Address) -> None:
        """Refuse the addresses that an answer of the gateway may not name either.

        :raises InputError: the scheme is not https, or the address is on this machine and the
            gateway is not.
        """
        try:
            refuse_strange(gateway, self.full, asked=True)
        except BadFileError as error:
            raise InputError(
                f"{self.shown} is not fetched",
                "Use an https address; those of this machine are only for a gateway that is here",
                detail=error.facts.message,
            ) from error

    def fetch(self, transport: Transport, folder: Path, report: Report) -> Fetched:
        """Download it to ``model.part`` in ``folder``, synced and checked like an answer's mesh.

        Only the gateway's own hosts receive the key. Size limits and resuming are as for answers.

        :raises InputError: there is no such file. :raises BadFileError: it is not a model.
        :raises UnreachableError: it cannot be downloaded now. :raises OSError: the disk cannot be
            written.
        """
        self.check(transport.address)
        try:
            location = AssetLocation(url=self.full)
            return fetch(transport, location, (), folder, report, asked=True)
        except BadFileError as error:
            raise BadFileError(
                f"{self.shown} is no model that can be used",
                "Check the address in a browser",
                detail=error.facts.message,
            ) from error
        except GatewayError as error:
            raise self._worded(error) from error
        except UnreachableError as error:
            error.facts = replace(error.facts, step=NextStep("Check the address and the network"))
            raise

    def _worded(self, error: GatewayError) -> TrellisError:
        """The same error, worded for a server that is not the gateway."""
        status = error.facts.status or 0
        if status >= _FAILED or error.facts.retryable:
            return UnreachableError(
                f"The server of {self.shown} failed (HTTP {status})",
                "Try again in a minute",
                status=status,
            )
        kind: Callable[..., TrellisError] = InputError
        return kind(
            f"There is no file at {self.shown} (HTTP {status})",
            "Check the address; a signed link may have expired",
            status=status,
        )
