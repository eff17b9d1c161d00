# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads the model from the places that an answer names: which of them, how often, how long.

It is common that a file is not there yet, as object stores copy in the background. So temporary
faults are waited out, and each time the job is asked for a fresh link.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ...core.errors import (
    BadFileError,
    GatewayError,
    LinkExpiredError,
    TrellisError,
    UnreachableError,
)
from ...gateway.answers.asset_locations import AssetLocation, Trust
from ...gateway.answers.reply import Reply, without_mesh
from ...gateway.client import Gateway
from ...gateway.download import Fetched
from ...gateway.http.base64_extraction import Body
from .context import Context

MOST_LOCATIONS: Final = 8
"""The number of places that are tried before an answer counts as one without a mesh."""

PAYLOAD: Final = "payload-{}.part"
"""The names of files that an answer contained; the numbers are those of
``gateway.http.base64_extraction``.
"""

WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each further round through all places. After the last round, the prop can still be
resumed."""


@dataclass(frozen=True)
class Fetching:
    """Brings the file of one prop."""

    context: Context
    gateway: Gateway

    def fetch(self, reply: Reply) -> Fetched:
        """Try the places that the answer names, most trusted first, until one has a mesh.

        :raises TrellisError: none had one in all rounds.
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
            self.context.progress(f"The model is not there yet; asking again in {wait:.0f} s", None)
            self.context.token.wait(min(wait, self.gateway.seconds_left))
        named = reply.answer.assets
        if all(a.url and a.trust >= Trust.UNKNOWN for a in named) and reply.answer.text:
            raise without_mesh(reply) from faults[0]
        raise next(filter(_may_pass, faults), faults[0])

    def _try(
        self, location: AssetLocation, body: Body, faults: list[TrellisError]
    ) -> Fetched | None:
        """Try one place and, if its link has expired, the other ways to the same file."""
        before = len(faults)
        try:
            for place in self._ways(location, faults):
                try:
                    report = self.context.downloading("Downloading the model, {} MB")
                    return self.gateway.fetch(place, body, self.context.folder.path, report)
                except LinkExpiredError as error:
                    faults.append(error)
                except (BadFileError, GatewayError) as error:
                    faults.append(error)
                    if not error.facts.retryable or len(faults) - before > MOST_LOCATIONS:
                        return None
        except (UnreachableError, GatewayError) as error:
            # Raises if the time limit has passed: further places could not be tried anyway.
            _ = self.gateway.seconds_left
            faults.append(error)
        return None

    def _ways(self, location: AssetLocation, faults: list[TrellisError]) -> Iterator[AssetLocation]:
        """The ways to one file: its link, the link once more if the file was incomplete, then other
        links.
        """
        yield location
        if location.url:
            if not isinstance(faults[-1], LinkExpiredError):
                yield location
            self.context.progress("The download link does not work; asking for another", None)
            origin = self.context.folder.read().origin
            yield from self.gateway.renewed(
                location, origin.job_id, self.context.folder.path, origin.job_urls
            )


def _may_pass(fault: TrellisError) -> bool:
    """Whether the same place may have the model a little later. A download that keeps breaking off
    has used up its attempts already (``gateway.download``).
    """
    if isinstance(fault, UnreachableError):
        return False
    return fault.facts.retryable or isinstance(fault, LinkExpiredError)
