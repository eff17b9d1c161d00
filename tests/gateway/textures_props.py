# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials that belong to one kind of prop: glaze, stone, bark, leaves, mushrooms, leather."""

from __future__ import annotations

import numpy as np

from .textures import Canvas, Colour, Field, Material, Texels, mix, ramp, tint


def glaze(body: Colour, pattern: Colour, bands: int = 3, teeth: int = 14) -> Material:
    """Glazed ceramic: rings and rows of triangles around the pot, drawn along v."""

    def paint(canvas: Canvas) -> Texels:
        height = canvas.size[1]
        base = tint(body, 0.97 + 0.06 * canvas.noise(0.1, 0.1, 3) + 0.02 * canvas.noise(0.01, 0.01))
        place = canvas.v / np.float32(height) + 0.004 * canvas.noise(0.05, 0.05)
        saw = np.abs((canvas.u / np.float32(canvas.size[0]) * teeth) % 1.0 - 0.5) * 2
        ink = canvas.full(0.0)
        for index in range(bands):
            middle = 0.30 + 0.32 * index / max(1, bands - 1)
            ring = np.minimum(np.abs(place - middle + 0.055), np.abs(place - middle - 0.055))
            ink = np.maximum(ink, ramp(ring, 0.008, 0.005))
            if index % 2 == 0:
                reach = 0.04 - 0.08 * (1 - saw)
                ink = np.maximum(
                    ink, ramp(_f32(place - middle - reach), 0.0, 0.006) * (place < middle + 0.045)
                )
        base = mix(base, pattern, ink.astype(np.float32) * (0.9 + 0.1 * canvas.noise(0.02, 0.02)))
        return Texels(base, canvas.full(0.0), 0.16 + 0.05 * canvas.noise(0.05, 0.05, 2))

    return paint


def stone(colour: Colour, lichen: float = 0.3) -> Material:
    """Rough stone with cracks and lichen."""

    def paint(canvas: Canvas) -> Texels:
        clouds = canvas.noise(0.22, 0.22, 5)
        grit = canvas.noise(0.004, 0.004) + canvas.noise(0.009, 0.009)
        base = tint(colour, 0.95 + 0.30 * clouds + 0.09 * grit)
        crack = np.abs(canvas.noise(0.35, 0.35, 4))
        base = mix(base, np.asarray(colour) * 0.35, ramp(crack, 0.014, 0.002) * 0.55)
        spots = ramp(canvas.noise(0.10, 0.10, 5), 0.42 - 0.3 * lichen, 0.60 - 0.3 * lichen)
        base = mix(base, (0.42, 0.45, 0.25), spots * 0.55)
        return Texels(base, canvas.full(0.0), 0.88 + 0.06 * grit)

    return paint


def bark(colour: Colour) -> Material:
    """Furrowed bark, furrows along v."""

    def paint(canvas: Canvas) -> Texels:
        ridges = np.abs(canvas.noise(0.035, 0.22, 3))
        shade = 0.55 + 1.3 * ridges + 0.15 * canvas.noise(0.01, 0.03, 2)
        base = tint(colour, np.clip(shade, 0.3, 1.4))
        moss = ramp(canvas.noise(0.2, 0.3, 3), 0.3, 0.7)
        base = mix(base, (0.30, 0.34, 0.14), moss * 0.4)
        return Texels(base, canvas.full(0.0), canvas.full(0.92))

    return paint


def leaves(colour: Colour) -> Material:
    """A mass of leaves: three layers of dabs, the upper ones lighter."""

    def paint(canvas: Canvas) -> Texels:
        base = tint(np.asarray(colour) * 0.42, 1.0 + 0.3 * canvas.noise(0.08, 0.08, 2))
        for size, light in ((0.026, 0.70), (0.021, 0.92), (0.017, 1.15)):
            dabs = canvas.noise(size, size, 2)
            tone = np.clip(np.asarray(colour) * light + (0.05, 0.04, 0.0), 0, 1)
            base = mix(base, tone, ramp(dabs, 0.02, 0.16))
            base = mix(base, tone * 0.45, ramp(np.abs(dabs - 0.05), 0.03, 0.0) * 0.7)
        return Texels(base, canvas.full(0.0), canvas.full(0.8))

    return paint


def mushroom_cap(colour: Colour, spots: int = 26) -> Material:
    """A cap seen from above, with pale warts; the chart is the square around the disc."""

    def paint(canvas: Canvas) -> Texels:
        base = tint(colour, 0.95 + 0.12 * canvas.noise(0.12, 0.12, 3))
        radius = canvas.size[0] / 2
        x, y = canvas.u - radius, canvas.v - radius
        base = mix(base, np.asarray(colour) * 0.62, ramp(np.hypot(x, y) / radius, 0.6, 1.02))
        wobble = 0.012 * canvas.noise(0.03, 0.03, 2)
        for index in range(spots):
            far = radius * np.sqrt((index + 0.3) / spots) * 0.95
            angle = index * 2.39996 + canvas.rng.uniform(-0.3, 0.3)
            size = radius * canvas.rng.uniform(0.055, 0.12)
            away = np.hypot(x - far * np.cos(angle), y - far * np.sin(angle)) + wobble
            base = mix(base, np.asarray(colour) * 0.5, ramp(away, size * 1.25, size) * 0.6)
            base = mix(base, (0.93, 0.90, 0.80), ramp(away, size, size * 0.85))
        return Texels(base, canvas.full(0.0), canvas.full(0.38))

    return paint


def gills(colour: Colour, count: int = 90) -> Material:
    """The underside of a cap: fine lines from the middle to the rim."""

    def paint(canvas: Canvas) -> Texels:
        x, y = canvas.u - canvas.size[0] / 2, canvas.v - canvas.size[1] / 2
        lines = np.cos(np.arctan2(y, x) * count).astype(np.float32)
        depth = np.hypot(x, y) / (canvas.size[0] / 2)
        shade = (0.70 + 0.28 * lines) * (0.55 + 0.45 * np.clip(depth, 0, 1))
        return Texels(tint(colour, shade.astype(np.float32)), canvas.full(0.0), canvas.full(0.9))

    return paint


def wrapped(colour: Colour, turns: float) -> Material:
    """Leather wound around a grip; u runs around it."""

    def paint(canvas: Canvas) -> Texels:
        place = canvas.v / canvas.size[1] * turns + canvas.u / canvas.size[0]
        edge = np.abs(place % 1.0 - 0.5) * 2
        shade = 0.95 + 0.15 * canvas.noise(0.01, 0.01, 2) - 0.65 * ramp(_f32(edge), 0.75, 1.0)
        return Texels(tint(colour, shade), canvas.full(0.0), canvas.full(0.7))

    return paint


def glow(colour: Colour) -> Material:
    """Lit glass or cloth: brightest in the middle of its height."""

    def paint(canvas: Canvas) -> Texels:
        place = np.abs(canvas.v / canvas.size[1] - 0.5) * 2
        light = 1.12 - 0.42 * place**2 + 0.03 * canvas.noise(0.03, 0.03, 2)
        weave = 0.015 * np.sin(canvas.u * 1500) + 0.015 * np.sin(canvas.v * 1500)
        return Texels(tint(colour, _f32(light + weave)), canvas.full(0.0), canvas.full(0.5))

    return paint


def _f32(values: object) -> Field:
    return np.asarray(values, np.float32)
