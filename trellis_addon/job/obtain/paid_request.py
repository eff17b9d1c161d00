# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one paid request under its idempotency key, until the gateway has said something about it.

A request that was certainly refused may be sent in another form, and one that is being processed is
waited for. Everything else without an answer leaves something owed (``core.billing_state``), to be
requested again under the same key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...core.billing_state import OWED, Happening, Standing, after
from ...core.errors import CancelledError, GatewayError, TrellisError
from ...core.events import State
from ...core.generation.request import GenerationRequest
from ...gateway.answers.picture_form import PictureForm
from ...gateway.answers.reply import CHAT, Reply
from ...gateway.charge_certainty import happened_to, tell
from ...gateway.client import FIRST_POLL_SECONDS, SLOWEST_POLL_SECONDS, Gateway, refuses_fields
from ...library.disk.free_space import check_space
from ...library.record import Origin
from .context import Context
from .kept_answers import on_disk
from .record_notes import Noting


@dataclass(frozen=True)
class Sending:
    """Sends the paid request of one prop."""

    context: Context
    gateway: Gateway

    @property
    def _notes(self) -> Noting:
        return Noting(self.context.folder)

    def send(self, request: GenerationRequest, endpoint: str, form: PictureForm) -> Reply:
        """Send the request under its key, until the gateway has something to say about it.

        :param form: how several pictures are sent.
        :raises TrellisError: it was refused, or its answer was lost. The record says which.
        """
        check_space(self.context.folder.path)
        self._write_sending(endpoint, form if request.views else None)
        wait = FIRST_POLL_SECONDS
        while True:
            origin = self.context.folder.read().origin
            repeated = origin.standing == Standing.TAKEN
            # One key per endpoint, as the two bodies differ: a key that comes with another body is
            # a conflict (409).
            key = origin.idempotency_key + ("" if endpoint == CHAT else f"-{endpoint}")
            try:
                reply = self.gateway.submit(
                    request, endpoint, key, self.context.folder.path, bare=origin.bare, form=form
                )
            except CancelledError:
                raise
            except (TrellisError, OSError) as error:
                happening = happened_to(error, repeated=repeated)
                self._notes.fault(endpoint, error, happening)
                if happening is Happening.BUSY:
                    self._wait_for_first(wait)
                    wait = min(wait * 1.25, SLOWEST_POLL_SECONDS)
                # Only after a certain refusal, as the body and with it the key change.
                elif self._goes_bare(origin, error, happening):
                    self.context.progress("The model refuses a setting; asking again without", None)
                    self._write_sending(endpoint, form if request.views else None, bare=True)
                else:
                    owed = self.context.folder.read().standing in OWED
                    if owed and isinstance(error, TrellisError):
                        tell(error)
                    raise
            else:
                return self._notes.call(on_disk(self.context.folder.path, reply))

    def _write_sending(
        self, endpoint: str, form: PictureForm | None, *, bare: bool | None = None
    ) -> None:
        """Written before it leaves: a process that dies now leaves a record that says so."""
        record = self.context.folder.read()
        same = record.origin.endpoint == endpoint
        changes: dict[str, Any] = {
            "endpoint": endpoint,
            "bare": (record.origin.bare and same) if bare is None else bare,
            "picture_form": form.value if form else "",
            "standing": after(record.standing, Happening.SENT),
            # Of an earlier answer, whose places did not lead to a model.
            "locations": (),
        }
        origin = record.origin.model_copy(update=changes)
        self.context.go(State.SENDING, f"by the {endpoint} endpoint", origin=origin)
        self.context.progress("Sent to the gateway; this usually takes 30 s to 5 min", None)

    def _wait_for_first(self, seconds: float) -> None:
        """The gateway is at an earlier request with this key: its answer will be repeated."""
        self.context.progress("The gateway is still at this request; asking again", None)
        try:
            left = self.gateway.seconds_left
        except TrellisError as error:
            tell(error)
            raise
        self.context.token.wait(min(seconds, left))

    def _goes_bare(self, origin: Origin, error: Exception, happening: Happening) -> bool:
        """Whether to send the request once more without its settings."""
        refused = happening is Happening.REFUSED and origin.standing != Standing.TAKEN
        return (
            refused
            and not origin.bare
            and isinstance(error, GatewayError)
            and refuses_fields(error)
        )
