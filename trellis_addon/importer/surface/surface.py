# SPDX-License-Identifier: GPL-3.0-or-later
"""The surface that the steps of cleaning pass on, and what they may know about the prop.

Every triangle remembers from which triangle of the received mesh it comes, and every corner from
which corner. So UVs, normals, colours and materials follow at the end, whatever was done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..mesh.surface_faults import PartSizes, sizes_of
from ..mesh.topology import Edges, Flags, edges_from, edges_of, parts_of
from ..mesh.vertex_welding import Floats, Integers, weld

Known = tuple[Integers, Integers]
"""The ends of edges (E, 2), and the edge from each corner to the next one (F, 3)."""


@dataclass(frozen=True)
class Limits:
    """What the steps may do, and how large the prop is."""

    diagonal: float
    """Of the whole prop's bounds, in the units of the mesh."""
    is_full: bool = False
    """Whether steps may also change what can be seen."""


@dataclass(frozen=True)
class Received:
    """The received triangles. Shapes: slots (F,), uvs (3F, 2) or None, clear (S,)."""

    slots: Integers
    """The material slot of each triangle."""
    clear: Flags
    """Which slots have a material that one can see through, by its alpha or as glass."""
    uvs: Floats | None = None


@dataclass(frozen=True)
class Surface:
    """Welded triangles. Shapes: points (V, 3), corners (T, 3), loops (T, 3), faces (T,),
    turned (T,).
    """

    points: Floats
    corners: Integers
    loops: Integers
    """The received corner whose UV, normal and colour each corner has."""
    faces: Integers
    """The received triangle whose material each triangle has."""
    turned: Flags
    """Which triangles are wound the other way than the received ones."""
    received: Received

    @classmethod
    def of(
        cls, points: Floats, corners: Integers, received: Received, known: Known | None = None
    ) -> Surface:
        """Weld a mesh of triangles: points (V, 3), corners (F, 3).

        :param known: the mesh's own edges, which are used if nothing is welded.
        """
        kept, group = weld(points)
        count = len(corners)
        made = cls(
            points[kept],
            group[corners],
            np.arange(3 * count, dtype=np.int32).reshape(-1, 3),
            np.arange(count, dtype=np.int32),
            np.zeros(count, dtype=bool),
            received,
        )
        if known and len(kept) == len(points):
            # Where the cached property keeps its value. Any other surface finds its own edges.
            made.__dict__["edges"] = edges_from(*known, made.corners)
        return made

    @cached_property
    def edges(self) -> Edges:
        """The edges of the triangles."""
        return edges_of(self.corners)

    @cached_property
    def parts(self) -> Integers:
        """The connected part of each triangle; (T,)."""
        return parts_of(self.corners, len(self.points))

    @cached_property
    def sizes(self) -> PartSizes:
        """The sizes of the parts."""
        return sizes_of(self.points, self.corners, self.parts)

    @cached_property
    def closed(self) -> Flags:
        """Which parts (P,) are closed: every edge has an even number of faces.

        Then any ray from a point crosses the part an odd number of times only if nothing can come
        from there to the outside without crossing it, however its faces are wound.
        """
        odd = self.touching(self.edges.count % 2 == 1)
        return np.asarray(np.bincount(self.parts[odd], minlength=self.part_count) == 0)

    @cached_property
    def part_count(self) -> int:
        """How many parts there are."""
        return int(np.max(self.parts)) + 1 if len(self.parts) else 0

    def touching(self, edges: Flags) -> Flags:
        """Which triangles (T,) have one of the edges (E,)."""
        of = self.edges.of
        # By columns, as numpy takes ten times as long for `any` along a short axis.
        return np.asarray(edges[of[:, 0]] | edges[of[:, 1]] | edges[of[:, 2]])

    @property
    def clear(self) -> Flags:
        """Which triangles (T,) one can see through."""
        return self.received.clear[self.received.slots[self.faces]]

    def kept(self, keep: Flags) -> Surface:
        """Keep some of the triangles (T,)."""
        return replace(
            self,
            corners=self.corners[keep],
            loops=self.loops[keep],
            faces=self.faces[keep],
            turned=self.turned[keep],
        )

    def wound(self, turn: Flags) -> Surface:
        """Turn some of the triangles (T,), so that their other side is the outer one."""
        corners, loops = self.corners.copy(), self.loops.copy()
        corners[turn] = corners[turn][:, ::-1]
        loops[turn] = loops[turn][:, ::-1]
        return replace(self, corners=corners, loops=loops, turned=self.turned ^ turn)

    def added(self, points: Floats, corners: Integers, loops: Integers, of: Integers) -> Surface:
        """Add triangles, and the points that they need.

        :param points: (N, 3), numbered from ``len(self.points)`` on.
        :param of: (M,), the present triangle that each new one takes after.
        """
        return replace(
            self,
            points=np.concatenate([self.points, points]).astype(np.float32),
            corners=np.concatenate([self.corners, corners]).astype(np.int32),
            loops=np.concatenate([self.loops, loops]).astype(np.int32),
            faces=np.concatenate([self.faces, self.faces[of]]),
            turned=np.concatenate([self.turned, self.turned[of]]),
        )
