# SPDX-License-Identifier: GPL-3.0-or-later
"""One paid request under its key, until the gateway has said something of it.

What is certainly refused may be sent otherwise; what is busy is waited for; everything else that
is no answer leaves the prop owed (``core.standing``), to be asked for again under the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ..core.cancel import CancelToken
from ..core.errors import CancelledError, GatewayError, TrellisError
from ..core.events import State
from ..core.request import GenerationRequest
from ..core.standing import OWED, Happening, Standing, after
from ..gateway.client import FIRST_POLL_SECONDS, SLOWEST_POLL_SECONDS, Gateway, refuses_fields
from ..gateway.reply import CHAT, Reply
from ..gateway.taken import happened_to, tell
from ..library.folder import PropFolder
from ..library.record import Origin, PropRecord
from ..library.space import check_space
from .keeping import on_disk
from .noting import Noting


class Go(Protocol):
    """Write a state down and tell it."""

    def __call__(self, state: State, note: str = "", **changes: object) -> PropRecord:
        """Gives the record as it is then."""


@dataclass(frozen=True)
class Sending:
    """Sends the paid request of one prop. ``progress`` takes a text and a fraction or None."""

    folder: PropFolder
    gateway: Gateway
    token: CancelToken
    go: Go
    progress: Callable[[str, float | None], None]

    @property
    def _notes(self) -> Noting:
        return Noting(self.folder)

    def send(self, request: GenerationRequest, endpoint: str) -> Reply:
        """Send it under its key, until the gateway has something to say of it.

        :raises TrellisError: it was refused, or its answer was lost; the record says which.
        """
        check_space(self.folder.path)
        self._write_sending(endpoint)
        wait = FIRST_POLL_SECONDS
        while True:
            origin = self.folder.read().origin
            repeated = origin.standing == Standing.TAKEN
            key = origin.idempotency_key + ("" if endpoint == CHAT else f"-{endpoint}")
            try:
                reply = self.gateway.submit(
                    request, endpoint, key, self.folder.path, bare=origin.bare
                )
            except CancelledError:
                raise
            except (TrellisError, OSError) as error:
                happening = happened_to(error, repeated=repeated)
                self._notes.fault(endpoint, error, happening)
                if happening is Happening.BUSY:
                    self._wait_for_first(wait)
                    wait = min(wait * 1.25, SLOWEST_POLL_SECONDS)
                elif self._goes_bare(origin, error, happening):
                    self.progress("The model refuses a setting; asking again without", None)
                    self._write_sending(endpoint, bare=True)
                else:
                    owed = self.folder.read().standing in OWED
                    if owed and isinstance(error, TrellisError):
                        tell(error)
                    raise
            else:
                return self._notes.call(on_disk(self.folder.path, reply))

    def _write_sending(self, endpoint: str, *, bare: bool | None = None) -> None:
        """Written before it leaves: a process that dies now leaves a record that says so."""
        record = self.folder.read()
        same = record.origin.endpoint == endpoint
        changes: dict[str, Any] = {
            "endpoint": endpoint,
            "bare": (record.origin.bare and same) if bare is None else bare,
            "standing": after(record.standing, Happening.SENT),
            "locations": (),
        }
        origin = record.origin.model_copy(update=changes)
        self.go(State.SENDING, f"by the {endpoint} endpoint", origin=origin)
        self.progress("Sent to the gateway; this usually takes 30 s to 5 min", None)

    def _wait_for_first(self, seconds: float) -> None:
        """The gateway is at an earlier request with this key: its answer will be repeated."""
        self.progress("The gateway is still at this request; asking again", None)
        try:
            left = self.gateway.seconds_left
        except TrellisError as error:
            tell(error)
            raise
        self.token.wait(min(seconds, left))

    def _goes_bare(self, origin: Origin, error: Exception, happening: Happening) -> bool:
        """Whether the request is to be sent once more without its settings."""
        refused = happening is Happening.REFUSED and origin.standing != Standing.TAKEN
        return (
            refused
            and not origin.bare
            and isinstance(error, GatewayError)
            and refuses_fields(error)
        )
