# SPDX-License-Identifier: GPL-3.0-or-later
"""Who makes which item of a batch: any number of processes and machines, each item made once.

``<library>/.items/<key>`` is one small file for each item, made with ``O_CREAT | O_EXCL``, which a
file server grants to one of all that ask (see ``locks``). It names the item's prop as soon as that
has a folder, which is before anything is sent, and its owner while somebody is at work. So the file
is claim and index in one: whoever finds it knows the prop, or who is making it, and a run over
thousands of finished items reads these files alone, no record.

An owner touches its files every half minute. A dead owner's item is taken over with its prop: on
the same machine when that process is gone, else when the file has not been touched for
``silent_seconds`` by the file server's own clock.

The folder may be deleted at any time while nobody works: :meth:`Claims.gather` makes the files
anew from the records, whose requests have the same keys.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..core.batch_input import key_of
from ..core.errors import LibraryError, TrellisError
from ..core.events import State
from ..core.files import RECORD
from ..core.request import GenerationRequest
from .atomic import write_atomic
from .claim import Claim, Entry
from .exclusive import age, content, create
from .folder import PropFolder, cannot_write
from .locks import REFRESH_SECONDS, SILENT_SECONDS, FolderLock, Owner
from .mending import ASIDE

log = logging.getLogger(__name__)

FOLDER: Final = ".items"
TAKE_OVER_SECONDS: Final = 30.0
"""How long a take-over waits for others to end theirs; each takes milliseconds."""

_KEY: Final = re.compile(r"[0-9a-f]{32}")


class Claims:
    """The items of one library. Usable as a context, which ends the touching.

    :param silent_seconds: after so long without a touch, an owner on another machine counts as
        dead. Longer than any pause of the network drive, and at least some times
        ``refresh_seconds``.
    """

    def __init__(
        self,
        library: Path,
        silent_seconds: float = SILENT_SECONDS,
        refresh_seconds: float = REFRESH_SECONDS,
        on_lost: Callable[[str], None] = lambda _key: None,
    ) -> None:
        self._library = library
        self._folder = library / FOLDER
        self._silent = silent_seconds
        self._refresh = refresh_seconds
        self._on_lost = on_lost
        self._held: dict[str, Claim] = {}
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._beat: threading.Thread | None = None

    def path(self, key: str) -> Path:
        """The file of an item."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"no key: {key!r}")
        return self._folder / key

    def entries(self) -> dict[str, Entry]:
        """Every item that is known, by key, as of now."""
        try:
            names = [name for name in os.listdir(self._folder) if _KEY.fullmatch(name)]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _cannot_read(self._folder, error) from error
        found = ((name, self.entry(name)) for name in names)
        return {name: entry for name, entry in found if entry is not None}

    def entry(self, key: str) -> Entry | None:
        """What is known of one item; None when nothing is."""
        try:
            return Entry.from_json(content(self.path(key)))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot_read(self._folder, error) from error

    def finished(self, entries: Mapping[str, Entry] | None = None) -> dict[str, str]:
        """Key -> prop of everything that is done and still in the library."""
        known = self.entries() if entries is None else entries
        there = self._props()
        return {k: e.prop for k, e in known.items() if e.done and e.prop in there and e.prop}

    def gather(self) -> int:
        """Make files for the props that no file names: of a deleted folder, of other entrances,
        of a process that died between a prop's folder and its note.

        :returns: how many props were not named before.
        :raises LibraryError: the library cannot be read or written.
        """
        self._drop_torn()
        entries = self.entries()
        named = {entry.prop for entry in entries.values()}
        count = 0
        for name in sorted(self._props() - named):
            try:
                record = PropFolder(self._library / name).read()
                key = key_of(GenerationRequest.checked(**record.request))
            except TrellisError as error:
                # Its prompt stays unknown to the batch; `list` and `resume` tell what is wrong.
                log.info("%s is not gathered: %s", name, error)
                continue
            count += 1
            ready = record.state is State.READY
            if not self._make(key, Entry(name, done=ready)):
                self._use(key, name, ready=ready)
        return count

    def _drop_torn(self) -> None:
        """Remove what processes that were killed in a write have left here, once it is old."""
        for torn in self._folder.glob(".*.part"):
            try:
                if age(torn) > self._silent:
                    torn.unlink(missing_ok=True)
            except OSError as error:
                log.info("%s stays for now: %s", torn.name, error)

    def _use(self, key: str, prop: str, *, ready: bool) -> None:
        """Let a prop be the item's, unless that has a better one or somebody is at it.

        One that is not ready is of use to an item without any: its maker died before the note.
        """
        claim = self.take(key)
        if claim:
            with claim:
                if ready or claim.prop is None:
                    claim.begin(prop)
                if ready:
                    claim.done()

    def take(self, key: str, *, again: bool = False) -> Claim | None:
        """Claim an item; None when it is done or somebody living is making it.

        :param again: make it once more, also when it is done (``--force``).
        :raises LibraryError: the library cannot be written.
        """
        entry = Entry(owner=Owner.new())
        if not self._make(key, entry):
            taken = self._take_over(key, entry, again=again)
            if taken is None:
                return None
            entry = taken
        claim = Claim(self, key, entry)
        self._keep(claim)
        return claim

    def write(self, key: str, entry: Entry) -> None:
        """Replace an item's file in one step. :raises LibraryError: it cannot be written."""
        try:
            write_atomic(self.path(key), entry.to_json())
        except OSError as error:
            raise cannot_write(self._folder, error) from error

    def forget(self, claim: Claim) -> None:
        """Touch this one no more."""
        with self._guard:
            if self._held.get(claim.key) is claim:
                del self._held[claim.key]

    def close(self) -> None:
        """End the touching. What is still held is given back."""
        self._stop.set()
        if self._beat and self._beat is not threading.current_thread():
            self._beat.join()
        with self._guard:
            held = list(self._held.values())
        for claim in held:
            claim.release()

    def _make(self, key: str, entry: Entry) -> bool:
        """Make an item's file; False when there is one."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return create(self.path(key), entry.to_json())
        except OSError as error:
            raise cannot_write(self._folder, error) from error

    def _take_over(self, key: str, entry: Entry, *, again: bool) -> Entry | None:
        """Put another owner into a file that nobody holds. One process at a time does that."""
        if not self._free(key, again=again):
            return None
        with FolderLock.acquire(self._folder, TAKE_OVER_SECONDS, sole_writer=False):
            # Asked again: another process may have taken it before the lock was had.
            found = self._free(key, again=again)
            if found is None:
                return None
            if not self.path(key).exists():
                # Given back. Who makes a file needs no lock, so this is the only safe way.
                return entry if self._make(key, entry) else None
            kept = None if again and found.done else found.prop
            entry = replace(entry, prop=kept if self._there(kept) else None)
            self.write(key, entry)
        return entry

    def _free(self, key: str, *, again: bool) -> Entry | None:
        """What is known of an item that may be claimed now."""
        entry = self.entry(key)
        if entry is None:
            return Entry()  # given back a moment ago, with nothing begun
        if entry.done and not again and self._there(entry.prop):
            return None
        lives = entry.owner.process.lives if entry.owner else None
        if lives is None and (entry.owner or not entry.readable):
            try:
                lives = age(self.path(key)) <= self._silent
            except OSError as error:
                raise cannot_write(self._folder, error) from error
        return None if lives else entry

    def _there(self, prop: str | None) -> bool:
        """Whether a prop has a record, or one that was set aside: what it is owed is not known."""
        if prop is None:
            return False
        folder = self._library / prop
        return (folder / RECORD).is_file() or any(folder.glob(f"{ASIDE}*"))

    def _props(self) -> set[str]:
        """The folders of the library, hidden ones left out. Looks into none of them."""
        try:
            with os.scandir(self._library) as found:
                return {item.name for item in found if item.name[0] != "." and item.is_dir()}
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise _cannot_read(self._library, error) from error

    def _keep(self, claim: Claim) -> None:
        with self._guard:
            self._held[claim.key] = claim
            if self._beat is None:
                self._beat = threading.Thread(target=self._touch, name="claims", daemon=True)
                self._beat.start()

    def _touch(self) -> None:
        while not self._stop.wait(self._refresh):
            with self._guard:
                held = list(self._held.values())
            for claim in self._lost(held):
                self.forget(claim)
                self._on_lost(claim.key)

    def _lost(self, held: Iterable[Claim]) -> Iterator[Claim]:
        for claim in held:
            try:
                if not claim.touch() and self._held.get(claim.key) is claim:
                    log.warning("the item %s is in other hands", claim.key)
                    yield claim
            except (OSError, LibraryError) as error:
                log.info("the claim of %s could not be touched: %s", claim.key, error)

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _cannot_read(path: Path, error: OSError) -> LibraryError:
    reason = (error.strerror or str(error)).lower()
    return LibraryError(f"The library folder {path} cannot be read: {reason}", detail=str(error))
