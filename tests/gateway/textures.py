# SPDX-License-Identifier: GPL-3.0-or-later
"""Painting the charts of an atlas: wood, iron, glaze, stone and the like.

A material paints one chart: it gets a `Canvas` (pixels with their place in metres) and gives
`Texels`: sRGB base colour, metalness and roughness, all 0..1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Field = npt.NDArray[np.float32]
Colour = Sequence[float] | npt.NDArray[Any]


@dataclass(frozen=True)
class Canvas:
    """The pixels of one chart and its margin. `size`: chart in metres; `margin`: in pixels."""

    width: int
    height: int
    margin: int
    size: tuple[float, float]
    grain: str
    closed: bool
    rng: np.random.Generator

    @cached_property
    def u(self) -> Field:
        """Metres from the chart's left side, (1, width)."""
        return _ruler(self.width, self.margin, self.size[0])[None, :]

    @cached_property
    def v(self) -> Field:
        """Metres from the chart's top, (height, 1)."""
        return _ruler(self.height, self.margin, self.size[1])[:, None]

    @property
    def along(self) -> Field:
        """Metres along the grain."""
        return self.u if self.grain == "u" else self.v

    @property
    def across(self) -> Field:
        """Metres across the grain."""
        return self.v if self.grain == "u" else self.u

    def noise(self, cell_u: float, cell_v: float, octaves: int = 1) -> Field:
        """Smooth noise -1..1 with features of the given size in metres, (height, width)."""
        total = np.zeros((self.height, self.width), np.float32)
        weight = 0.0
        for octave in range(octaves):
            share = 0.5**octave
            total += share * self._layer(cell_u * share, cell_v * share)
            weight += share
        return total / np.float32(weight)

    def fibres(self, length: float, width: float, octaves: int = 1) -> Field:
        """Noise stretched along the grain."""
        if self.grain == "u":
            return self.noise(length, width, octaves)
        if self.grain == "v":
            return self.noise(width, length, octaves)
        return self.noise(3 * width, 3 * width, octaves)

    def edge(self) -> Field:
        """Metres to the nearest side of the chart; sides that close on themselves do not count."""
        rise = np.minimum(self.v, self.size[1] - self.v)
        if self.closed:
            return np.broadcast_to(rise, (self.height, self.width))
        return np.asarray(np.minimum(rise, np.minimum(self.u, self.size[0] - self.u)))

    def full(self, value: float) -> Field:
        """A constant field."""
        return np.full((self.height, self.width), value, np.float32)

    def _layer(self, cell_u: float, cell_v: float) -> Field:
        columns = int(np.clip(round(self.size[0] / cell_u), 1, self.width)) + 1
        rows = int(np.clip(round(self.size[1] / cell_v), 1, self.height)) + 1
        lattice = self.rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
        if self.closed:
            lattice[:, -1] = lattice[:, 0]
        picture = Image.fromarray(lattice)
        grown = picture.resize((self.width, self.height), Image.Resampling.BICUBIC)
        return np.asarray(grown, dtype=np.float32)


@dataclass(frozen=True)
class Texels:
    """A painted chart: colour (height, width, 3), metal and rough (height, width)."""

    colour: Field
    metal: Field
    rough: Field


Material = Callable[[Canvas], Texels]


def _ruler(pixels: int, margin: int, length: float) -> Field:
    inner = max(1, pixels - 2 * margin)
    at = (np.arange(pixels, dtype=np.float32) + 0.5 - margin) / inner
    return (np.clip(at, 0, 1) * length).astype(np.float32)


def tint(colour: Colour, amount: Field) -> Field:
    """The colour times a field, (height, width, 3)."""
    return np.asarray(colour, np.float32) * amount[..., None]


def mix(a: Field, b: Colour, share: Field) -> Field:
    """`a` where share is 0, `b` where it is 1."""
    other = np.asarray(b, np.float32)
    return np.asarray(a + (other - a) * share[..., None], np.float32)


