# SPDX-License-Identifier: GPL-3.0-or-later
"""Polls a job at the gateway until its model is named. Faults of single polls are waited out, as
the job itself goes on and is charged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...core.errors import (
    GatewayError,
    GatewayFailureError,
    NoModelInAnswerError,
    RateLimitError,
    RequestRefusedError,
    TooSlowError,
    UnreachableError,
)
from ...gateway.answers.asset_locations import Trust
from ...gateway.answers.reply import Reply, job_is_done, without_mesh
from ...gateway.answers.wire import WORKING, status_word
from ...gateway.client import (
    FIRST_POLL_SECONDS,
    SHORTEST_POLL_SECONDS,
    SLOWEST_POLL_SECONDS,
    Gateway,
)
from ...gateway.http.base64_extraction import discard
from .context import Context

MOST_UNKNOWN: Final = 3
"""The number of consecutive polls that may say that there is no such job: a new job may not be
known to all of the gateway's servers yet."""


@dataclass(frozen=True)
class Following:
    """Polls the job of one prop.

    :param ended: called when the job has failed or was cancelled at the gateway.
    """

    context: Context
    gateway: Gateway
    ended: Callable[[], None]

    def follow(self, first: Reply | None) -> Reply:
        """Poll the record's job to its end, and return the answer that has the model.

        :param first: the answer that named the job; None if an earlier process had it.
        :raises TrellisError: the job has failed, or can no longer be polled.
        """
        # A resumed job may be done for hours, so it is polled at once.
        wait = FIRST_POLL_SECONDS if first else 0.0
        if first:
            self._is_done(first)  # raises for a job that has failed already
            wait = _told_wait(first, wait)
        steady, unknown = FIRST_POLL_SECONDS, 0
        empty: Reply | None = None
        while True:
            words = "The gateway is done, and has no address of the model yet"
            self.context.progress(words if empty else "The gateway is working on it", None)
            try:
                self.context.token.wait(min(wait, self.gateway.seconds_left))
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
            # Some hosts call a filtered job done; waiting would not bring a model.
            if done and reply.answer.filtered:
                raise without_mesh(reply)
            empty = reply if done else None
            discard(reply.body.payloads)

    def _is_done(self, reply: Reply) -> bool:
        """Whether the job has its result. If it has ended without one, that is recorded, as polling
        it would give the same answer forever.
        """
        try:
            return job_is_done(reply)
        except GatewayError:
            self.ended()
            raise

    def _poll(self) -> Reply | None:
        origin = self.context.folder.read().origin
        try:
            return self.gateway.poll(
                origin.job_id, self.context.folder.path, origin.job_urls, origin.endpoint
            )
        except (RateLimitError, UnreachableError, GatewayFailureError) as error:
            if not error.facts.retryable:
                raise
            # A poll that timed out is waited out like any other fault, but not the time limit of
            # the whole generation.
            _ = self.gateway.seconds_left
            self.context.progress(f"{error.facts.message}; asking again", None)
            return None


def has_model(reply: Reply, *, done: bool) -> bool:
    """Whether the answer to a poll contains the model, or says where it is."""
    assets = reply.answer.assets
    if done:
        return bool(assets)
    # The record of a running job may already name its file, which does not exist yet.
    most = Trust.BYTES if status_word(reply.answer.job_status) in WORKING else Trust.FIELD
    return any(asset.trust <= most for asset in assets)


def _without_address(reply: Reply) -> NoModelInAnswerError:
    """Make the error for a job that was called done in every poll, but never had a model."""
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
