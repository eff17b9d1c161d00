# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the lock of a prop's folder while its job runs, and updates the library's lists."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..core.errors import LibraryError, TrellisError
from ..core.events import Cancelled, Failed, Finished
from ..core.pictures.picture_events import PicturesFinished

if TYPE_CHECKING:
    from ..core.cancel import CancelToken
    from ..library.cost_ledger import Costly
    from ..library.folder_lock import FolderLock

E = TypeVar("E")
"""The events of a job."""

log = logging.getLogger(__name__)


@contextmanager
def holding(
    lock: FolderLock, emit: Callable[[E], None], token: CancelToken, settle: Callable[[], None]
) -> Iterator[Callable[[E], None]]:
    """Provide an ``emit`` for a job that releases the lock just before the terminal event.

    This way, a receiver of that event can work on the prop at once. The lock is also released when
    the context is left. If the lock is lost, the job is stopped as if Blender were closing, as
    another process may now write the record.

    :param settle: called once before the lock is released, for example to record the cost.
    """
    # A list, as ``end`` is called twice in most cases: at the terminal event, and at the end.
    left = [settle]

    def end() -> None:
        while left:
            left.pop()()
        lock.release()

    lock.keep(lambda: token.cancel(interrupted=True))

    def tell(event: E) -> None:
        if isinstance(event, Finished | Failed | Cancelled | PicturesFinished):
            end()
        emit(event)

    try:
        yield tell
    finally:
        end()


def note_catalogs(library: Path) -> None:
    """Add our catalog to the library's list; otherwise the props would be listed as Unassigned."""
    from ..library.asset_catalogs import ensure

    try:
        ensure(library)
    except LibraryError as error:
        log.warning("the asset catalogs are not written: %s", error.facts.sentence)


def expect_cost(library: Path, props: Iterable[str]) -> None:
    """Record in the library's ledger that these props are about to cost something.

    :raises LibraryError: it cannot be written, so nothing should be requested.
    """
    from ..library.cost_ledger import Ledger
    from ..library.prop_folder import cannot_write

    try:
        for prop in props:
            Ledger(library).expect(prop)
    except OSError as error:
        raise cannot_write(library, error) from error


def note_cost(library: Path, folder: Costly) -> None:
    """Record in the library's ledger what a prop or a set of pictures has cost, each paid call only
    once.
    """
    from ..library.cost_ledger import Ledger

    try:
        Ledger(library).settle(folder)
    # The prop is done, so this is no failure; the ledger still expects the cost.
    except (TrellisError, OSError) as error:
        log.warning("the cost of %s is not in the ledger yet: %s", folder.id, error)
