# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender_assets.cats.txt``: the Asset Browser's own list of catalogs, in the library's root.

The user's own catalogs are in the same file, and Blender writes to it too. So our lines are only
ever appended, identified by their UUIDs, and everything else stays the same, byte for byte. A
catalog of ours that the user has moved or renamed keeps its UUID and is left where it is.

Format (Blender manual, Asset Catalogs): comments begin with ``#``, the first other line is
``VERSION 1``, and each following line is ``UUID:path/of/the/catalog:Simple Name``.

Usable without pydantic: the background Blender needs the UUIDs.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..core.files.held_files import SOON_SECONDS, read_bytes
from .disk.atomic_files import write_atomic

log = logging.getLogger(__name__)

FILE: Final = "blender_assets.cats.txt"
NAMESPACE: Final = uuid.UUID("6d2f1f0c-5b0e-4a39-9c57-0c6b8a4f7e21")
"""The namespace of our UUIDs: the same catalog has the same UUID in every library."""

LOCK_SECONDS: Final = 5.0

_VERSION: Final = re.compile(rb"VERSION\s+1")
_HEAD: Final = b"# The asset catalogs of this library. Blender reads and writes this file too.\n\n"


@dataclass(frozen=True)
class Catalog:
    """One catalog, given by its path in the Asset Browser's tree, with ``/`` between the levels."""

    path: str

    @property
    def id(self) -> str:
        """The UUID, in the form of ``asset_data.catalog_id``."""
        return str(uuid.uuid5(NAMESPACE, self.path))

    @property
    def line(self) -> bytes:
        """Its line in the file, without the line ending."""
        return f"{self.id}:{self.path}:{self.path.replace('/', '-')}".encode()


MAIN: Final = Catalog("Trellis")


def merged(content: bytes, catalogs: Iterable[Catalog]) -> bytes | None:
    """Add our catalogs to the file's content.

    :returns: None if nothing is to be written: all of them are there, or the format is unknown.
    """
    lines = [line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").splitlines()]
    telling = [line for line in lines if line and not line.startswith(b"#")]
    # A future version of the format must not be damaged by lines of this one.
    if telling and not _VERSION.fullmatch(telling[0]):
        log.warning("%s is left alone: it begins with %r", FILE, telling[0][:40])
        return None
    # The UUID is what counts: the user may have renamed the catalog or moved it in the tree.
    known = {line.split(b":", 1)[0].strip().lower() for line in telling}
    new = [c.line for c in _with_parents(catalogs) if c.id.encode() not in known]
    if not new:
        return None
    # The user may have edited the file on Windows.
    end = b"\r\n" if b"\r\n" in content else b"\n"
    start = content or _HEAD
    if not start.endswith(b"\n"):
        start += end
    if not telling:
        start += b"VERSION 1" + end + end
    return start + b"".join(line + end for line in new)


def _with_parents(catalogs: Iterable[Catalog]) -> list[Catalog]:
    """The catalogs and their parents, each once and parents first."""
    found: dict[str, Catalog] = {}
    for catalog in catalogs:
        parts = catalog.path.split("/")
        for count in range(1, len(parts) + 1):
            path = "/".join(parts[:count])
            found.setdefault(path, Catalog(path))
    return list(found.values())


def ensure(library: Path, catalogs: Iterable[Catalog] = (MAIN,)) -> bool:
    """Make sure that the library's file has these catalogs.

    Blender does not respect our lock. The file is read right before it is replaced, so only a
    catalog that Blender saves in that very moment could be lost.

    :returns: whether the file was changed.
    :raises LibraryError: the folder cannot be written, or another process keeps its lock.
    """
    from .folder_lock import FolderLock
    from .prop_folder import cannot_write

    wanted = tuple(catalogs)
    path = library / FILE
    try:
        library.mkdir(parents=True, exist_ok=True)
        # Without the lock first: usually nothing is missing.
        if merged(_content(path), wanted) is None:
            return False
        with FolderLock.acquire(library, LOCK_SECONDS, sole_writer=False):
            content = merged(_content(path), wanted)
            if content is None:
                return False
            write_atomic(path, content)
            return True
    except OSError as error:
        raise cannot_write(library, error) from error


def _content(path: Path) -> bytes:
    try:
        return read_bytes(path, SOON_SECONDS)
    except FileNotFoundError:
        return b""