def ramp(x: Field, start: float, end: float) -> Field:
    """0 before `start`, 1 after `end`, smooth between; `start` may be the larger one."""
    y = np.clip((x - start) / (end - start), 0, 1)
    return np.asarray(y * y * (3 - 2 * y), np.float32)


def wood(colour: Colour, planks: float = 0.0, wear: float = 0.4, phase: float = 0.0) -> Material:
    """Grained wood. `planks`: width of boards in metres with gaps between them, 0 for one."""

    def paint(canvas: Canvas) -> Texels:
        fibre = canvas.fibres(0.30, 0.012, 3)
        fine = canvas.fibres(0.12, 0.003, 1)
        bend = canvas.fibres(0.5, 0.09, 2)
        rings = np.sin((canvas.across + 0.035 * bend) * (2 * np.pi / 0.028)).astype(np.float32)
        shade = 0.86 + 0.16 * fibre + 0.07 * rings + 0.10 * fine
        shade = shade + 0.08 * canvas.noise(0.25, 0.25, 2)
        dark = canvas.full(0.0)
        if planks:
            place = (canvas.across + np.float32(phase)) / np.float32(planks)
            board = np.floor(place)
            tone = np.random.default_rng(7).uniform(-0.17, 0.17, 64).astype(np.float32)
            shade = shade + tone[board.astype(np.int64) % 64]
            gap = np.abs(place - board - 0.5) - 0.5
            dark = dark + ramp(-np.abs(gap * np.float32(planks)), -0.006, -0.0025)
        pale = ramp(canvas.noise(0.05, 0.05, 3) - 40 * canvas.edge(), -0.25, 0.5) * wear
        base = mix(tint(colour, shade), np.clip(np.asarray(colour) * 1.25 + 0.08, 0, 1), pale)
        base = mix(base, np.asarray(colour) * 0.18, np.clip(dark, 0, 1))
        return Texels(base, canvas.full(0.0), 0.72 - 0.12 * fibre + 0.15 * dark)

    return paint


def metal(colour: Colour, rust: float = 0.3, rough: float = 0.45, rivets: float = 0.0) -> Material:
    """Bare metal, worn and a little rusty. `rivets`: distance in metres along u, 0 for none."""

    def paint(canvas: Canvas) -> Texels:
        cloud = canvas.noise(0.09, 0.09, 4)
        shade = 0.92 + 0.22 * cloud + 0.06 * canvas.noise(0.004, 0.004)
        base = tint(colour, shade)
        spots = ramp(canvas.noise(0.05, 0.05, 4), 0.55 - 0.6 * rust, 0.95 - 0.6 * rust)
        base = mix(base, (0.36, 0.19, 0.09), spots * min(1.0, 1.2 * rust))
        wear = ramp(canvas.edge(), 0.008, 0.001) * 0.45
        base = mix(base, np.clip(np.asarray(colour) * 1.5 + 0.08, 0, 1), wear)
        if rivets:
            du = (canvas.u / rivets + 0.5) % 1.0 - 0.5
            far = np.hypot(du * rivets, canvas.v - canvas.size[1] / 2)
            base = mix(base, np.asarray(colour) * 0.35, ramp(far, 0.016, 0.012))
            base = mix(base, np.clip(np.asarray(colour) * 1.9, 0, 1), ramp(far, 0.012, 0.006))
        return Texels(base, 1.0 - 0.8 * spots, np.clip(rough + 0.15 * cloud + 0.3 * spots, 0, 1))

    return paint


def plain(
    colour: Colour, rough: float = 0.6, speckle: float = 0.06, shiny: float = 0.0
) -> Material:
    """One colour with soft variation: cloth, paper, glass, glaze."""

    def paint(canvas: Canvas) -> Texels:
        shade = 1.0 + speckle * canvas.noise(0.08, 0.08, 3) + speckle * canvas.noise(0.006, 0.006)
        return Texels(tint(colour, shade), canvas.full(shiny), canvas.full(rough))

    return paint
