# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the account's facts: balance, last costs, models, library, and the connection test.

There is one object, created in ``register``. Its tasks (network and disk) run on threads, which get
plain values and return frozen facts through a queue. A timer receives these, and is off while there
is no task. Panels only read from here.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, TypeAlias

from ...core.cancel import CancelToken
from ...core.cost import Costs
from ...core.errors import CancelledError, ErrorFacts, InternalError, TrellisError
from ...core.identity import ADDON_ID, root
from ..common.background_owner import BackgroundOwner
from ..common.redraw import redraw_account

if TYPE_CHECKING:
    from ...core.account import Balance, Check, Fact, LibraryFacts, Models, PictureModels
    from ...core.secret import Secret
    from ...core.settings import GatewaySettings, Settings
    from ...library.record import PropRecord

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.1

TEST: Final = "connection test"
BALANCE: Final = "balance"
MODELS: Final = "models"
PICTURE_MODELS: Final = "picture models"
LIBRARY: Final = "library"

Work: TypeAlias = "Callable[[CancelToken], Iterator[Fact]]"


# A named tuple, as others in ui are: dataclasses take longer to define, at every start of Blender.
class Errand(NamedTuple):
    """A task that is running on a thread."""

    name: str
    token: CancelToken
    thread: threading.Thread
    facts: queue.SimpleQueue[Fact | None]
    """The results; None marks the end."""


