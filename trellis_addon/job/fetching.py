# SPDX-License-Identifier: GPL-3.0-or-later
"""From the places that an answer names to a checked file: which of them, how often, how long.

A file that is not there yet is the common case, not the odd one: stores copy in the background. So
what may pass is waited for, and each time the job is asked for a fresh link.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ..core.cancel import CancelToken
from ..core.errors import (
    BadFileError,
    GatewayError,
    LinkExpiredError,
    TrellisError,
    UnreachableError,
)
from ..gateway.client import Gateway
from ..gateway.download import Fetched
from ..gateway.lifting import Body
from ..gateway.locations import AssetLocation, Trust
from ..gateway.reply import Reply, without_mesh
from ..library.folder import PropFolder

MOST_LOCATIONS: Final = 8
"""Places that are tried before an answer counts as one without a mesh."""

PAYLOAD: Final = "payload-{}.part"
"""What an answer has brought in itself; the numbers are those of ``gateway.lifting``."""

WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each further round over all places; after the last the prop can be resumed."""


@dataclass(frozen=True)
class Fetching:
    """Brings the file of one prop. ``progress`` takes a text and a fraction or None."""

    folder: PropFolder
    gateway: Gateway
    token: CancelToken
    progress: Callable[[str, float | None], None]

    def fetch(self, reply: Reply) -> Fetched:
        """Try the places that the answer names, best first, until one holds a mesh.

        :raises TrellisError: none did, for as long as it was worth to wait.
        """
        assets = reply.answer.assets[:MOST_LOCATIONS]
        faults: list[TrellisError] = []
        for wait in (*WAITS, None):
            faults = []
            for location in assets:
                if fetched := self._try(location, reply.body, faults):
                    return fetched
            assets = tuple(
                a for a in assets if a.url
            )  # what the answer held is not going to change
            if wait is None or not assets or not any(map(_may_pass, faults)):
                break
            self.progress(f"The model is not there yet; asking again in {wait:.0f} s", None)
            self.token.wait(min(wait, self.gateway.seconds_left))
        named = reply.answer.assets
        if all(a.url and a.trust >= Trust.UNKNOWN for a in named) and reply.answer.text:
            raise without_mesh(reply) from faults[0]
        raise next(filter(_may_pass, faults), faults[0])

    def _try(
        self, location: AssetLocation, body: Body, faults: list[TrellisError]
    ) -> Fetched | None:
        """One place; where its link has expired, the other ways to the same file."""
        before = len(faults)
        try:
            for place in self._ways(location, faults):
                try:
                    return self.gateway.fetch(place, body, self.folder.path, self._report())
                except LinkExpiredError as error:
                    faults.append(error)
                except (BadFileError, GatewayError) as error:
                    faults.append(error)
                    if not error.facts.retryable or len(faults) - before > MOST_LOCATIONS:
                        return None
        except (UnreachableError, GatewayError) as error:
            _ = self.gateway.seconds_left
            faults.append(error)
        return None

    def _ways(self, location: AssetLocation, faults: list[TrellisError]) -> Iterator[AssetLocation]:
        """The same file by its link, once more where it came in part, then by other links."""
        yield location
        if location.url:
            if not isinstance(faults[-1], LinkExpiredError):
                yield location
            self.progress("The download link does not work; asking for another", None)
            origin = self.folder.read().origin
            yield from self.gateway.renewed(
                location, origin.job_id, self.folder.path, origin.job_urls
            )

    def _report(self) -> Callable[[int, int | None], None]:
        last = [0.0]

        def report(size: int, total: int | None) -> None:
            if time.monotonic() - last[0] < 0.1:
                return
            last[0] = time.monotonic()
            fraction = min(size / total, 1.0) if total else None
            self.progress(f"Downloading the model, {size / 1e6:.1f} MB", fraction)

        return report


def _may_pass(fault: TrellisError) -> bool:
    """Whether the same place may well hold the model in a while. A download that broke off again
    and again has had its tries, which are bounded (``gateway.download``).
    """
    if isinstance(fault, UnreachableError):
        return False
    return fault.facts.retryable or isinstance(fault, LinkExpiredError)
