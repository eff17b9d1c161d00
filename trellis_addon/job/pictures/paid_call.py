# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one paid call for pictures under its idempotency key, until the gateway has said something
about it.

It follows ``obtain.paid_request``: what was certainly refused may be sent in another form, what is
being processed is waited for, and everything else without an answer leaves something owed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...core.billing_state import OWED, Happening, Standing
from ...core.cancel import CancelToken
from ...core.errors import CancelledError, GatewayError, TrellisError
from ...gateway.answers.picture_answer import PictureAnswer
from ...gateway.charge_certainty import PICTURES_MAY_BE_CHARGED, happened_to, tell
from ...gateway.client import FIRST_POLL_SECONDS, SLOWEST_POLL_SECONDS, refuses_fields
from ...gateway.http.transport import Transport
from ...gateway.picture_endpoint import PictureEndpoint, refuses_form
from ...library.disk.free_space import check_space
from ...library.picture_record import PictureCall
from ...library.pictures.picture_set import PictureSet
from .call_notes import CallNotes


@dataclass(frozen=True)
class PaidCall:
    """Sends the calls of one set."""

    folder: PictureSet
    endpoint: PictureEndpoint
    line: Transport
    token: CancelToken
    say: Callable[[str], None]

    @property
    def _notes(self) -> CallNotes:
        return CallNotes(self.folder)

    def answered(self, call: PictureCall) -> PictureCall:
        """Send a call, in an easier form if the model refuses this one, until it is answered.

        :raises TrellisError: it was refused, or its answer was lost. The record says which.
        """
        if call.standing is Standing.JOB:
            return call
        check_space(self.folder.path)
        request = self.folder.request()
        wait, split = FIRST_POLL_SECONDS, False
        while True:
            repeated = call.standing is Standing.TAKEN
            call = self._notes.sent(call)
            self.say("Sent to the gateway; pictures usually take some seconds")
            try:
                answer = self.endpoint.ask(
                    request, call.count, call.key, self.folder.path, bare=call.bare
                )
            except CancelledError:
                raise
            except (TrellisError, OSError) as error:
                happening = happened_to(error, repeated=repeated)
                call = self._notes.failed(call, error, happening)
                if happening is Happening.BUSY:
                    self._pause("The gateway is still at this request; asking again", wait)
                    wait = min(wait * 1.25, SLOWEST_POLL_SECONDS)
                elif easier := self._easier(call, error):
                    split = split or easier.count < call.count
                    call = easier
                else:
                    if call.standing is Standing.NOTHING and split:
                        self.folder.update(one_each=False)  # it was not about the number
                    if call.standing in OWED and isinstance(error, TrellisError):
                        tell(error, PICTURES_MAY_BE_CHARGED)
                    raise
            else:
                return self._understood(call, answer)

    def _understood(self, call: PictureCall, answer: PictureAnswer) -> PictureCall:
        call = self._notes.answered(call, answer)
        try:
            answer.check()
        except GatewayError as error:
            if call.standing in OWED:
                tell(error, PICTURES_MAY_BE_CHARGED)
            raise
        return call

    def _easier(self, call: PictureCall, error: Exception) -> PictureCall | None:
        """The call for the same in a form that more models take; None if there is none, or if this
        one may have been accepted: the form changes the key.
        """
        refused = call.standing is Standing.NOTHING and isinstance(error, GatewayError)
        if not refused or not isinstance(error, GatewayError) or not refuses_form(error):
            return None
        if call.count > 1:
            self.say("The model refuses several pictures at once; asking for one after another")
            self.folder.update(one_each=True)
            return self._notes.planned(call.first, 1, bare=call.bare)
        if not call.bare and refuses_fields(error):
            self.say("The model refuses a setting; asking again without")
            return self._notes.planned(call.first, 1, bare=True)
        return None

    def followed(self, call: PictureCall) -> PictureCall:
        """Poll the job that makes the pictures, until they are named.

        :raises TrellisError: the job has failed, or cannot be asked for.
        """
        wait = FIRST_POLL_SECONDS
        while True:
            answer = self.endpoint.poll(call.job_id, call.job_urls, self.folder.path)
            if answer.places:
                return self._notes.answered(call, answer)
            try:
                answer.check()
            except GatewayError as error:
                if answer.job.can_be_followed:
                    self._notes.ended(call, error)
                raise
            self._pause("The gateway is making the pictures", wait)
            wait = min(wait * 1.25, SLOWEST_POLL_SECONDS)

    def _pause(self, text: str, seconds: float) -> None:
        self.say(text)
        try:
            left = self.line.seconds_left
        except TrellisError as error:
            tell(error, PICTURES_MAY_BE_CHARGED)
            raise
        self.token.wait(min(seconds, left))
