# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the account: balance, last costs, models, the library, the connection test.

One object, made in ``register``. Its errands (network and disk) run on threads that get plain
values and give frozen facts; a timer takes them over and is off while there is no errand. Panels
only read what is here.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, TypeAlias

import bpy

from ..core.cancel import CancelToken
from ..core.cost import Costs
from ..core.errors import CancelledError, ErrorFacts, InternalError, TrellisError
from ..core.identity import ADDON_ID, ROOT
from .redraw import redraw_account

if TYPE_CHECKING:
    from ..core.account import Balance, Check, Fact, LibraryFacts, Models
    from ..core.secret import Secret
    from ..core.settings import Settings
    from ..library.record import PropRecord

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.1

TEST: Final = "connection test"
BALANCE: Final = "balance"
MODELS: Final = "models"
LIBRARY: Final = "library"

Work: TypeAlias = "Callable[[CancelToken], Iterator[Fact]]"


class Errand(NamedTuple):
    """One thread under way."""

    name: str
    token: CancelToken
    thread: threading.Thread
    facts: queue.SimpleQueue[Fact | None]
    """None is the last one."""


class Account:
    """Main thread only, but for the errands' own functions."""

    current: ClassVar[Account | None] = None

    def __init__(self) -> None:
        self.balance: Balance | None = None
        self.costs = Costs()
        self.models: Models | None = None
        self.library: LibraryFacts | None = None
        self.checks: tuple[Check, ...] = ()
        self.troubles: dict[str, ErrorFacts] = {}
        self.welcome = False
        """Something was missing: the rows stay until the user has read them and goes on."""
        self.first_run = False
        """Whether the rows were drawn the last time."""
        self._balance_of: tuple[str, Secret] | None = None
        self._noticed: tuple[str, Secret] | None = None
        """Whose answers are shown."""
        self._wanted: Path | None = None
        self._errands: dict[str, Errand] = {}
        # One reference: `is_registered(self._tick)` is False for a fresh bound method.
        self._timer = self._tick

    @classmethod
    def get(cls) -> Account:
        """The account of the enabled extension."""
        if cls.current is None:
            raise RuntimeError("Trellis Props is not enabled")
        return cls.current

    # --- what panels read

    def busy(self, name: str) -> bool:
        """Whether such an errand is under way."""
        return name in self._errands

    @property
    def works(self) -> bool | None:
        """What the last connection test said; None while there is none, or not all of one."""
        if not self.checks or self.busy(TEST):
            return None
        return all(check.verdict != "fault" for check in self.checks)

    def balance_for(self, settings: Settings) -> Balance | None:
        """The balance, if it is of this gateway and key."""
        return self.balance if self._balance_of == _account(settings) else None

    def notice(self, settings: Settings) -> None:
        """Let the library be looked at when it is another one than before, and forget what another
        gateway or key has answered. For panels: it only notes the wish, the timer sends the errand.
        """
        who = _account(settings)
        if self._noticed not in (None, who):
            self._forget_gateway()
        self._noticed = who
        if self._wanted != settings.library:
            self._wanted = settings.library
            self._watch()

    def _forget_gateway(self) -> None:
        """Nothing of what the gateway has said is true for another one, or for another key."""
        self.checks, self.models = (), None
        for name in (TEST, MODELS, BALANCE):
            self.troubles.pop(name, None)
            if errand := self._errands.pop(name, None):
                errand.token.cancel()

    # --- errands

    def test_connection(self, settings: Settings, model: str) -> None:
        """Ask everything that costs nothing. Does not block."""
        from ..engine.doctor import examine

        self.checks, self._noticed = (), _account(settings)
        self._balance_of = _account(settings)
        self._start(TEST, lambda token: examine(settings, model, token))

    def refresh_models(self, settings: Settings) -> None:
        """Ask for the list of models. Does not block."""
        from ..engine.doctor import ask_models

        self._start(MODELS, lambda token: ask_models(settings, token))

    def refresh_balance(self, settings: Settings) -> None:
        """Ask for the balance, where the network may be used at all. Does not block."""
        from ..engine.consent import obstacle
        from ..engine.doctor import ask_balance

        if obstacle(settings) is None:
            self._balance_of = _account(settings)
            self._start(BALANCE, lambda token: ask_balance(settings, token))

    def look_at_library(self, settings: Settings) -> None:
        """Look at the folder and read what its props have cost. Does not block."""
        self._wanted = path = settings.library
        installed = ROOT if ADDON_ID.startswith("bl_ext.") else None
        self._start(LIBRARY, lambda _token: _look(path, installed))

    def after_generation(self, settings: Settings, *, paid: bool = True) -> None:
        """A job is over, and the library another one.

        :param paid: it may have cost something: costs and balance are others now.
        """
        self.look_at_library(settings)
        if paid:
            self.refresh_balance(settings)

    def wait(self) -> None:
        """Block until every errand is over: for background mode, where no timer runs."""
        for errand in list(self._errands.values()):
            while (fact := errand.facts.get()) is not None:
                self._take(errand, fact)
            self._end(errand)

    def close(self) -> None:
        """Stop the errands and forget what they would have said."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        for errand in self._errands.values():
            errand.token.cancel()
        for errand in self._errands.values():
            errand.thread.join(3.0)
        self._errands.clear()

    def _start(self, name: str, work: Work) -> None:
        if before := self._errands.pop(name, None):
            before.token.cancel()
        token = CancelToken()
        facts: queue.SimpleQueue[Fact | None] = queue.SimpleQueue()
        thread = threading.Thread(
            target=_run, args=(name, work, token, facts), name=f"trellis {name}", daemon=True
        )
        self.troubles.pop(name, None)
        self._errands[name] = Errand(name, token, thread, facts)
        thread.start()
        self._watch()
        redraw_account()

    def _watch(self) -> None:
        if not bpy.app.background and not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=TICK_SECONDS, persistent=True)

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
                    self._end(errand)
                else:
                    self._take(errand, fact)
        if changed:
            redraw_account()
        return TICK_SECONDS if self._errands else None

    def _look_at_wanted(self) -> None:
        from ..preferences import read_settings

        self.look_at_library(read_settings())

    def _end(self, errand: Errand) -> None:
        errand.thread.join(1.0)
        if self._errands.get(errand.name) is errand:
            del self._errands[errand.name]

    def _take(self, errand: Errand, fact: Fact) -> None:
        from ..core.account import Balance, Check, LibraryFacts, Models, Trouble

        match fact:
            case Check():
                self.checks = (*self.checks, fact)
            case Balance():
                self.balance = fact
            case Models():
                self.models = fact
            case Costs():
                self.costs = fact
            case LibraryFacts():
                self.library = fact
            case Trouble(error=error):
                self.troubles[errand.name] = error


def _account(settings: Settings) -> tuple[str, Secret]:
    return settings.gateway.base_url, settings.gateway.key


def _run(name: str, work: Work, token: CancelToken, facts: queue.SimpleQueue[Fact | None]) -> None:
    """The thread: whatever happens, the last thing in the queue is None."""
    from ..core.account import Trouble

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
    from ..engine.workshop import load_libraries
    from ..library.ledger import Ledger
    from ..library.look import look_at

    facts = look_at(path, installed)
    yield facts
    ledger = Ledger(path)
    if facts.props and not ledger.exists:
        try:
            ledger.begin(_records(path))
        except OSError as error:
            log.info("the costs of the library cannot be written down: %s", error)
    yield ledger.costs()
    try:
        load_libraries()
    except InternalError as error:
        log.info("%s: %s", error.facts.message, error.facts.detail)  # the first click tells it


def _records(path: Path) -> Iterator[PropRecord]:
    """Every record that can be read; damaged ones are left to those who repair them."""
    from ..library.library import Library

    for folder in Library(path).folders():
        try:
            yield folder.read()
        except TrellisError as error:
            log.info("%s", error.facts.message)


def register() -> None:
    """Make the account. Nothing is asked yet."""
    Account.current = Account()


def unregister() -> None:
    """Close it."""
    if Account.current is not None:
        Account.current.close()
        Account.current = None
