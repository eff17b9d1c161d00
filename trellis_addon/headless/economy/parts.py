# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends and fetches the parts of a list at the Batch API, one at a time, interruptible by signals.

``batch --economy`` and ``resume`` share this module. Between two checks, no process holds a part's
lock, so that any of them may fetch it: the first one writes the records, and the others find that
the part is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ...core.cancel import CancelToken
from ...core.errors import (
    AccountError,
    LibraryError,
    LockedError,
    RequestRefusedError,
    TrellisError,
)
from ...core.events import State
from ...core.settings import Settings
from ...engine.batch_api import BatchApi
from ...engine.job_factory import JobFactory
from ...job.batch_api.answers import AnswerOutcome
from ...job.batch_api.part import PREPARED, SENDING, Part, names, read
from ...library.folder_lock import FolderLock
from ...library.library import Library
from ...library.prop_folder import PropFolder
from ..console.exit_codes import AT_GATEWAY, DONE, INTERRUPTED, exit_code
from ..console.output import Output
from ..console.signals import Signals
from ..contract.batch_events import BatchApiWaitingEvent

T = TypeVar("T")

_STEP_SECONDS: Final = 0.01
_IN_PROGRESS: Final = frozenset({409, 422, 425})
"""The statuses for an idempotency key whose first request the gateway is still processing."""
ELSEWHERE: Final = "It was sent with the Batch API of another gateway, {}"


@dataclass(frozen=True)
class PartStatus:
    """The result of checking one part; all fields are empty while the gateway is working on it."""

    taken: list[AnswerOutcome] | None = None
    """The answers that have been written into the records; empty if another process did that."""
    unsent: Part | None = None
    """The part if it never arrived. With ``error``, the gateway refuses it."""
    error: TrellisError | None = None
    """Why the check failed; with ``taken``, why other answers of an ended batch are missing."""
    elsewhere: str = ""
    """Why this part cannot be checked with the current settings."""


def interruptibly(work: Callable[[CancelToken], T], signals: Signals, most: int) -> T:
    """Do something that blocks on the network, on a thread, so that signals can cancel it.

    :param most: the number of signals that cancel it.
    :raises CancelledError: it was cancelled.
    :raises TrellisError: whatever the work raises.
    """
    token = CancelToken()
    with ThreadPoolExecutor(1, "trellis batches") as pool:
        future = pool.submit(work, token)
        # In short steps, so that the main thread notices signals.
        while not wait((future,), _STEP_SECONDS).done:
            if signals.count >= most:
                token.cancel(interrupted=True)
        return future.result()


def until_words(part: Part | None) -> str:
    """When a part will be answered, as a text with a date and a time."""
    until = part.until if part else None
    return f"answered until {until:%Y-%m-%d %H:%M}" if until else "answered within 24 hours"


