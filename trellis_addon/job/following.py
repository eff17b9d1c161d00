# SPDX-License-Identifier: GPL-3.0-or-later
"""A job at the gateway, asked for until its model is named. Faults on the way are waited out: the
job itself goes on, and is charged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..core.cancel import CancelToken
from ..core.errors import (
    GatewayError,
    GatewayFailureError,
    NoModelInAnswerError,
    RateLimitError,
    RequestRefusedError,
    TooSlowError,
    UnreachableError,
)
from ..gateway.client import (
    FIRST_POLL_SECONDS,
    SHORTEST_POLL_SECONDS,
    SLOWEST_POLL_SECONDS,
    Gateway,
)
from ..gateway.lifting import discard
from ..gateway.locations import Trust
from ..gateway.reply import Reply, job_is_done, without_mesh
from ..gateway.wire import WORKING, status_word
from ..library.folder import PropFolder

MOST_UNKNOWN: Final = 3
"""Polls in a row that may say that there is no such job: one that was made a moment ago may not
have reached every server of the gateway's."""


@dataclass(frozen=True)
class Following:
    """Asks for the job of one prop.

    :param ended: told when the job has failed or was cancelled at the gateway.
    """

    folder: PropFolder
    gateway: Gateway
    token: CancelToken
    progress: Callable[[str, float | None], None]
    ended: Callable[[], None]

    def follow(self, first: Reply | None) -> Reply:
        """Poll the job of the record to its end, and give the answer that has the model.

        :param first: the answer that named the job; None: an earlier process had that.
        :raises TrellisError: the job has failed, or cannot be asked for any more.
        """
        wait = FIRST_POLL_SECONDS if first else 0.0
        if first:
            self._is_done(first)  # raises for a job that has failed already
            wait = _told_wait(first, wait)
        steady, unknown = FIRST_POLL_SECONDS, 0
        empty: Reply | None = None
        while True:
            words = "The gateway is done, and has no address of the model yet"
            self.progress(words if empty else "The gateway is working on it", None)
            try:
                self.token.wait(min(wait, self.gateway.seconds_left))
                wait = steady = min(steady * 1.25, SLOWEST_POLL_SECONDS)
                reply = self._poll()
            except TooSlowError as error:
                raise _without_address(empty) if empty else error from None
            except RequestRefusedError as error:
                unknown += 1
                if error.facts.status != 404 or unknown > MOST_UNKNOWN:
                    raise
                continue
            unknown = 0
            if reply is None:
                continue
            wait = _told_wait(reply, wait)
            done = self._is_done(reply)
            if has_model(reply, done=done):
                return reply
            if done and reply.answer.filtered:
                raise without_mesh(reply)
            empty = reply if done else None
            discard(reply.body.payloads)

    def _is_done(self, reply: Reply) -> bool:
        """Whether the job has its result. One that has ended without is no way to go on: it
        would give the same answer for ever.
        """
        try:
            return job_is_done(reply)
        except GatewayError:
            self.ended()
            raise

    def _poll(self) -> Reply | None:
        origin = self.folder.read().origin
        try:
            return self.gateway.poll(
                origin.job_id, self.folder.path, origin.job_urls, origin.endpoint
            )
        except (RateLimitError, UnreachableError, GatewayFailureError) as error:
            if not error.facts.retryable:
                raise
            # One silent poll is waited out like any other fault; the limit of the whole is not.
            _ = self.gateway.seconds_left
            self.progress(f"{error.facts.message}; asking again", None)
            return None


def has_model(reply: Reply, *, done: bool) -> bool:
    """Whether the answer to a poll brings the model, or says where it is."""
    assets = reply.answer.assets
    if done:
        return bool(assets)
    # Of a job that is at work the record may name its file already, which is not there yet.
    most = Trust.BYTES if status_word(reply.answer.job_status) in WORKING else Trust.FIELD
    return any(asset.trust <= most for asset in assets)


def _without_address(reply: Reply) -> NoModelInAnswerError:
    """For a job that is called done as long as it was asked for, without a model."""
    return NoModelInAnswerError(
        "The gateway calls the job done, and there is no model in its answer",
        "It may have been charged: resume the prop later, which asks for the same job",
        status=reply.status,
        request_id=reply.request_id,
    )


def _told_wait(reply: Reply, otherwise: float) -> float:
    if reply.poll_after is None:
        return otherwise
    return max(reply.poll_after, SHORTEST_POLL_SECONDS)
