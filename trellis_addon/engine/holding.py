# SPDX-License-Identifier: GPL-3.0-or-later
"""A job and the lock of its prop's folder: held from its start to its terminal event."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import LibraryError, TrellisError
from ..core.events import Cancelled, Emit, Event, Failed, Finished

if TYPE_CHECKING:
    from ..core.cancel import CancelToken
    from ..library.folder import PropFolder
    from ..library.locks import FolderLock

log = logging.getLogger(__name__)


@contextmanager
def holding(
    lock: FolderLock, emit: Emit, token: CancelToken, settle: Callable[[], None]
) -> Iterator[Emit]:
    """Give the job an ``emit`` that settles and releases just before the terminal event is out.

    :param settle: called once before the lock is released, such as to note what it has cost.

    So whoever hears of the end can work on the prop at once. Released in any case on leaving.
    When the lock is lost, the job is stopped as if Blender were closing: the record is no longer
    ours to write.
    """
    left = [settle]

    def end() -> None:
        while left:
            left.pop()()
        lock.release()

    lock.keep(lambda: token.cancel(interrupted=True))

    def tell(event: Event) -> None:
        if isinstance(event, Finished | Failed | Cancelled):
            end()
        emit(event)

    try:
        yield tell
    finally:
        end()


def note_catalogs(library: Path) -> None:
    """Have our catalog in the library's list; without it the props stand under Unassigned."""
    from ..library.catalogs import ensure

    try:
        ensure(library)
    except LibraryError as error:
        log.warning("the asset catalogs are not written: %s", error.facts.sentence)


def expect_cost(library: Path, props: Iterable[str]) -> None:
    """Say in the library's ledger that these props are about to cost something.

    :raises LibraryError: it cannot be written, so nothing should be asked for.
    """
    from ..library.folder import cannot_write
    from ..library.ledger import Ledger

    try:
        for prop in props:
            Ledger(library).expect(prop)
    except OSError as error:
        raise cannot_write(library, error) from error


def note_cost(library: Path, folder: PropFolder) -> None:
    """Write what a prop has cost into the library's ledger, each call once."""
    from ..library.ledger import Ledger

    try:
        Ledger(library).settle(folder)
    except (TrellisError, OSError) as error:
        log.warning("the cost of %s is not in the ledger yet: %s", folder.id, error)
