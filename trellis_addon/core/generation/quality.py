# SPDX-License-Identifier: GPL-3.0-or-later
"""How good the mesh of a prop is: what was measured when it was finished, as plain values.

The record keeps these facts, and not what follows from them (see ``readiness``), so that a later
version with other limits judges earlier props, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

SCHEMA: Final = 1

IN_RECORD: Final = "quality"
"""Its name among the facts of ``prop`` in the record. Props of earlier versions have none."""

_MOST: Final = 1e12


@dataclass(frozen=True)
class Quality:
    """The facts. None means that it was not measured, such as the UVs of a prop without any."""

    triangles: int
    open_edges: int | None = None
    """Edges with one face: the borders of holes, and of sheets such as leaves."""
    non_manifold_edges: int | None = None
    """Edges with more than two faces."""
    flipped_edges: int | None = None
    """Edges whose two faces are wound in opposite directions."""
    floaters: int | None = None
    """Parts that are very small and touch nothing else."""
    hidden_share: float | None = None
    """The share of the triangles that cannot be seen from anywhere outside, from a sample."""
    uv_overlap: float | None = None
    """The share of the used UV space that more than one triangle uses."""
    uv_coverage: float | None = None
    """The share of the unit square that any triangle uses."""
    textures: int = 0
    largest_texture: int = 0
    """The longest side of any texture in pixels."""
    file_bytes: int | None = None
    """The size of the prop's ``.blend`` and its textures together."""

    @property
    def megabytes(self) -> float | None:
        """The size of its files in MB (10^6 bytes)."""
        return None if self.file_bytes is None else self.file_bytes / 1e6

    def to_dict(self) -> dict[str, Any]:
        """The facts for the pipe and the record, without those that were not measured."""
        return {"schema": SCHEMA} | {k: v for k, v in asdict(self).items() if v is not None}

    @classmethod
    def from_raw(cls, raw: Any) -> Quality | None:
        """Read the facts from a record, which others may have edited; None if there are none.

        Unknown fields are ignored, and so are values that are no numbers from 0 on.
        """
        if not isinstance(raw, Mapping):
            return None
        known = {f.name: _number(raw.get(f.name), f.name) for f in fields(cls)}
        if known["triangles"] is None:
            return None
        return cls(**{name: value for name, value in known.items() if value is not None})


_SHARES: Final = ("hidden_share", "uv_overlap", "uv_coverage")


def _number(value: Any, name: str) -> Any:
    # To Python, true is a number as well.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or not 0 <= value <= (1 if name in _SHARES else _MOST):
        return None
    return float(value) if name in _SHARES else int(value)
