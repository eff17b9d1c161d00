# SPDX-License-Identifier: GPL-3.0-or-later
"""``export.json``: what an export for a destination has written, and from what.

It tells which files belong to which prop, so that nothing else is overwritten, and whether they are
still what the prop and the destination would give, so that nothing is exported twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ..core.destinations.destination import Destination
from ..core.files.held_files import SOON_SECONDS, read_bytes
from ..library.disk.atomic_files import sha256_of, write_atomic

MANIFEST: Final = "export.json"
EXPORTS: Final = "exports"
"""The folder of a prop with a folder for each destination."""
SUMS: Final = "SHA256SUMS"
"""The same checksums beside it, as ``sha256sum -c`` reads them."""
SCHEMA: Final = 1
_FACTS: Final = ("digest", "edited", "model", "blender", "product")


@dataclass(frozen=True)
class WrittenFile:
    """One exported file as it was when it was completed."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """The contents of ``export.json``."""

    prop: str
    """The prop's id."""
    destination: str
    digest: str = ""
    """Changes with how the destination's files are written; see :func:`digest_of`."""
    edited: str = ""
    """The SHA-256 of the exported ``.blend``, if it was changed since it was made; otherwise "",
    as model and settings tell all about it."""
    model: str = ""
    """The SHA-256 of the received model."""
    finishing: Mapping[str, Any] = field(default_factory=dict)
    """The settings with which the prop was finished."""
    files: Mapping[str, WrittenFile] = field(default_factory=dict)
    """By their paths relative to the folder, with slashes."""
    notes: tuple[str, ...] = ()
    blender: str = ""
    """The version of the Blender that has written them."""
    product: str = ""
    """The version of this product."""

    def paths(self, folder: Path) -> tuple[Path, ...]:
        """The files in a folder."""
        return tuple(folder / name for name in self.files)

    def paths_with_hashes(self, folder: Path) -> dict[Path, str]:
        """The files in a folder, each with its SHA-256."""
        return {folder / name: file.sha256 for name, file in self.files.items()}

    def faults(self, folder: Path) -> Iterator[tuple[str, str]]:
        """The files that are not as they were written, each with the reason."""
        for name, known in self.files.items():
            path = folder / name
            try:
                # The size first, as a wrong one spares reading the whole file.
                if path.stat().st_size != known.bytes or sha256_of(path) != known.sha256:
                    yield name, "has other content than when it was exported"
            except FileNotFoundError:
                yield name, "is missing"
            except OSError as error:
                yield name, f"cannot be read: {(error.strerror or str(error)).lower()}"

    def write(self, folder: Path, name: str = MANIFEST) -> None:
        """Write it atomically. :raises OSError: the folder cannot be written."""
        write_atomic(folder / name, self.to_json())

    def write_sums(self, folder: Path, name: str = SUMS) -> None:
        """Write the checksums for ``sha256sum -c``. :raises OSError: the folder cannot be
        written.
        """
        lines = (f"{entry.sha256}  {file}\n" for file, entry in sorted(self.files.items()))
        write_atomic(folder / name, "".join(lines).encode())

    def to_json(self) -> bytes:
        """The file's content."""
        values = {"schema": SCHEMA, **asdict(self), "notes": list(self.notes)}
        return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()


def digest_of(destination: Destination, name: str) -> str:
    """The digest of how a prop of this name is exported; labels and finishing are left out."""
    values = {"name": name, "export": destination.export.to_dict()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path, name: str = MANIFEST) -> Manifest | None:
    """The manifest of an export's folder; None if there is none, or it is no such file."""
    try:
        raw = json.loads(read_bytes(folder / name, SOON_SECONDS))
        files = {str(name): _file(entry) for name, entry in raw["files"].items()}
        found = Manifest(
            prop=str(raw["prop"]),
            destination=str(raw["destination"]),
            finishing=dict(raw["finishing"]),
            files=files,
            notes=tuple(str(note) for note in raw["notes"]),
            **{name: str(raw[name]) for name in _FACTS},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    # It may have been edited: nothing outside of the folder is ever taken for a file of an export.
    return found if raw.get("schema") == SCHEMA and all(map(_is_inside, files)) else None


def exports_of(prop: Path) -> dict[str, Manifest]:
    """The exports in a prop's own folder, by the names of their folders."""
    found = {path.parent.name: path.parent for path in sorted(prop.glob(f"{EXPORTS}/*/{MANIFEST}"))}
    read = {name: read_manifest(folder) for name, folder in found.items()}
    return {name: manifest for name, manifest in read.items() if manifest is not None}


def written(folder: Path, path: Path) -> WrittenFile:
    """The entry of a file that was just exported. :raises OSError: it cannot be read."""
    return WrittenFile(sha256_of(folder / path), (folder / path).stat().st_size)


def _file(entry: Any) -> WrittenFile:
    return WrittenFile(str(entry["sha256"]), int(entry["bytes"]))


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name
