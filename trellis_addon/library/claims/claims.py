# SPDX-License-Identifier: GPL-3.0-or-later
"""Assigns the items of a batch to any number of processes and machines, so that each is made once.

``<library>/.items/<key>`` is a small file for each item, created with ``O_CREAT | O_EXCL``, which a
file server grants to only one of several processes (see ``folder_lock``). It names the item's
prop as soon as the prop has a folder, which is before anything is sent, and its owner while a
process is working on it. So the file is both claim and index: it leads to the prop or to the
process that is making it, and a run over thousands of finished items reads these files only, and
no records.

An owner touches its files every half minute. The item of a dead owner is taken over together with
its prop: on the same machine as soon as that process has ended, otherwise when the file has not
been touched for ``silent_seconds`` by the file server's own clock.

The folder may be deleted while no process is working: :meth:`Claims.gather` recreates the files
from the records, whose requests have the same keys.
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

from ...core.errors import LibraryError, TrellisError
from ...core.events import State
from ...core.files.prop_files import RECORD
from ...core.generation.request import GenerationRequest
from ...core.generation.request_key import key_of
from ..disk.exclusive_files import age
from ..folder_lock import REFRESH_SECONDS, SILENT_SECONDS, FolderLock
from ..owner import Owner
from ..prop_folder import PropFolder
from ..record_repair import ASIDE
from .claim import Claim
from .item_file import ClaimEntry, ItemFile, cannot_read

log = logging.getLogger(__name__)

FOLDER: Final = ".items"
TAKE_OVER_SECONDS: Final = 30.0
"""How long a take-over waits for those of other processes, which take milliseconds each."""

_KEY: Final = re.compile(r"[0-9a-f]{32}")


class Claims:
    """The claims of one library. A context manager that stops touching the files at its end.

    :param silent_seconds: an owner on another machine counts as dead when it has not touched its
        file for this long. It has to be longer than any outage of the network drive, and several
        times ``refresh_seconds``.
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

    def _file(self, key: str) -> ItemFile:
        return ItemFile(self.path(key))

    def entries(self) -> dict[str, ClaimEntry]:
        """All items by key, as they are now."""
        try:
            names = [name for name in os.listdir(self._folder) if _KEY.fullmatch(name)]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise cannot_read(self._folder, error) from error
        found = ((name, self.entry(name)) for name in names)
        return {name: entry for name, entry in found if entry is not None}

    def entry(self, key: str) -> ClaimEntry | None:
        """What is known of one item; None when nothing is."""
        return self._file(key).read()

    def finished(self, entries: Mapping[str, ClaimEntry] | None = None) -> dict[str, str]:
        """The props of all finished items that are still in the library, by key."""
        known = self.entries() if entries is None else entries
        there = self._props()
        return {k: e.prop for k, e in known.items() if e.done and e.prop in there and e.prop}

    def gather(self) -> int:
        """Create files for props that no file names: after ``.items`` was deleted, for props made
        in the window, or when a process died before it had recorded its prop.

        :returns: the number of props that were not named before.
        :raises LibraryError: the library cannot be read or written.
        """
        self._drop_torn()
        entries = self.entries()
        named = {entry.prop for entry in entries.values()}
        count = 0
        # Only the props that no file names are read: usually none of thousands.
        for name in sorted(self._props() - named):
            try:
                record = PropFolder(self._library / name).read()
                key = key_of(GenerationRequest.checked(**record.request))
            except TrellisError as error:
                # Its prompt stays unknown to the batch; `list` and `resume` report what is wrong.
                log.info("%s is not gathered: %s", name, error)
                continue
            count += 1
            ready = record.state is State.READY
            if not self._file(key).create(ClaimEntry(name, done=ready)):
                self._use(key, name, ready=ready)
        return count

    def _drop_torn(self) -> None:
        """Remove old temporary files of processes that were killed while writing."""
        for torn in self._folder.glob(".*.part"):
            try:
                if age(torn) > self._silent:
                    torn.unlink(missing_ok=True)
            except OSError as error:
                log.info("%s stays for now: %s", torn.name, error)

    def _use(self, key: str, prop: str, *, ready: bool) -> None:
        """Assign a prop to an item, unless the item has a better one or a process is working on it.

        An unfinished prop is only assigned to an item without one: its process died before
        recording it.
        """
        claim = self.take(key)
        if claim:
            with claim:
                if ready or claim.prop is None:
                    claim.begin(prop)
                if ready:
                    claim.done()

    def take(self, key: str, *, again: bool = False) -> Claim | None:
        """Claim an item. None if it is finished, or if a living process is making it.

        :param again: claim it even if it is finished (``--force``).
        :raises LibraryError: the library cannot be written.
        """
        entry = ClaimEntry(owner=Owner.new())
        if not self._file(key).create(entry):
            taken = self._take_over(key, entry, again=again)
            if taken is None:
                return None
            entry = taken
        claim = Claim(key, self._file(key), entry, self._forget)
        self._keep(claim)
        return claim

    def _forget(self, claim: Claim) -> None:
        """Touch this one no more."""
        with self._guard:
            if self._held.get(claim.key) is claim:
                del self._held[claim.key]

    def close(self) -> None:
        """Stop touching the files, and release all claims that are still held."""
        self._stop.set()
        if self._beat and self._beat is not threading.current_thread():
            self._beat.join()
        with self._guard:
            held = list(self._held.values())
        for claim in held:
            claim.release()

    def _take_over(self, key: str, entry: ClaimEntry, *, again: bool) -> ClaimEntry | None:
        """Put a new owner into a file that no living process holds. One process at a time does
        that.
        """
        if not self._free(key, again=again):
            return None
        with FolderLock.acquire(self._folder, TAKE_OVER_SECONDS, sole_writer=False):
            # Checked again: another process may have taken it over before this one had the lock.
            found = self._free(key, again=again)
            if found is None:
                return None
            if not self._file(key).exists:
                # Given back. Who makes a file needs no lock, so this is the only safe way.
                return entry if self._file(key).create(entry) else None
            kept = None if again and found.done else found.prop
            entry = replace(entry, prop=kept if self._there(kept) else None)
            self._file(key).write(entry)
        return entry

    def _free(self, key: str, *, again: bool) -> ClaimEntry | None:
        """The entry of an item that may be claimed now, or None."""
        entry = self.entry(key)
        if entry is None:
            return ClaimEntry()  # released a moment ago, with nothing begun
        # A finished prop that the user has deleted is made again.
        if entry.done and not again and self._there(entry.prop):
            return None
        lives = entry.owner.process.lives if entry.owner else None
        # The owner is on another machine, or the file is still being written: only its age can
        # tell.
        if lives is None and (entry.owner or not entry.readable):
            lives = self._file(key).seconds_old() <= self._silent
        return None if lives else entry

    def _there(self, prop: str | None) -> bool:
        """Whether a prop has a record, or a damaged one that was set aside: it may still be owed
        something, so the item must not be made again.
        """
        if prop is None:
            return False
        folder = self._library / prop
        return (folder / RECORD).is_file() or any(folder.glob(f"{ASIDE}*"))

    def _props(self) -> set[str]:
        """The names of the library's visible folders. None of them is opened."""
        try:
            with os.scandir(self._library) as found:
                return {item.name for item in found if item.name[0] != "." and item.is_dir()}
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise cannot_read(self._library, error) from error

    def _keep(self, claim: Claim) -> None:
        with self._guard:
            self._held[claim.key] = claim
            # One thread for all claims: a batch may hold many of them at once.
            if self._beat is None:
                self._beat = threading.Thread(target=self._touch, name="claims", daemon=True)
                self._beat.start()

    def _touch(self) -> None:
        while not self._stop.wait(self._refresh):
            with self._guard:
                held = list(self._held.values())
            for claim in self._lost(held):
                self._forget(claim)
                self._on_lost(claim.key)

    def _lost(self, held: Iterable[Claim]) -> Iterator[Claim]:
        for claim in held:
            try:
                # The second condition: the claim may have been released while its file was being
                # read.
                if not claim.touch() and self._held.get(claim.key) is claim:
                    log.warning("another process holds the item %s", claim.key)
                    yield claim
            except (OSError, LibraryError) as error:
                log.info("the claim of %s could not be touched: %s", claim.key, error)

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
