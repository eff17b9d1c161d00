# SPDX-License-Identifier: GPL-3.0-or-later
"""Begins an item of a batch: with a new job, with the prop of an earlier run, or not at all."""

from __future__ import annotations

from contextlib import suppress

from ...core.errors import LockedError, TrellisError
from ...core.events import State
from ...library.claims.claim import Claim
from ...library.folder_lock import FolderLock
from ...library.prop_folder import PropFolder
from ...library.record import PropRecord
from ..prompts.prompt_list import PromptItem
from ..report.waiting_elsewhere import IN_BATCH
from .earlier_tries import call_off, drop_failed, owed, record_of, unreadable, usable
from .held_items import HeldItem
from .state import BatchState, Running


def begin(item: PromptItem, state: BatchState) -> Running | None:
    """Claim an item and create its job, without starting it.

    :returns: None if the item is skipped, has failed or stops the run, which has been reported; or
        if another process is making it.
    """
    claims = state.context.claims
    try:
        claim = claims.take(item.key, again=state.context.limits.force)
        if claim is None:
            entry = claims.entry(item.key)
            prop = (entry and entry.prop) or ""
            if entry and entry.done:
                state.skip(item, prop)
            else:
                state.held(HeldItem(item, prop))
            return None
    except TrellisError as error:
        state.halt(error.facts)
        state.left += 1
        return None
    running = None
    try:
        running = _prepared(item, claim, state)
    except LockedError as error:
        state.held(HeldItem(item, claim.prop or "", error.facts.message))
    except TrellisError as error:
        state.halt(error.facts)
        state.left += 1
    finally:
        # A running item keeps its claim until its job has ended.
        if running is None:
            claim.release()
    return running


def _prepared(item: PromptItem, claim: Claim, state: BatchState) -> Running | None:
    """The job of an item whose claim is held; None if there is nothing to make."""
    if not claim.prop:
        return _new(item, claim, state)
    folder, force = state.context.folder(claim.prop), state.context.limits.force
    # This comes before everything else: a second request would be paid for as well.
    known = record_of(folder)
    if known and known.in_batch:
        state.skip(item, claim.prop, IN_BATCH)
        return None
    if fault := unreadable(folder):
        state.refuse(item, claim.prop, fault.facts)
        return None
    if found := usable(folder, force=force):
        return _further(item, claim, found, state)
    if not force and (fault := owed(folder)):
        # It may have been charged, so the user decides whether to pay again.
        state.refuse(item, claim.prop, fault.facts)
        return None
    return _new(item, claim, state)


def _further(
    item: PromptItem, claim: Claim, found: tuple[PropFolder, PropRecord], state: BatchState
) -> Running | None:
    """Continue a prop that an earlier run has begun; None if it is ready, with its
    picture and proxy.
    """
    folder, record = found
    if record.state is State.READY and not record.is_incomplete:
        with suppress(LockedError):
            # The process that made it may have died while writing; acquiring its lock removes what
            # that has left.
            FolderLock.acquire(folder.path).release()
        claim.done()
        state.skip(item, folder.id)
        return None
    job = state.context.workshop.resume(folder, state.context.settings)
    asking = not folder.holds(record, record.model_file)
    return Running(item, claim, job, folder, record.cost_cents or 0.0, asking)


def _new(item: PromptItem, claim: Claim, state: BatchState) -> Running:
    context = state.context
    job = context.workshop.generate(item.request, context.settings, item.finishing)
    earlier = claim.prop
    # The claim names the prop before anything is sent, so that the next run finds it.
    try:
        claim.begin(job.prop_id)
    except TrellisError:
        call_off(job)
        raise
    # Only now, as the claim must always name an existing folder.
    if earlier:
        drop_failed(context.settings.library, earlier)
    folder = context.folder(job.prop_id)
    context.begun(item, folder)
    return Running(item, claim, job, folder, before=0.0, asking=True)
