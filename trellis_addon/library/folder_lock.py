# SPDX-License-Identifier: GPL-3.0-or-later
"""Allows one process at a time to work in a folder, so that several Blenders can share one library.

A lock is the file ``.lock`` in the folder. It is created exclusively, names its owner, and is
touched every half minute while it is held. Another process takes it over when its owner is dead: on
the same machine, when that very process has ended; from another machine, when the file has not been
touched for ten minutes by the file server's own clock. An owner that finds that it has lost its
lock (after a laptop was asleep) stops.

**Network folders.** With NFS since version 3 and with SMB, exclusive creation is atomic at the
server, so all of this works there. Folders that a program copies between machines (Dropbox,
OneDrive, Syncthing) and NFS 2 have no atomic creation across machines: two machines that start at
nearly the same time may both hold the lock until the copies meet; then one of them sees the other's
token within half a minute and stops. Even then, records and models are only replaced as a whole,
and both machines send the same idempotency key, by which the gateway can recognize a repetition. It
is safest to work in such a folder from one machine at a time.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..core.errors import LockedError
from ..core.files.held_files import SOON_SECONDS, patiently
from .disk.atomic_files import drop_torn, write_atomic
from .disk.exclusive_files import STEP_SECONDS, age, content, create, remove
from .disk.process_identity import Process
from .owner import Owner
from .prop_folder import cannot_write

log = logging.getLogger(__name__)

LOCK: Final = ".lock"
HEIR: Final = ".heir"
"""The extension of the file by which exactly one process inherits a dead owner's lock."""

REFRESH_SECONDS: Final = 30.0
SILENT_SECONDS: Final = 600.0
"""An owner on another machine counts as dead if it has not touched its lock for this long."""
CONTENTION_SECONDS: Final = 2.0
LAPSE_SECONDS: Final = 30.0
RELEASE_SECONDS: Final = 600.0
"""For so long a lock that another program has open is tried to be removed."""
_TOKEN: Final = re.compile(r"[0-9a-f]{1,64}")


class FolderLock:
    """The exclusive right to work in a folder, until it is released. A context manager."""

    def __init__(self, path: Path, owner: Owner) -> None:
        self._path = path
        self.owner = owner
        self._stop = threading.Event()
        self._lapses = False
        self._beat: threading.Thread | None = None

    @classmethod
    def acquire(
        cls, folder: Path, wait_seconds: float = 0.0, *, sole_writer: bool = True
    ) -> FolderLock:
        """Acquire the lock of a folder.

        :param sole_writer: no process writes to the folder without the lock, so the unfinished
            files of a dead owner can be removed with its lock.
        :raises LockedError: a living process holds the lock, even after the wait.
        :raises LibraryError: the folder does not exist or cannot be written.
        """
        path, owner = folder / LOCK, Owner.new()
        start = time.monotonic()
        waited = 0.0
        try:
            # Creating the file is the whole acquisition: there is no moment between looking and
            # taking.
            while not (
                create(path, owner.to_json())
                or (_free(path) and _take_over(path, owner, sole_writer))
            ):
                living = not _free(path)
                if waited >= (wait_seconds if living else max(wait_seconds, CONTENTION_SECONDS)):
                    raise _locked(folder, path)
                time.sleep(STEP_SECONDS)
                # Not later: an attempt may take long itself, and the next has not failed yet.
                waited = time.monotonic() - start
        except OSError as error:
            raise cannot_write(folder, error) from error
        return cls(path, owner)

    @property
    def held(self) -> bool:
        """Whether the file still names this owner."""
        found = _owner_in(self._path)
        return found is not None and found.token == self.owner.token

    def keep(self, on_lost: Callable[[], None], every_seconds: float = REFRESH_SECONDS) -> None:
        """Start touching the lock on a thread, which calls ``on_lost`` once if the lock is lost."""

        def beat() -> None:
            while not self._stop.wait(every_seconds):
                try:
                    if not self.held:
                        log.warning("another process holds %s", self._path)
                        on_lost()
                        return
                    os.utime(self._path)
                except OSError as error:
                    log.info("%s could not be touched: %s", self._path, error)

        self._beat = threading.Thread(target=beat, name="trellis lock", daemon=True)
        self._beat.start()

    def lapse_soon(self) -> None:
        """Let it end by itself in :data:`LAPSE_SECONDS`, as the file is about to leave with its
        folder and may come back with it. Until then it holds as ever.

        :raises OSError: the file cannot be written.
        """
        # As one of another machine that has not touched it for almost long enough.
        elsewhere = replace(self.owner, process=Process("", "", 0, ""))
        write_atomic(self._path, elsewhere.to_json())
        touched = self._path.stat().st_mtime - SILENT_SECONDS + LAPSE_SECONDS
        os.utime(self._path, (touched, touched))
        self._lapses = True

    def release(self) -> None:
        """Give it back. Harmless when that was done before, or when the folder is gone.

        A file that another program keeps open is removed later; until then it counts for nothing
        in this process.
        """
        self._stop.set()
        if self._lapses:  # wherever the file is by now
            with _GUARD:
                _GIVEN_BACK.add(self.owner.token)
        if self._beat and self._beat is not threading.current_thread():
            self._beat.join()
        try:
            if self.held:
                remove(self._path, SOON_SECONDS)
        except OSError as error:
            log.info("%s is removed later: %s", self._path, error)
            self._remove_later()

    def _remove_later(self) -> None:
        with _GUARD:
            _GIVEN_BACK.add(self.owner.token)
        name = "trellis lock removal"
        threading.Thread(target=self._try_to_remove, name=name, daemon=True).start()

    def _try_to_remove(self) -> None:
        def attempt() -> None:
            with _GUARD:  # a take-over in this process must not lose its own file to it
                if self.held:
                    self._path.unlink()

        try:
            patiently(attempt, RELEASE_SECONDS)
        except OSError as error:
            log.warning("%s could not be removed: %s", self._path, error)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


