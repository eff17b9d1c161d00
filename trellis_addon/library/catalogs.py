# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender_assets.cats.txt``: the Asset Browser's own list of catalogs, in the library's root.

Other people's catalogs stand in the same file, and Blender writes it too. So our lines are only
ever added at its end, by their UUID, and everything else stays as it is, byte for byte. A catalog
of ours that the user has moved or renamed keeps its UUID and is left where it is.

Format (Blender manual, Asset Catalogs): comments begin with ``#``, the first other line is
``VERSION 1``, each further one is ``UUID:path/of/the/catalog:Simple Name``.

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

from .atomic import write_atomic

log = logging.getLogger(__name__)

FILE: Final = "blender_assets.cats.txt"
ROOT: Final = "Trellis"
NAMESPACE: Final = uuid.UUID("6d2f1f0c-5b0e-4a39-9c57-0c6b8a4f7e21")
"""Of this product alone: the same catalog has the same UUID in every library of every artist."""

LOCK_SECONDS: Final = 5.0

_VERSION: Final = re.compile(rb"VERSION\s+1")
_HEAD: Final = b"# The asset catalogs of this library. Blender reads and writes this file too.\n\n"


@dataclass(frozen=True)
class Catalog:
    """One catalog: where it stands in the Asset Browser's tree, with ``/`` between the levels."""

    path: str

    @property
    def id(self) -> str:
        """The UUID, as ``asset_data.catalog_id`` takes it."""
        return str(uuid.uuid5(NAMESPACE, self.path))

    @property
    def line(self) -> bytes:
        """Its line in the file, without the line's end."""
        return f"{self.id}:{self.path}:{self.path.replace('/', '-')}".encode()


MAIN: Final = Catalog(ROOT)


def catalog_for(kind: str = "") -> Catalog:
    """The catalog of a prop: ``Trellis``, or ``Trellis/<kind>``.

    :param kind: a word for what it is, such as "furniture"; colons, slashes and line ends, which
        the file's format keeps for itself, become spaces.
    """
    words = " ".join(re.sub(r"[:/\\\x00-\x1f\x7f\u2028\u2029\x85]", " ", kind).split())
    return Catalog(f"{ROOT}/{words[:1].upper()}{words[1:]}") if words else MAIN


def merged(content: bytes, catalogs: Iterable[Catalog]) -> bytes | None:
    """The file's content with our catalogs in it.

    :returns: None when nothing is to be written: all are there, or it is not a format we know.
    """
    lines = [line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").splitlines()]
    telling = [line for line in lines if line and not line.startswith(b"#")]
    if telling and not _VERSION.fullmatch(telling[0]):
        log.warning("%s is left alone: it begins with %r", FILE, telling[0][:40])
        return None
    known = {line.split(b":", 1)[0].strip().lower() for line in telling}
    new = [c.line for c in _with_parents(catalogs) if c.id.encode() not in known]
    if not new:
        return None
    end = b"\r\n" if b"\r\n" in content else b"\n"
    start = content or _HEAD
    if not start.endswith(b"\n"):
        start += end
    if not telling:
        start += b"VERSION 1" + end + end
    return start + b"".join(line + end for line in new)


def _with_parents(catalogs: Iterable[Catalog]) -> list[Catalog]:
    """Each catalog after those above it, each once."""
    found: dict[str, Catalog] = {}
    for catalog in catalogs:
        parts = catalog.path.split("/")
        for count in range(1, len(parts) + 1):
            path = "/".join(parts[:count])
            found.setdefault(path, Catalog(path))
    return list(found.values())


def ensure(library: Path, catalogs: Iterable[Catalog] = (MAIN,)) -> bool:
    """Have the catalogs in the library's file; read, merged, and written in one step.

    Blender does not know our lock: the file is read right before it is replaced, which leaves
    the moment between for a catalog that is saved in the Asset Browser just then.

    :returns: whether the file was changed.
    :raises LibraryError: the folder cannot be written, or somebody keeps its lock.
    """
    from .folder import cannot_write
    from .locks import FolderLock

    wanted = tuple(catalogs)
    path = library / FILE
    try:
        library.mkdir(parents=True, exist_ok=True)
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
        return path.read_bytes()
    except FileNotFoundError:
        return b""
