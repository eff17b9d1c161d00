# SPDX-License-Identifier: GPL-3.0-or-later
"""Has what the page of a report says about the quality of props: rows of facts, and the filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ...core.generation.readiness import USES
from .lines import Line

ANY_USE: Final = "any"
"""The choice of the filter that shows all props."""


def use_choices(lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """The choices of the filter: values, which the style of the page knows, and words."""
    yield ANY_USE, "Any use"
    for use, label in USES.items():
        count = sum(use in line.ready_for for line in lines)
        yield f"for-{use}", f"Ready for {label} {count:,}"


def use_classes(line: Line) -> tuple[str, ...]:
    """The classes of a card, by which the filter finds it. Only known words, as a line may come
    from a file that others have edited.
    """
    return tuple(f"for-{use}" for use in USES if use in line.ready_for)


def quality_rows(line: Line) -> dict[str, str]:
    """The facts of a prop's quality by their labels; "" for what was not measured."""
    edges = {
        "open": line.open_edges,
        "non-manifold": line.non_manifold_edges,
        "flipped": line.flipped_edges,
    }
    share = {"used": line.uv_coverage, "overlap": line.uv_overlap}
    sides = f", up to {line.largest_texture:,} px" if line.largest_texture else ""
    return {
        "Edges": _listed({name: f"{n:,}" for name, n in edges.items() if n is not None}),
        "Floaters": "" if line.floaters is None else f"{line.floaters:,}",
        "Hidden faces": "" if line.hidden_share is None else f"{line.hidden_share:.0%}",
        "UVs": _listed({name: f"{n:.1%}" for name, n in share.items() if n is not None}),
        "Textures": "" if line.textures is None else f"{line.textures:,}{sides}",
        "Files": "" if line.file_bytes is None else f"{line.file_bytes / 1e6:,.1f} MB",
    }


def _listed(values: Mapping[str, str]) -> str:
    return ", ".join(f"{value} {name}" for name, value in values.items())
