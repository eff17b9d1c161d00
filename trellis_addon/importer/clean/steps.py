# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of cleaning in their order, and how they are run and worded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..surface.surface import Limits, Surface
from .duplicates import remove_duplicates, remove_folded
from .floaters import remove_floaters
from .gaps import close_gaps
from .hidden import remove_hidden
from .holes import fill_holes
from .non_manifold import repair_non_manifold
from .seams import close_seams
from .winding import make_consistent_across_gaps, turn_outward


@dataclass(frozen=True)
class Step:
    """One step. ``work`` returns the surface, the same one where there is nothing to do, and how
    many of ``what`` it was about.
    """

    name: str
    work: Callable[[Surface, Limits], tuple[Surface, int]]
    verb: str
    what: str
    """A plural that ends with s."""
    is_safe: bool = True
    """Whether it cannot change the look, so that it also runs by default."""


STEPS: Final = (
    Step("collapsed triangles", remove_folded, "Removed", "collapsed triangles"),
    Step("duplicates", remove_duplicates, "Removed", "duplicate triangles"),
    Step("floaters", remove_floaters, "Removed", "floaters"),
    # Before the holes, as a seam looks like a long one.
    Step("seams", close_seams, "Closed", "open seam edges", False),
    # Before the edges are split, which keeps those faces together that are wound alike.
    Step("winding", make_consistent_across_gaps, "Turned", "flipped triangles", False),
    Step("non-manifold edges", repair_non_manifold, "Repaired", "non-manifold edges", False),
    # After the winding, as the two sides of a gap run in opposite directions.
    Step("gaps", close_gaps, "Closed", "open edges of gaps", False),
    Step("holes", fill_holes, "Filled", "holes", False),
    # After the holes, as only a closed part hides what is in it.
    Step("hidden parts", remove_hidden, "Removed", "hidden triangles"),
    Step("inside out", turn_outward, "Turned", "inside-out triangles"),
)
"""In the order in which they run."""

_BY_NAME: Final = {step.name: step for step in STEPS}
AGAIN: Final = tuple(
    _BY_NAME[name] for name in ("gaps", "holes", "hidden parts", "non-manifold edges")
)
"""These run once more if hidden parts were removed: such a part may have been between the two sides
of a gap, what is closed by now hides more, and two filled holes may have come to share an edge."""


class CleaningError(Exception):
    """A step that failed; the message is its name."""


def clean(surface: Surface, limits: Limits) -> tuple[Surface, Mapping[str, int]]:
    """Run all steps.

    :returns: the surface, the same one if there was nothing to do, and the count of each step that
        did something.
    :raises CleaningError: a step failed, whatever the reason.
    """
    counts: Counter[str] = Counter()
    for step in STEPS:
        if step.is_safe or limits.is_full:
            surface = _run(step, surface, limits, counts)
    if limits.is_full and counts["hidden parts"]:
        before = surface
        for step in AGAIN:
            # Nothing more is hidden if nothing was closed, and looking for it takes longest.
            if step.work is not remove_hidden or surface is not before:
                surface = _run(step, surface, limits, counts)
    return surface, {name: count for name, count in counts.items() if count}


def _run(step: Step, surface: Surface, limits: Limits, counts: Counter[str]) -> Surface:
    """Run one step, and add to its count. :raises CleaningError: it failed."""
    try:
        surface, count = step.work(surface, limits)
    except Exception as error:
        raise CleaningError(step.name) from error
    counts[step.name] += count
    return surface


def words(counts: Mapping[str, int]) -> str:
    """What was done, such as ``Removed 3 floaters and 12,040 hidden triangles``."""
    said: dict[str, list[str]] = {}
    for step in STEPS:
        if count := counts.get(step.name, 0):
            what = step.what[:-1] if count == 1 else step.what
            said.setdefault(step.verb, []).append(f"{count:,} {what}")
    sentences = [f"{verb} {_listed(things)}" for verb, things in said.items()]
    return "; ".join([*sentences[:1], *(each[0].lower() + each[1:] for each in sentences[1:])])


def _listed(things: list[str]) -> str:
    return " and ".join([", ".join(things[:-1])] * (len(things) > 1) + things[-1:])