@dataclass
class PartsClient:
    """Sends and checks parts. Main thread only."""

    economy: BatchApi
    signals: Signals
    _completed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = self.economy.parts
        self._base_url = self.economy.base_url

    def completed(self, keys: Iterable[str]) -> int:
        """The number of requests that the gateway has done, in those parts that have not ended."""
        return sum(self._completed.get(key, 0) for key in keys)

    @contextmanager
    def held(self, lock: FolderLock, key: str) -> Iterator[None]:
        """Keep a part's lock alive, and release it at the end."""
        # Losing it has no consequences, as each answer is only processed once.
        lock.keep(lambda: None)
        try:
            yield
        finally:
            lock.release()
            # Not read(): a part that cannot be read at the moment must not be dropped.
            if not self.parts.is_there(key):
                self.parts.drop(key)

    def send(self, part: Part) -> TrellisError | None:
        """Send a part whose lock is held.

        :returns: None, or why the gateway has not accepted it, or may not have.
        """
        # Two signals: after the first one, a request that may cost money is still finished.
        try:
            interruptibly(lambda token: self.economy.send(part, token), self.signals, 2)
        except TrellisError as error:
            return error
        return None

    def look(self, key: str, props: Sequence[str]) -> PartStatus:
        """Check one part: send it if that was interrupted, or else fetch its answers.

        :param props: the props whose records name it, from which a lost folder is restored.
        """
        try:
            part = self.parts.read(key) or self._restored(key, props)
            if part is None:
                return PartStatus(taken=[])
            if part.base_url != self._base_url:
                return PartStatus(elsewhere=ELSEWHERE.format(part.base_url))
            with self.held(self.parts.lock(key), key):
                return self._check_part(key)
        except LockedError:
            return PartStatus()  # another process is fetching it
        except LibraryError as error:
            if self.parts.read(key) is None:
                return PartStatus()  # just fetched elsewhere; the next check finds the records
            return PartStatus(error=error)
        except TrellisError as error:
            return PartStatus(error=error)

    def _check_part(self, key: str) -> PartStatus:
        part = self.parts.read(key)
        if part is None:
            return PartStatus(taken=[])
        # Nothing has been sent in this stage, so that the items can be sent in another part.
        if part.stage == PREPARED:
            self.parts.let_go(part, "was not sent")
            return PartStatus(unsent=part)
        if part.stage == SENDING:
            if seen := self._send_again(part):
                return seen
            part = self.parts.read(key) or part
        batch = interruptibly(lambda token: self.economy.look(part, token), self.signals, 1)
        if batch and not batch.ended:
            self._completed[key] = batch.completed
            return PartStatus()
        found = interruptibly(
            lambda token: self.economy.collect(part, batch, token), self.signals, 2
        )
        return PartStatus(taken=found.taken, error=found.short)

    def _send_again(self, part: Part) -> PartStatus | None:
        """Send an interrupted part again, without paying for it twice.

        After a refusal, the part is only given up if an earlier try has certainly made no batch.

        :returns: None if the gateway has it, or else why not.
        """
        certain = True
        if part.may_be_made:
            certain = interruptibly(lambda token: self.economy.find(part, token), self.signals, 2)
            found = self.parts.read(part.key)
            if found and found.stage != SENDING:
                return None
        if (error := self.send(part)) is None:
            return None
        refused = isinstance(error, AccountError | RequestRefusedError)
        if refused and certain and error.facts.status not in _IN_PROGRESS:
            return PartStatus(unsent=part, error=error)
        return PartStatus(error=error)

    def _restored(self, key: str, props: Sequence[str]) -> Part | None:
        """Restore a part from the records that name it, if its folder is lost."""
        library = self.economy.settings.library
        records = [r for r in (read(PropFolder(library / prop)) for prop in props) if r]
        left = [r for r in records if names(r, key)]
        return self.parts.restored(key, left[0].origin.base_url, left) if left else None


def fetch_parts(workshop: JobFactory, settings: Settings, output: Output) -> int:
    """Fetch the answers of the Batch API for all lists, without waiting for others. For ``resume``.

    A prop whose request was refused becomes an unfinished prop like any other.

    :returns: the exit code; ``AT_GATEWAY`` if some answers are missing yet.
    """
    found = _named(Library(settings.library))
    if not found:
        return DONE
    code = DONE
    waiting = 0
    try:
        economy = workshop.economy(settings)
    except TrellisError as error:
        output.error(error.facts)
        return exit_code(error.kind)
    with Signals() as signals:
        desk = PartsClient(economy, signals)
        desk.parts.tidy()
        for key, props in found.items():
            if signals.count:
                return INTERRUPTED
            seen = desk.look(key, props)
            if seen.unsent and seen.error:
                desk.parts.let_go(seen.unsent, seen.error.facts.message)
            if seen.error:
                output.error(seen.error.facts)
                code = code or exit_code(seen.error.kind)
            # An answered prop is resumed by the command after this, which then reports its end.
            for taken in seen.taken or ():
                code = _tell(taken, output) or code
            waiting += _left(settings, key, props)
            if seen.elsewhere:
                output.say(seen.elsewhere)
        if signals.count:
            return INTERRUPTED
    if waiting:
        desk_done = desk.completed(found)
        output.json(
            BatchApiWaitingEvent(props=waiting, parts=len(found), done=desk_done, until=None)
        )
        output.say(f"{waiting:,} wait in the Batch API; start resume again later")
    return code or (AT_GATEWAY if waiting else DONE)


def _tell(taken: AnswerOutcome, output: Output) -> int:
    if taken.facts and taken.kind in ("failed", "account"):
        output.say(f"Error: {taken.prop}: {taken.facts.command_sentence}")
        return exit_code(taken.facts.kind)
    return DONE


def _named(library: Library) -> dict[str, tuple[str, ...]]:
    """The ids of the props that wait for each part, by the part's key, from all records."""
    found: dict[str, tuple[str, ...]] = {}
    for folder, record in library.records(lambda _words: None):
        if record.in_batch and record.origin.batch and not record.is_newer:
            key = record.origin.batch.key
            found[key] = (*found.get(key, ()), folder.id)
    return found


def _left(settings: Settings, key: str, props: Sequence[str]) -> int:
    """The number of props that still wait for a part."""
    records = (read(PropFolder(settings.library / prop)) for prop in props)
    return sum(bool(r and names(r, key) and r.state is not State.CANCELLED) for r in records)
