# SPDX-License-Identifier: GPL-3.0-or-later
"""One worker per folder: two Blenders, or ten processes, may share one library.

A lock is the file ``.lock`` in the folder, made in a way that fails when it is there, holding who
made it, and touched every half minute while it is held. Somebody else takes it over when its owner
is dead: on the same machine, when that very process is gone; from another machine, when the file
has not been touched for ten minutes by the file server's own clock. An owner that finds its lock in
other hands (a laptop that slept) is told, and stops.

**Network folders.** NFS since version 3 and SMB make exclusive creation atomic at the server, so
all of this holds there. Folders that a program copies between machines (Dropbox, OneDrive,
Syncthing) and NFS 2 have no atomic creation across machines: two that begin within the same
moments may both hold the lock until the copies meet; then one of the two sees the other's token
within half a minute and stops. What holds even then: records and models are replaced whole, never
half, and both send the same idempotency key, by which the gateway can tell a repetition. One
machine at a time is the safe way to work in such a folder.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ..core.errors import LockedError
from .atomic import drop_torn, write_atomic
from .exclusive import STEP_SECONDS, age, content, create, remove
from .folder import cannot_write
from .processes import Process
from .record import now

log = logging.getLogger(__name__)

LOCK: Final = ".lock"
HEIR: Final = ".heir"
"""The ending of the file by which a dead owner's right goes to one heir."""

REFRESH_SECONDS: Final = 30.0
SILENT_SECONDS: Final = 600.0
"""After this long without a touch, an owner that cannot be asked counts as dead."""
CONTENTION_SECONDS: Final = 2.0
_TOKEN: Final = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True)
class Owner:
    """Who holds a lock, as it stands in the file."""

    process: Process
    since: str
    token: str

    @classmethod
    def new(cls) -> Owner:
        """This process, with a token of its own for this one lock."""
        return cls(Process.current(), now(), secrets.token_hex(16))

    def to_json(self) -> bytes:
        """The file's content."""
        return json.dumps(asdict(self), indent=1).encode("utf-8")

    @classmethod
    def from_json(cls, written: bytes) -> Owner | None:
        """None for a file that is empty (its maker was interrupted) or not ours."""
        try:
            raw: Any = json.loads(written)
            process = raw["process"]
            return cls(
                Process(
                    host=str(process["host"]),
                    space=str(process["space"]),
                    pid=int(process["pid"]),
                    birth=str(process["birth"]),
                ),
                since=str(raw["since"]),
                token=str(raw["token"]),
            )
        except (ValueError, KeyError, TypeError):
            return None


class FolderLock:
    """The right to work in a folder, until it is released. Usable as a context."""

    def __init__(self, path: Path, owner: Owner) -> None:
        self._path = path
        self.owner = owner
        self._stop = threading.Event()
        self._beat: threading.Thread | None = None

    @classmethod
    def acquire(
        cls, folder: Path, wait_seconds: float = 0.0, *, sole_writer: bool = True
    ) -> FolderLock:
        """Take the lock of a folder.

        :param sole_writer: nobody writes there without the lock, so what a dead owner was just
            writing goes with its lock.
        :raises LockedError: somebody living has it, also after the wait.
        :raises LibraryError: the folder is gone or cannot be written.
        """
        path, owner = folder / LOCK, Owner.new()
        start = time.monotonic()
        try:
            while not (
                create(path, owner.to_json())
                or (dead(path) and _take_over(path, owner, sole_writer))
            ):
                waited = time.monotonic() - start
                living = not dead(path)
                if waited >= (wait_seconds if living else max(wait_seconds, CONTENTION_SECONDS)):
                    raise _locked(folder, path)
                time.sleep(STEP_SECONDS)
        except OSError as error:
            raise cannot_write(folder, error) from error
        return cls(path, owner)

    @property
    def held(self) -> bool:
        """Whether the file is still this owner's."""
        found = _owner_in(self._path)
        return found is not None and found.token == self.owner.token

    def keep(self, on_lost: Callable[[], None], every_seconds: float = REFRESH_SECONDS) -> None:
        """Touch the lock from now on; ``on_lost`` is called once, from a thread, if it is gone."""

        def beat() -> None:
            while not self._stop.wait(every_seconds):
                try:
                    if not self.held:
                        log.warning("%s is in other hands", self._path)
                        on_lost()
                        return
                    os.utime(self._path)
                except OSError as error:
                    log.info("%s could not be touched: %s", self._path, error)

        self._beat = threading.Thread(target=beat, name="trellis lock", daemon=True)
        self._beat.start()

    def release(self) -> None:
        """Give it back. Harmless when that was done before, or when the folder is gone."""
        self._stop.set()
        if self._beat and self._beat is not threading.current_thread():
            self._beat.join()
        try:
            if self.held:
                remove(self._path)
        except OSError as error:
            log.warning("%s could not be removed: %s", self._path, error)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


def holder(folder: Path) -> Owner | None:
    """Who is working in a folder, as far as its lock tells a living one."""
    path = folder / LOCK
    try:
        return None if dead(path) else _owner_in(path)
    except OSError:
        return None


def dead(path: Path) -> bool:
    """Whether a lock file is nobody's: not there, or its owner is gone.

    :raises OSError: the folder cannot be read or written.
    """
    try:
        owner = Owner.from_json(content(path))
    except FileNotFoundError:
        return True
    lives = owner.process.lives if owner else None
    if lives is not None:
        return not lives
    return age(path) > SILENT_SECONDS


def _take_over(path: Path, owner: Owner, sole_writer: bool) -> bool:
    """Replace a dead owner's file, and take away the writes that its end has torn.

    The right to do so goes from a dead owner to one heir, who makes a file that is named after the
    dead one; an heir that dies in its turn has one heir itself. So of any number that ask, and
    whenever they are killed, one at a time may replace the file.

    False when another process was quicker.
    """
    dead_one = _token(path)
    if dead_one is None:
        return False
    heir = _become_heir(path, dead_one, owner)
    if heir is None:
        return False
    if _token(path) != dead_one or not dead(path):
        # It was replaced before the right to it was asked for.
        remove(heir)
        return False
    write_atomic(path, owner.to_json())
    if sole_writer:
        drop_torn(path.parent)
    # Nobody can act on any of them now: their owner is not the one that the lock names.
    for file in path.parent.glob(f"{path.name}.*{HEIR}"):
        remove(file)
    return True


def _become_heir(path: Path, token: str, owner: Owner) -> Path | None:
    """The file by which the right is this owner's; None when a living one has it."""
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
    return None  # no process makes such a ring


def _token(path: Path) -> str | None:
    """Whose a file is; None when it is not there."""
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
        return LockedError(f"Somebody is working on {folder.name}")
    if owner.process.pid == os.getpid() and owner.process.host == Process.current().host:
        return LockedError(f"This Blender is already working on {folder.name}")
    return LockedError(
        f"Another Blender is working on {folder.name}",
        detail=f"process {owner.process.pid} on {owner.process.host} since {owner.since}",
    )
