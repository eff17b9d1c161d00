# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a list at the Batch API, one at a time, with signals heard meanwhile.

Shared by ``batch --economy`` and ``resume``. Between two looks nobody holds a part's lock, so any
process may fetch it: whoever comes first writes the records, the others find it gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ..core.cancel import CancelToken
from ..core.errors import (
    AccountError,
    LibraryError,
    LockedError,
    RequestRefusedError,
    TrellisError,
)
from ..core.events import State
from ..core.settings import Settings
from ..engine.economy import Economy
from ..engine.workshop import Workshop
from ..job.batch_answers import Taken
from ..job.batch_part import PREPARED, SENDING, Part, names, read
from ..library.folder import PropFolder
from ..library.library import Library
from ..library.locks import FolderLock
from .exit_codes import AT_GATEWAY, DONE, INTERRUPTED, exit_code
from .output import Output
from .stopping import Signals

T = TypeVar("T")

_STEP_SECONDS: Final = 0.01
_IN_PROGRESS: Final = frozenset({409, 422, 425})
"""What gateways say of an idempotency key whose first request they are still at."""
ELSEWHERE: Final = "It was sent with the Batch API of another gateway, {}"


@dataclass(frozen=True)
class Seen:
    """What a look at one part has found; nothing when it is still being worked on."""

    taken: list[Taken] | None = None
    """The answers are in the records. (Empty: others have fetched them.)"""
    unsent: Part | None = None
    """It never arrived; with ``error`` the gateway refuses it now."""
    error: TrellisError | None = None
    """With ``taken``: why others of a batch that has ended are waited for still."""
    elsewhere: str = ""
    """Why it cannot be asked after from here."""


def patiently(work: Callable[[CancelToken], T], signals: Signals, most: int) -> T:
    """Do something that blocks on the network, broken off by so many signals.

    :raises CancelledError: it was. :raises TrellisError: as the work does.
    """
    token = CancelToken()
    with ThreadPoolExecutor(1, "trellis batches") as pool:
        future = pool.submit(work, token)
        while not wait((future,), _STEP_SECONDS).done:
            if signals.count >= most:
                token.cancel(interrupted=True)
        return future.result()


def until_words(part: Part | None) -> str:
    """``answers until 14:02 tomorrow`` as a date and a time."""
    until = part.until if part else None
    return f"answered until {until:%Y-%m-%d %H:%M}" if until else "answered within 24 hours"


@dataclass
class PartsDesk:
    """Sends parts and looks after them. Main thread only."""

    economy: Economy
    signals: Signals
    _completed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = self.economy.parts
        self._base_url = self.economy.base_url

    def completed(self, keys: Iterable[str]) -> int:
        """How many the gateway said are done, of parts that have not ended."""
        return sum(self._completed.get(key, 0) for key in keys)

    @contextmanager
    def held(self, lock: FolderLock, key: str) -> Iterator[None]:
        """Keep a part's lock alive, and give it back."""
        lock.keep(lambda: None)  # a part in two hands is taken once all the same
        try:
            yield
        finally:
            lock.release()
            if not self.parts.is_there(key):  # one that cannot be read just now is no empty one
                self.parts.drop(key)

    def send(self, part: Part) -> TrellisError | None:
        """Send a part whose lock is held; why the gateway does not have it, or may not."""
        try:
            patiently(lambda token: self.economy.send(part, token), self.signals, 2)
        except TrellisError as error:
            return error
        return None

    def look(self, key: str, props: Sequence[str]) -> Seen:
        """See to one part: send it when that was interrupted, else fetch what is there.

        :param props: those whose records name it, should its folder be lost.
        """
        try:
            part = self.parts.read(key) or self._restored(key, props)
            if part is None:
                return Seen(taken=[])
            if part.base_url != self._base_url:
                return Seen(elsewhere=ELSEWHERE.format(part.base_url))
            with self.held(self.parts.lock(key), key):
                return self._look(key)
        except LockedError:
            return Seen()  # somebody fetches it just now
        except LibraryError as error:
            if self.parts.read(key) is None:
                return Seen()  # gone meanwhile; the next look finds the records
            return Seen(error=error)
        except TrellisError as error:
            return Seen(error=error)

    def _look(self, key: str) -> Seen:
        part = self.parts.read(key)
        if part is None:
            return Seen(taken=[])
        if part.stage == PREPARED:
            self.parts.let_go(part, "was not sent")
            return Seen(unsent=part)
        if part.stage == SENDING:
            if seen := self._send_again(part):
                return seen
            part = self.parts.read(key) or part
        batch = patiently(lambda token: self.economy.look(part, token), self.signals, 1)
        if batch and not batch.ended:
            self._completed[key] = batch.completed
            return Seen()
        found = patiently(lambda token: self.economy.collect(part, batch, token), self.signals, 2)
        return Seen(taken=found.taken, error=found.short)

    def _send_again(self, part: Part) -> Seen | None:
        """Have an interrupted part made, once; what is in the way, if anything.

        A refusal lets the part go only where an earlier try certainly made no batch of it.
        """
        certain = True
        if part.may_be_made:
            certain = patiently(lambda token: self.economy.find(part, token), self.signals, 2)
            found = self.parts.read(part.key)
            if found and found.stage != SENDING:
                return None
        if (error := self.send(part)) is None:
            return None
        refused = isinstance(error, AccountError | RequestRefusedError)
        if refused and certain and error.facts.status not in _IN_PROGRESS:
            return Seen(unsent=part, error=error)
        return Seen(error=error)

    def _restored(self, key: str, props: Sequence[str]) -> Part | None:
        """A part whose folder is lost while records name it."""
        library = self.economy.settings.library
        records = [r for r in (read(PropFolder(library / prop)) for prop in props) if r]
        left = [r for r in records if names(r, key)]
        return self.parts.restored(key, left[0].origin.base_url, left) if left else None


def fetch_parts(workshop: Workshop, settings: Settings, output: Output) -> int:
    """For ``resume``: fetch what the Batch API has answered, of all lists, and wait for nothing.

    What was refused an answer is an unfinished prop afterwards, like any other.

    :returns: an exit code; ``AT_GATEWAY`` when some are still waited for.
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
        desk = PartsDesk(economy, signals)
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
            for taken in seen.taken or ():
                code = _tell(taken, output) or code
            waiting += _left(settings, key, props)
            if seen.elsewhere:
                output.say(seen.elsewhere)
        if signals.count:
            return INTERRUPTED
    if waiting:
        output.json(event="waiting", props=waiting)
        output.say(f"{waiting:,} wait in the Batch API; start resume again later")
    return code or (AT_GATEWAY if waiting else DONE)


def _tell(taken: Taken, output: Output) -> int:
    if taken.facts and taken.kind in ("failed", "account"):
        output.say(f"Error: {taken.prop}: {taken.facts.sentence}")
        return exit_code(taken.facts.kind)
    return DONE


def _named(library: Library) -> dict[str, tuple[str, ...]]:
    """Part -> props, of every record that waits for one."""
    found: dict[str, tuple[str, ...]] = {}
    for folder, record in library.records(lambda _words: None):
        if record.in_batch and record.origin.batch and not record.is_newer:
            key = record.origin.batch.key
            found[key] = (*found.get(key, ()), folder.id)
    return found


def _left(settings: Settings, key: str, props: Sequence[str]) -> int:
    """How many still wait."""
    records = (read(PropFolder(settings.library / prop)) for prop in props)
    return sum(bool(r and names(r, key) and r.state is not State.CANCELLED) for r in records)
