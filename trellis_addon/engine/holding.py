# SPDX-License-Identifier: GPL-3.0-or-later
"""A job and the lock of its prop's folder: held from its start to its terminal event."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import LibraryError
from ..core.events import Cancelled, Emit, Event, Failed, Finished

if TYPE_CHECKING:
    from ..core.cancel import CancelToken
    from ..library.locks import FolderLock

log = logging.getLogger(__name__)


@contextmanager
def holding(lock: FolderLock, emit: Emit, token: CancelToken) -> Iterator[Emit]:
    """Give the job an ``emit`` that releases the lock just before the terminal event is out.

    So whoever hears of the end can work on the prop at once. Released in any case on leaving.
    When the lock is lost, the job is stopped as if Blender were closing: the record is no longer
    ours to write.
    """
    lock.keep(lambda: token.cancel(interrupted=True))

    def tell(event: Event) -> None:
        if isinstance(event, Finished | Failed | Cancelled):
            lock.release()
        emit(event)

    try:
        yield tell
    finally:
        lock.release()


def note_catalogs(library: Path) -> None:
    """Have our catalog in the library's list; without it the props stand under Unassigned."""
    from ..library.catalogs import ensure

    try:
        ensure(library)
    except LibraryError as error:
        log.warning("the asset catalogs are not written: %s", error.facts.sentence)
