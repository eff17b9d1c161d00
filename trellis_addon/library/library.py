# SPDX-License-Identifier: GPL-3.0-or-later
"""The library: all props of one folder."""

from __future__ import annotations

import logging
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
from ..core.files import BLEND, RECORD, THUMBNAIL, path_as_text, readable
from ..core.request import GenerationRequest
from ..core.text import slug
from . import mending
from .atomic import sync_folder
from .bin import send_to_bin
from .folder import PropFolder, cannot_write
from .ledger import Ledger
from .locks import LOCK, FolderLock
from .record import SCHEMA, Origin, PropRecord, Step, now

if TYPE_CHECKING:
    from ..gateway.source_url import SourceUrl

log = logging.getLogger(__name__)

_PROP_ID: Final = re.compile(r"[^.].*-[0-9a-f]{8}")

Tell = Callable[[str], None]
"""Takes one sentence for the user."""


@dataclass(frozen=True)
class Library:
    """A folder of prop folders. Holds the path only."""

    path: Path

    def create(
        self,
        request: GenerationRequest,
        base_url: str,
        endpoint: str,
        finishing: Mapping[str, Any] | None = None,
    ) -> PropFolder:
        """A new folder with its first record, before anything is sent.

        :param finishing: see ``core.finishing.Finishing.to_dict``; None: its defaults.
        :raises LibraryError: when the folder cannot be made or written.
        """
        folder, lock = self.create_locked(request, base_url, endpoint, finishing)
        lock.release()
        return folder

    def create_locked(
        self,
        request: GenerationRequest,
        base_url: str,
        endpoint: str,
        finishing: Mapping[str, Any] | None = None,
    ) -> tuple[PropFolder, FolderLock]:
        """As :meth:`create`, with the folder's lock in hand before anybody can see the record.

        :raises LibraryError: when the folder cannot be made or written.
        """
        _refuse_own_folder(self.path)
        origin = Origin(base_url=base_url, endpoint=endpoint)
        name = slug(request.name or request.prompt)
        return self._create(name, request.model_dump(), origin, finishing)

    def create_import(
        self,
        source: Path | SourceUrl,
        finishing: Mapping[str, Any] | None = None,
        root: Path | None = None,
    ) -> tuple[PropFolder, FolderLock]:
        """A folder for a model that is on this disk or on the web, with its first record and its
        lock.

        The record names the source, so that an interrupted import can go on.

        :param root: the folder that the user has given, where the source was found in one.
        :raises LibraryError: when the folder cannot be made or written.
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
    ) -> tuple[PropFolder, FolderLock]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            folder = self._new_folder(name)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        lock = FolderLock.acquire(folder.path)
        try:
            record = _first_record(folder.id, request, origin)
            folder.write(record.model_copy(update={"finishing": dict(finishing or {})}))
            sync_folder(self.path)
        except BaseException:
            lock.release()
            shutil.rmtree(folder.path, ignore_errors=True)  # a folder without a record is no prop
            raise
        return folder, lock

    def _new_folder(self, name: str) -> PropFolder:
        while True:
            folder = PropFolder(self.path / f"{name}-{secrets.token_hex(4)}")
            try:
                folder.path.mkdir()
            except FileExistsError:
                continue
            return folder

    def folders(self) -> Iterator[PropFolder]:
        """Every folder with a record, in the order of their names."""
        if not self.path.is_dir():
            return
        for path in sorted(self.path.iterdir()):
            if (path / RECORD).is_file():
                yield PropFolder(path)

    def find(self, prop_id: str) -> PropFolder:
        """The prop of this id.

        :raises InputError: when there is none; path parts in the id find nothing.
        """
        for folder in self.folders():
            if folder.id == prop_id:
                return folder
        raise InputError(
            f"There is no prop {prop_id} in {self.path}",
            "Check the id and the library folder",
        )

    def records(self, tell: Tell = log.warning) -> Iterator[tuple[PropFolder, PropRecord]]:
        """Every prop whose record can be read. A damaged one is set aside and told, once."""
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
        """The props whose generation was interrupted, so that it can go on."""
        for folder, record in self.records(tell):
            if not record.can_go_on:
                continue
            if record.is_newer:
                tell(f"{folder.id} was begun by a newer Trellis Props and is left to it")
                continue
            yield folder

    def adopt(self, path: Path) -> PropFolder:
        """Take a folder of this library with a model but no record back in, as ``downloaded``.

        :raises InputError: it is elsewhere, has a record, or has no model.
        :raises LibraryError: it cannot be written, or somebody is working on it.
        """
        folder = PropFolder(path)
        if path.parent.resolve() != self.path.resolve() or not path.is_dir():
            raise InputError(
                f"{path} is not a folder of the library {self.path}",
                "Move the folder into the library first",
            )
        mending.adopt(folder)
        return folder

    def adoptable(self) -> Iterator[PropFolder]:
        """The folders whose record was set aside or is gone, and whose model, or what leads to it,
        is there.

        A folder with a model alone is somebody's own until it is named: see :meth:`adopt`.
        """
        aside = {folder.path for folder in mending.without_record(self.path)}
        for folder in self.without_record():
            if folder.path in aside or (folder.blend.is_file() and mending.models(folder.path)):
                yield folder

    def without_record(self) -> Iterator[PropFolder]:
        """The folders that are or may be props by their names and files, and have no record."""
        if not self.path.is_dir():
            return
        aside = {folder.path for folder in mending.without_record(self.path)}
        for path in sorted(self.path.iterdir()):
            ours = path in aside or _PROP_ID.fullmatch(path.name)
            if not ours or not path.is_dir() or (path / RECORD).exists():
                continue
            made = any((path / name).is_file() for name in (BLEND, THUMBNAIL))
            if made or path in aside or mending.models(path):
                yield PropFolder(path)

    def delete(self, prop_id: str, *, permanently: bool = False) -> Path | None:
        """Take a prop out of the library: into the system's bin, from where it can come back.

        :param permanently: delete its files instead, where there is no bin.
        :returns: where it is now, if that is known.
        :raises InputError: there is no such prop.
        :raises LockedError: somebody is working on it.
        :raises NoBinError: there is no bin for this place; nothing was deleted.
        """
        folder = self.find(prop_id)
        with FolderLock.acquire(folder.path):
            try:
                with suppress(LibraryError):  # of a record that tells nothing
                    Ledger(self.path).settle(folder)
                if permanently:
                    _erase(folder.path)
                    return None
                place = send_to_bin(folder.path)
            except OSError as error:
                raise cannot_write(folder.path, error) from error
        if place:
            # It went along with the folder; whoever restores that is not locked out.
            (place / LOCK).unlink(missing_ok=True)
        return place


def _refuse_own_folder(path: Path) -> None:
    """An update or an uninstall deletes the installed extension's folder, with all in it.

    :raises LibraryError: the library is to be there. (A checkout may hold one.)
    """
    installed = (__package__ or "").startswith("bl_ext.")
    if installed and path.resolve().is_relative_to(Path(__file__).resolve().parents[2]):
        raise LibraryError(
            "The library folder is inside the extension's own, which an update deletes",
            "Choose another folder in the preferences",
        )


def _first_record(prop_id: str, request: Mapping[str, Any], origin: Origin) -> PropRecord:
    time = now()
    return PropRecord(
        schema=SCHEMA,
        id=prop_id,
        state=State.REQUESTED,
        created=time,
        request=dict(request),
        history=(Step(state=State.REQUESTED, time=time),),
        origin=origin.model_copy(update={"idempotency_key": f"trellis-{prop_id}"}),
    )


def _set_aside(folder: PropFolder, error: BrokenRecordError) -> str:
    try:
        aside = mending.set_aside(folder)
    except LibraryError as hindrance:
        return f"{error.facts.message}. {hindrance.facts.message}"
    if aside is None:
        return f"{error.facts.message}, and was put right by another Blender"
    return f"{error.facts.message}; it is kept as {aside.name}. {error.facts.next_step}"


def _erase(folder: Path) -> None:
    """Hidden first, so that no half-deleted prop is ever seen; a link's target is left alone."""
    hidden = folder.with_name(f".deleted-{secrets.token_hex(8)}")
    folder.rename(hidden)
    if hidden.is_symlink():
        hidden.unlink()
    else:
        shutil.rmtree(hidden)