class Account(BackgroundOwner):
    """The account's facts, and the tasks that ask for them. Main thread only, except the functions
    of the tasks.
    """

    current: ClassVar[Account | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.balance: Balance | None = None
        self.costs = Costs()
        self.models: Models | None = None
        self.picture_models: PictureModels | None = None
        self.library: LibraryFacts | None = None
        self.picture_forms: Mapping[str, str] = {}
        """How models take reference images, by their names."""
        self.checks: tuple[Check, ...] = ()
        self.troubles: dict[str, ErrorFacts] = {}
        self.welcome = False
        """Whether something was missing, so that the checklist stays until the user has read it."""
        self.first_run = False
        """Whether the checklist was drawn the last time."""
        self._balance_of: tuple[str, Secret] | None = None
        self._noticed: tuple[str, Secret] | None = None
        """The gateway and key whose answers are shown."""
        self._wanted: Path | None = None
        self._errands: dict[str, Errand] = {}

    # --- what panels read

    def busy(self, name: str) -> bool:
        """Whether a task of this name is running."""
        return name in self._errands

    @property
    def works(self) -> bool | None:
        """The result of the last connection test; None if there is none, or it is running."""
        if not self.checks or self.busy(TEST):
            return None
        return all(check.verdict != "fault" for check in self.checks)

    def balance_for(self, settings: Settings) -> Balance | None:
        """The balance, if it is for this gateway and key."""
        return self.balance if self._balance_of == _account(settings) else None

    def notice(self, settings: Settings) -> None:
        """Examine the library if it has changed, and forget the answers of another gateway or key.

        Panels call this while drawing, so it only starts the timer, which starts the task.
        """
        who = _account(settings)
        if self._noticed not in (None, who):
            self._forget_gateway()
        self._noticed = who
        if self._wanted != settings.library:
            self._wanted = settings.library
            self.start_timer(TICK_SECONDS)

    def _forget_gateway(self) -> None:
        """Forget everything that a gateway has answered, as it may differ for another gateway or
        key.
        """
        self.checks, self.models, self.picture_forms = (), None, {}
        self.picture_models = None
        for name in (TEST, MODELS, PICTURE_MODELS, BALANCE):
            self.troubles.pop(name, None)
            if errand := self._errands.pop(name, None):
                errand.token.cancel()

    # --- tasks

    def test_connection(self, settings: Settings, model: str) -> None:
        """Start the connection test, which is free of charge. Does not block."""
        from ...engine.health_check import examine

        self.checks, self._noticed = (), _account(settings)
        self._balance_of = _account(settings)
        self._start(TEST, lambda token: examine(settings, model, token))

    def refresh_models(self, settings: Settings) -> None:
        """Start asking for the list of models. Does not block."""
        from ...engine.health_check import ask_models

        self._start(MODELS, lambda token: ask_models(settings, token))

    def refresh_picture_models(self, settings: Settings) -> None:
        """Start asking for the list of image models. Does not block."""
        from ...engine.picture_models import ask_picture_models

        self._start(PICTURE_MODELS, lambda token: ask_picture_models(settings, token))

    def refresh_balance(self, settings: Settings) -> None:
        """Start asking for the balance, if the network may be used. Does not block."""
        from ...engine.health_check import ask_balance
        from ...engine.preflight import obstacle

        if obstacle(settings) is None:
            self._balance_of = _account(settings)
            self._start(BALANCE, lambda token: ask_balance(settings, token))

    def look_at_library(self, settings: Settings) -> None:
        """Start examining the library's folder and the costs of its props. Does not block."""
        self._wanted = path = settings.library
        installed = root() if ADDON_ID.startswith("bl_ext.") else None
        gateway = settings.gateway

        def look(_token: CancelToken) -> Iterator[Fact]:
            yield from _look(path, installed)
            yield from _picture_forms(path, gateway)

        self._start(LIBRARY, look)

    def after_generation(self, settings: Settings, *, paid: bool = True) -> None:
        """Refresh the facts that a job has changed.

        :param paid: whether it may have cost something, so that the balance has changed, too.
        """
        self.look_at_library(settings)
        if paid:
            self.refresh_balance(settings)

    def wait(self) -> None:
        """Block until every task has ended. For background mode, where timers never run."""
        for errand in list(self._errands.values()):
            while (fact := errand.facts.get()) is not None:
                self._store_fact(errand, fact)
            self._join(errand)

    def close(self) -> None:
        """Cancel the tasks and ignore their results."""
        self.stop_timer()
        # All are cancelled before the first is waited for, so that they end at the same time.
        for errand in self._errands.values():
            errand.token.cancel()
        for errand in self._errands.values():
            errand.thread.join(3.0)
        self._errands.clear()

    def _start(self, name: str, work: Work) -> None:
        # Each task has its own queue, so that a cancelled one can no longer report anything.
        if before := self._errands.pop(name, None):
            before.token.cancel()
        token = CancelToken()
        facts: queue.SimpleQueue[Fact | None] = queue.SimpleQueue()
        # A daemon, as a gateway that does not answer must not keep Blender from quitting.
        thread = threading.Thread(
            target=_run, args=(name, work, token, facts), name=f"trellis {name}", daemon=True
        )
        self.troubles.pop(name, None)
        self._errands[name] = Errand(name, token, thread, facts)
        thread.start()
        self.start_timer(TICK_SECONDS)
        redraw_account()

    def _tick(self) -> float | None:
        looked_at = self.library.path if self.library else None
        if self._wanted not in (None, looked_at) and not self.busy(LIBRARY):
            self._look_at_wanted()
        changed = False
        for errand in list(self._errands.values()):
            while not errand.facts.empty():
                fact = errand.facts.get()
                changed = True
                if fact is None:
                    self._join(errand)
                else:
                    self._store_fact(errand, fact)
        if changed:
            redraw_account()
        return TICK_SECONDS if self._errands else None

    def _look_at_wanted(self) -> None:
        from ...preferences import read_settings

        self.look_at_library(read_settings())

    def _join(self, errand: Errand) -> None:
        errand.thread.join(1.0)
        if self._errands.get(errand.name) is errand:
            del self._errands[errand.name]
            # If everything is in order, the checklist closes by itself; a note should be read.
            if errand.name == TEST and {check.verdict for check in self.checks} == {"ok"}:
                self.welcome = False

    def _store_fact(self, errand: Errand, fact: Fact) -> None:
        from ...core.account import (
            Balance,
            Check,
            LibraryFacts,
            Models,
            PictureForms,
            PictureModels,
            Trouble,
        )

        match fact:
            case Check():
                self.checks = (*self.checks, fact)
            case Balance():
                self.balance = fact
            case Models():
                self.models = fact
            case PictureModels():
                self.picture_models = fact
            case Costs():
                self.costs = fact
            case LibraryFacts():
                self.library = fact
            case PictureForms(by_model=by_model):
                self.picture_forms = by_model
            case Trouble(error=error):
                self.troubles[errand.name] = error


def _account(settings: Settings) -> tuple[str, Secret]:
    return settings.gateway.base_url, settings.gateway.key


def _run(name: str, work: Work, token: CancelToken, facts: queue.SimpleQueue[Fact | None]) -> None:
    """Run a task on its thread. The last thing in the queue is always None."""
    from ...core.account import Trouble

    try:
        for fact in work(token):
            facts.put(fact)
    except CancelledError:
        log.debug("the errand is cancelled: %s", name)
    except TrellisError as error:
        log.info("%s: %s %s", name, error.facts.message, error.facts.detail)
        facts.put(Trouble(name, error.facts))
    except Exception as error:
        log.exception("the errand failed: %s", name)
        wrong = InternalError("Something went wrong in Trellis Props", detail=repr(error))
        facts.put(Trouble(name, wrong.facts))
    finally:
        facts.put(None)


def _look(path: Path, installed: Path | None) -> Iterator[Fact]:
    from ...engine.job_factory import load_libraries
    from ...library.cost_ledger import Ledger
    from ...library.folder_check import look_at

    facts = look_at(path, installed)
    yield facts
    ledger = Ledger(path)
    if facts.props and not ledger.exists:
        try:
            ledger.begin(_records(path))
        except OSError as error:
            log.info("the costs of the library cannot be written down: %s", error)
    yield ledger.costs()
    # On this thread, so that the first click on Generate does not have to wait for these imports,
    # which take 60 to 80 ms, or 260 ms the first time (measured).
    try:
        load_libraries()
    except InternalError as error:
        log.info("%s: %s", error.facts.message, error.facts.detail)  # the first job reports it


def _picture_forms(path: Path, gateway: GatewaySettings) -> Iterator[Fact]:
    """What the library remembers of the models' schemas. The gateway is not asked."""
    from ...core.account import PictureForms
    from ...gateway.answers.picture_form import REMEMBERED
    from ...gateway.http.address import Address
    from ...library.day_cache import DayCache

    try:
        address = Address.of(gateway)
    except TrellisError as error:
        log.info("%s", error.facts.message)  # the job will report it
        return
    yield PictureForms(DayCache(path).recall_all(f"{address.base_url} ", REMEMBERED))


def _records(path: Path) -> Iterator[PropRecord]:
    """Every readable record. Damaged ones are left to ``resume``, which repairs them."""
    from ...library.library import Library

    for folder in Library(path).folders():
        try:
            yield folder.read()
        except TrellisError as error:
            log.info("%s", error.facts.message)
