# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: all props in one folder."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..core.errors import BrokenRecordError, InputError, LibraryError
from ..core.events import State
from ..core.files.held_files import discard, patiently
from ..core.files.prop_files import BLEND, RECORD, THUMBNAIL, path_as_text, readable
from ..core.generation.request import GenerationRequest
from ..core.next_step import NextStep
from ..core.text import slug
from . import record_repair
from .cost_ledger import Ledger
from .disk.atomic_files import sync_folder
from .disk.path_length import check_length
from .disk.trash import send_to_bin
from .folder_lock import LOCK, FolderLock
from .prop_folder import PropFolder, cannot_write
from .record import SCHEMA, Origin, PropRecord, Step, now
from .reference_files import write_references

if TYPE_CHECKING:
    from ..gateway.source_url import SourceUrl

log = logging.getLogger(__name__)

_PROP_ID: Final = re.compile(r"[^.].*-[0-9a-f]{8}")

Tell = Callable[[str], None]
"""Called with one sentence for the user."""


@dataclass(frozen=True)
class Library:
    """A folder of prop folders. The object only has the path."""

    path: Path

    def create_locked(
        self,
        request: GenerationRequest,
        base_url: str,
        endpoint: str,
        finishing: Mapping[str, Any] | None = None,
    ) -> tuple[PropFolder, FolderLock]:
        """A new folder with its first record, before anything is sent, and its lock, which is held
        before another process can see the record.

        :param finishing: see ``core.generation.finishing.Finishing.to_dict``; None: its defaults.
        :raises LibraryError: when the folder cannot be made or written.
        """
        _refuse_own_folder(self.path)
        origin = Origin(base_url=base_url, endpoint=endpoint)
        name = slug(request.name or request.prompt)
        return self._create(name, request.to_dict(), origin, finishing, request)

    def create_import(
        self,
        source: Path | SourceUrl,
        finishing: Mapping[str, Any] | None = None,
        root: Path | None = None,
    ) -> tuple[PropFolder, FolderLock]:
        """Create a folder for a model on this disk or on the web, with its first record and its
        lock.

        The record names the source, so that an interrupted import can be resumed.

        :param root: the folder that the user gave, if the source was found in it.
        :raises LibraryError: the folder cannot be created or written.
        """
        if isinstance(source, Path):
            known = {"source": path_as_text(source)}
            known |= {"source_folder": path_as_text(root)} if root else {}
            request = {"prompt": "", "name": readable(source.stem), **known}
        else:
            known = {"source": source.shown, "source_key": source.key}
            request = {"prompt": "", "name": source.name, **known}
        return self._create(slug(request["name"]), request, Origin(), finishing)

    def _create(
        self,
        name: str,
        request: Mapping[str, Any],
        origin: Origin,
        finishing: Mapping[str, Any] | None,
        asked: GenerationRequest | None = None,
    ) -> tuple[PropFolder, FolderLock]:
        check_length(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            folder = self._new_folder(name)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        # Before the record exists: without one, no other process takes the folder for a prop.
        lock = FolderLock.acquire(folder.path)
        try:
            if asked:
                _write_references(folder, asked)
            record = _first_record(folder.id, request, origin)
            folder.write(record.model_copy(update={"finishing": dict(finishing or {})}))
            sync_folder(self.path)
        except BaseException:
            lock.release()
            shutil.rmtree(folder.path, ignore_errors=True)  # without a record it is no prop
            raise
        return folder, lock

    def _new_folder(self, name: str) -> PropFolder:
        while True:
            # Random and not numbered, so that several machines can create props in one library.
            folder = PropFolder(self.path / f"{name}-{secrets.token_hex(4)}")
            try:
                folder.path.mkdir()
            except FileExistsError:
                continue
            return folder

    def folders(self) -> Iterator[PropFolder]:
        """Every folder with a record, sorted by name."""
        if not self.path.is_dir():
            return
        # As texts, since thousands of paths take several times as long.
        root = os.fspath(self.path)
        for name in sorted(os.listdir(root), key=os.path.normcase):
            if os.path.isfile(os.path.join(root, name, RECORD)):
                yield PropFolder(self.path / name)

    def find(self, prop_id: str) -> PropFolder:
        """The prop with this id. :raises InputError: there is none."""
        # Looked up and not listed: with a listing for each id, a thousand ids would be a million
        # looks. An id such as "../other" is no name, and finds nothing.
        folder = PropFolder(self.path / prop_id)
        if _is_name(prop_id) and (folder.path / RECORD).is_file() and self._is_spelled_so(prop_id):
            return folder
        raise InputError(
            f"There is no prop {prop_id} in {self.path}",
            "Check the id and the library folder",
        )

    def _is_spelled_so(self, prop_id: str) -> bool:
        """Whether a folder that was found has this very name, as Windows and macOS find it by other
        letter case, too.
        """
        strict = not os.path.lexists(self.path / prop_id.swapcase())
        return strict or prop_id in os.listdir(self.path)

    def records(self, tell: Tell = log.warning) -> Iterator[tuple[PropFolder, PropRecord]]:
        """Every prop whose record can be read. A damaged record is set aside, and reported only
        that once.
        """
        for folder in self.folders():
            try:
                record = folder.read()
            except BrokenRecordError as error:
                tell(_set_aside(folder, error))
            except LibraryError as error:
                tell(error.facts.sentence)
            else:
                yield folder, record

    def unfinished(self, tell: Tell = log.warning) -> Iterator[PropFolder]:
        """The props whose generation, picture or proxy was interrupted and can be resumed."""
        for folder, record in self.records(tell):
            if not (record.is_resumable or record.is_incomplete):
                continue
            # Resuming would have to write the record.
            if record.is_newer:
                tell(f"{folder.id} was begun by a newer Trellis Props and is left to it")
                continue
            yield folder

    def adopt(self, path: Path) -> PropFolder:
        """Add a folder of this library that has a model but no record, with the state
        ``downloaded``.

        :raises InputError: it is not in this library, has a record, or has no model.
        :raises LibraryError: it cannot be written, or another process is working on it.
        """
        folder = PropFolder(path)
        if path.parent.resolve() != self.path.resolve() or not path.is_dir():
            raise InputError(
                f"{path} is not a folder of the library {self.path}",
                "Move the folder into the library first",
            )
        record_repair.adopt(folder)
        return folder

    def adoptable(self) -> Iterator[PropFolder]:
        """The folders whose record was set aside or is missing, and that still have a model or what
        leads to one.

        A folder with only a model may belong to the user, so it is not adopted unless it is named;
        see :meth:`adopt`.
        """
        aside = {folder.path for folder in record_repair.without_record(self.path)}
        for folder in self.without_record():
            if folder.path in aside or (
                folder.blend.is_file() and record_repair.models(folder.path)
            ):
                yield folder

    def without_record(self) -> Iterator[PropFolder]:
        """The folders without a record that are or may be props, judged by their names
        and files.
        """
        aside = {folder.path for folder in record_repair.without_record(self.path)}
        for path in record_repair.bare_folders(self.path):
            if path not in aside and not _PROP_ID.fullmatch(path.name):
                continue
            made = any((path / name).is_file() for name in (BLEND, THUMBNAIL))
            if made or path in aside or record_repair.models(path):
                yield PropFolder(path)

    def delete(self, prop_id: str, *, permanently: bool = False) -> Path | None:
        """Delete a prop by moving it to the system's trash, from which it can be restored.

        :param permanently: delete its files instead, for systems without a trash.
        :returns: its new path, if that is known.
        :raises InputError: there is no such prop. :raises LockedError: another process is working
            on it. :raises NoBinError: there is no trash for this place; nothing was deleted.
        """
        folder = self.find(prop_id)
        with FolderLock.acquire(folder.path) as lock:
            try:
                with suppress(LibraryError):  # the record may be unreadable
                    # Before the record goes: the day's cost includes props that were deleted.
                    Ledger(self.path).settle(folder)
                if permanently:
                    _erase(folder.path)
                    return None
                lock.lapse_soon()  # it moves along, and a restored prop must not stay locked
                place = send_to_bin(folder.path)
            except OSError as error:
                raise cannot_write(folder.path, error) from error
        if place:
            discard(place / LOCK)
        return place


def _is_name(prop_id: str) -> bool:
    return prop_id not in ("", ".", "..") and Path(prop_id).name == prop_id


def _refuse_own_folder(path: Path) -> None:
    """Refuse a library inside the installed extension's folder, which an update or an uninstall
    deletes.

    :raises LibraryError: the library is inside it. (A checkout may contain a library.)
    """
    installed = (__package__ or "").startswith("bl_ext.")
    if installed and path.resolve().is_relative_to(Path(__file__).resolve().parents[2]):
        raise LibraryError(
            "The library folder is inside the extension's own, which an update deletes",
            NextStep(
                "Choose another folder in the preferences", "Choose another one with --library"
            ),
        )


def _write_references(folder: PropFolder, request: GenerationRequest) -> None:
    try:
        write_references(folder.path, request)
    except OSError as error:
        raise cannot_write(folder.path, error) from error


def _first_record(prop_id: str, request: Mapping[str, Any], origin: Origin) -> PropRecord:
    time = now()
    return PropRecord(
        schema=SCHEMA,
        id=prop_id,
        state=State.REQUESTED,
        created=time,
        request=dict(request),
        history=(Step(state=State.REQUESTED, time=time),),
        # From the id and nothing else, so that even a lost record leads to the same key. The id is
        # random, so no other prop has it.
        origin=origin.model_copy(update={"idempotency_key": f"trellis-{prop_id}"}),
    )


def _set_aside(folder: PropFolder, error: BrokenRecordError) -> str:
    try:
        aside = record_repair.set_aside(folder)
    except LibraryError as hindrance:
        return f"{error.facts.message}. {hindrance.facts.message}"
    if aside is None:
        return f"{error.facts.message}, and was put right by another Blender"
    return f"{error.facts.message}; it is kept as {aside.name}. {error.facts.next_step}"


def _erase(folder: Path) -> None:
    """Delete a folder. It is hidden first, so that no half-deleted prop is ever shown. If it is a
    link, its target is left alone.
    """
    hidden = folder.with_name(f".deleted-{secrets.token_hex(8)}")
    patiently(lambda: folder.rename(hidden))
    if hidden.is_symlink():
        hidden.unlink()
    else:
        patiently(lambda: shutil.rmtree(hidden))