_GUARD: Final = threading.Lock()
_GIVEN_BACK: Final[set[str]] = set()
"""The tokens of locks that this process has given back and whose files may still be there."""


def _free(path: Path) -> bool:
    """Whether a lock may be taken over: its owner is gone, or has given it back in this process."""
    if dead(path):
        return True
    with _GUARD:
        return bool(_GIVEN_BACK) and _token(path) in _GIVEN_BACK


def holder(folder: Path) -> Owner | None:
    """The living owner of a folder's lock, or None."""
    path = folder / LOCK
    try:
        return None if _free(path) else _owner_in(path)
    except OSError:
        return None


def dead(path: Path) -> bool:
    """Whether a lock is free: its file does not exist, or its owner is dead.

    :raises OSError: the folder cannot be read or written.
    """
    try:
        owner = Owner.from_json(content(path))
    except FileNotFoundError:
        return True
    lives = owner.process.lives if owner else None
    if lives is not None:
        return not lives
    # The owner's machine cannot be asked, so only its silence counts.
    return age(path) > SILENT_SECONDS


def _take_over(path: Path, owner: Owner, sole_writer: bool) -> bool:
    """Replace a dead owner's lock file, and remove its unfinished files.

    Only one process inherits the right to do so, by exclusively creating a file that is named after
    the dead owner's token. If that process dies too, another can inherit from it in the same way.
    So however many processes try, and whenever they are killed, only one at a time may replace the
    file.

    Returns False if another process was faster.
    """
    dead_one = _token(path)
    if dead_one is None:
        return False
    heir = _become_heir(path, dead_one, owner)
    if heir is None:
        return False
    if _token(path) != dead_one or not _free(path):
        # It was replaced before the right to it was asked for.
        remove(heir)
        return False
    with _GUARD:
        write_atomic(path, owner.to_json())
    if sole_writer:
        drop_torn(path.parent)
    # None of these files has a meaning any more, as the lock now names another owner.
    for file in path.parent.glob(f"{path.name}.*{HEIR}"):
        remove(file)
    return True


def _become_heir(path: Path, token: str, owner: Owner) -> Path | None:
    """Create the file that gives this owner the right; None if a living process has it."""
    seen: set[str] = set()
    while token not in seen:
        seen.add(token)
        heir = path.with_name(f"{path.name}.{token}{HEIR}")
        if create(heir, owner.to_json()):
            return heir
        next_token = _token(heir)
        if next_token is None or not dead(heir):
            return None
        token = next_token
    return None  # our own processes never create such a cycle


def _token(path: Path) -> str | None:
    """The token in a file; None if the file does not exist."""
    try:
        owner = Owner.from_json(content(path))
    except FileNotFoundError:
        return None
    return owner.token if owner and _TOKEN.fullmatch(owner.token) else "unreadable"


def _owner_in(path: Path) -> Owner | None:
    try:
        return Owner.from_json(content(path))
    except FileNotFoundError:
        return None


def _locked(folder: Path, path: Path) -> LockedError:
    owner = _owner_in(path)
    if owner is None:
        return LockedError(f"Another process is working on {folder.name}")
    if owner.process.pid == os.getpid() and owner.process.host == Process.current().host:
        return LockedError(f"This Blender is already working on {folder.name}")
    return LockedError(
        f"Another Blender is working on {folder.name}",
        detail=f"process {owner.process.pid} on {owner.process.host} since {owner.since}",
    )
