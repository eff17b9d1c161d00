# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts an object out of its picture by colour, in numpy: what is like the picture's border and
joined to it becomes transparent.

This finds plain, graded and softly patterned backgrounds, and not an object before a room or a
meadow. Where the result is doubtful there is none: a wrong cut would make a worse prop than the
background does, which the model's own host removes as well as it can.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""Rows, columns, red green blue alpha, from 0 to 1."""
Mask = NDArray[np.bool_]

WORKING: Final = 384
"""The longest side at which the object is looked for; the result is refined at the full size."""
SHADES: Final = 8
"""How many colours the background may be made of."""
TOLERANCES: Final = (2.2, 3.0)
"""How far from the background's colours a pixel may be, in their own spread. The two have to agree
about the object, or else its edge is not where the colours say."""
LEAST_SPREAD: Final = 0.018
"""In the units of colour: a plain background has noise of its own, as in a JPEG file."""
MOST_SPREAD: Final = 0.085
"""A background whose colours are further apart is a scene."""
OBJECT_SHARE: Final = (0.04, 0.85)
"""The share of the picture that an object covers."""
MOST_AT_BORDER: Final = 0.15
"""The share of the border that may belong to the object."""
STEP: Final = 0.03
"""The most that a shadow changes from one pixel of the working size to the next."""
HUE: Final = 0.05
DARKER: Final = 0.3
LIGHTER: Final = 0.12
"""How much darker or lighter than the border the background may become, in units of colour."""
MAIN_PART: Final = 0.9
"""The share of everything before the background that one object must have."""
LEAST_HOLE: Final = 0.002
"""The share of the picture from which an enclosed part in the background's colours is a hole."""
EDGE: Final = 0.05
"""How much the colours change at least at the edge of an object."""
CLEAR_OUTLINE: Final = 0.85
"""The share of an object's outline that has to be such an edge."""
AGREEMENT: Final = 0.94
"""The share of both masks together that both have to have."""


class UnclearError(Exception):
    """The object cannot be told from its background; the text says why."""


def cut_out(pixels: Pixels) -> Pixels:
    """The picture with a transparent background. :raises UnclearError: it would be a guess."""
    small = _shrunk(pixels)
    colours = _colours(small)
    shades, spread = _shades_of_border(colours)
    if spread > MOST_SPREAD:
        raise UnclearError("The background has too many colours")
    distance, like = _distance(colours, shades), _shaded_like(colours, shades)
    edges = _steps(colours)
    tight, loose = (
        _object(
            distance,
            like & (edges <= STEP * tolerance / TOLERANCES[1]),
            spread * tolerance,
        )
        for tolerance in TOLERANCES
    )
    _check(tight, loose)
    if _outline(loose, edges) < CLEAR_OUTLINE:
        raise UnclearError("The object has the colours of its background")
    return _with_alpha(pixels, loose)


def has_alpha(pixels: Pixels) -> bool:
    """Whether a part of the picture is transparent already."""
    return bool((pixels[..., 3] < 0.5).mean() > 0.01)


def _shrunk(pixels: Pixels) -> Pixels:
    """The picture at the working size, by means of blocks."""
    step = max(1, -(-max(pixels.shape[:2]) // WORKING))
    rows, columns = pixels.shape[0] // step, pixels.shape[1] // step
    if min(rows, columns) < 16:
        raise UnclearError("The picture is too small")
    whole = pixels[: rows * step, : columns * step]
    blocks = whole.reshape(rows, step, columns, step, 4)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def _colours(pixels: Pixels) -> Pixels:
    """Lightness and two differences of colour, in which equal distances look about equal. Lightness
    counts less, as shadows and gradients change it.
    """
    red, green, blue = (pixels[..., channel] for channel in range(3))
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.stack([0.7 * light, red - light, blue - light], axis=-1).astype(np.float32)


def _border(values: NDArray[Any], width: int = 0) -> NDArray[Any]:
    """The values in a frame along the picture's border, one after the other."""
    wide = width or max(2, min(values.shape[:2]) // 40)
    inner = np.ones(values.shape[:2], bool)
    inner[wide:-wide, wide:-wide] = False
    return values[inner]


def _shades_of_border(colours: Pixels) -> tuple[Pixels, float]:
    """The main colours of the border, and how far its pixels are from them.

    By k-means, begun with the colours that are farthest from each other, so that the same picture
    always gives the same result.
    """
    samples = _border(colours)
    shades = samples[:1]
    for _ in range(SHADES - 1):
        away = _distance(samples, shades)
        shades = np.concatenate([shades, samples[np.argmax(away)][None]])
    for _ in range(8):
        nearest = _nearest(samples, shades)
        shades = np.stack(
            [
                samples[nearest == n].mean(axis=0) if (nearest == n).any() else shades[n]
                for n in range(len(shades))
            ]
        )
    counts = np.bincount(_nearest(samples, shades), minlength=len(shades))
    # A colour with few pixels is that of an object which reaches the border.
    shades = shades[counts >= 0.03 * len(samples)]
    spread = float(np.quantile(_distance(samples, shades), 0.85))
    return shades.astype(np.float32), max(spread, LEAST_SPREAD)


def _nearest(samples: Pixels, shades: Pixels) -> NDArray[np.int64]:
    return np.stack([((samples - s) ** 2).sum(axis=-1) for s in shades]).argmin(axis=0)


def _distance(colours: Pixels, shades: Pixels) -> Pixels:
    """How far each pixel is from the nearest of the colours."""
    found = np.full(colours.shape[:-1], np.inf, np.float32)
    for shade in shades:
        np.minimum(found, ((colours - shade) ** 2).sum(axis=-1), out=found)
    return np.sqrt(found)


def _shaded_like(colours: Pixels, shades: Pixels) -> Mask:
    """Where a pixel may be the background in shadow or light: of the same hue."""
    found = np.zeros(colours.shape[:-1], bool)
    for shade in shades:
        # Less light makes all three smaller by the same factor.
        factor = colours[..., :1] / max(float(shade[0]), 0.01)
        hue = np.linalg.norm(colours[..., 1:] - factor * shade[1:], axis=-1)
        apart = colours[..., 0] - shade[0]
        found |= (hue <= HUE) & (apart >= -DARKER) & (apart <= LIGHTER)
    return found


def _steps(colours: Pixels) -> Pixels:
    """How much each pixel differs from its neighbours: little in a soft shadow, much at an edge."""
    found = np.zeros(colours.shape[:-1], np.float32)
    for axis in (0, 1):
        step = np.abs(np.diff(colours, axis=axis)).sum(axis=-1)
        ends = [(0, 1), (0, 0)] if axis == 0 else [(0, 0), (0, 1)]
        found = np.maximum(found, np.pad(step, ends))
        found = np.maximum(found, np.pad(step, [pair[::-1] for pair in ends]))
    return found


def _object(distance: Pixels, shaded: Mask, tolerance: float) -> Mask:
    """The largest part that the background does not reach from the border, without its holes.

    :raises UnclearError: a good part of what is left is elsewhere.
    """
    left = ~reached((distance <= tolerance) | shaded)
    found = largest(left)
    if found.sum() < MAIN_PART * left.sum():
        raise UnclearError("There is no single object before the background")
    return found & ~_holes(found, distance, tolerance)


def _holes(mask: Mask, distance: Pixels, tolerance: float) -> Mask:
    """The enclosed parts that have the background's very colours, such as below a handle."""
    left = mask & (distance <= 0.6 * tolerance)
    found = np.zeros_like(mask)
    while left.sum() >= LEAST_HOLE * mask.size:
        part = largest(left)
        if part.sum() < LEAST_HOLE * mask.size:
            break
        found |= part
        left &= ~part
    return found


def reached(allowed: Mask) -> Mask:
    """The pixels that can be reached from the border over allowed ones, side by side.

    Whole runs of a row or a column are reached at once, so that a picture takes a dozen passes
    instead of one for each pixel of the longest way.
    """
    found = np.zeros_like(allowed)
    found[[0, -1]] = allowed[[0, -1]]
    found[:, [0, -1]] = allowed[:, [0, -1]]
    before = -1
    while (count := int(found.sum())) != before:
        before = count
        found = _along_rows(found, allowed)
        found = _along_rows(found.T, allowed.T).T
    return found


def _along_rows(found: Mask, allowed: Mask) -> Mask:
    runs = _runs(allowed)
    hit = np.bincount(runs.ravel(), weights=found.ravel(), minlength=int(np.max(runs)) + 1) > 0
    filled: Mask = hit[runs] & allowed
    return filled


def _runs(allowed: Mask) -> NDArray[np.int64]:
    """A number for each run of equal pixels in a row."""
    begins = np.ones(allowed.shape, bool)
    begins[:, 1:] = allowed[:, 1:] != allowed[:, :-1]
    return begins.ravel().cumsum().reshape(allowed.shape) - 1


def largest(mask: Mask) -> Mask:
    """The largest joined part of a mask; an empty mask stays empty."""
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        before = labels
        labels = _highest_along_rows(labels, mask)
        labels = _highest_along_rows(labels.T, mask.T).T
        if (labels == before).all():
            break
    counts = np.bincount(labels[mask]) if mask.any() else np.zeros(1, np.int64)
    found: Mask = mask & (labels == np.argmax(counts))
    return found


def _highest_along_rows(labels: NDArray[np.int64], mask: Mask) -> NDArray[np.int64]:
    runs = _runs(mask)
    first = np.flatnonzero(np.diff(runs.ravel(), prepend=-1))
    highest = np.maximum.reduceat(labels.ravel(), first)
    return np.where(mask, highest[runs], 0)


def _check(tight: Mask, loose: Mask) -> None:
    """Refuse what is no object, or whose outline depends on the tolerance."""
    low, high = OBJECT_SHARE
    share = float(loose.mean())
    if not low <= share <= high:
        raise UnclearError("There is no single object before the background")
    if float(_border(loose, 1).mean()) > MOST_AT_BORDER:
        raise UnclearError("The object reaches the border of the picture")
    both, either = (tight & loose).sum(), (tight | loose).sum()
    if both < AGREEMENT * either:
        raise UnclearError("The object has the colours of its background")


def _outline(mask: Mask, steps: Pixels) -> float:
    """The share of the outline at which the colours change. Where the cut runs through an even
    surface, a part of the object is gone.
    """
    inner = mask.copy()
    for axis in (0, 1):
        inner &= np.roll(mask, 1, axis) & np.roll(mask, -1, axis)
    outline = steps[mask & ~inner]
    return float((outline >= EDGE).mean()) if outline.size else 0.0


def _with_alpha(pixels: Pixels, mask: Mask) -> Pixels:
    """The picture with the mask as its alpha, smoothed over a pixel of the working size."""
    soft: Any = np.pad(mask.astype(np.float32), 1, mode="edge")
    soft = (soft[:-2] + 2 * soft[1:-1] + soft[2:]) / 4
    soft = (soft[:, :-2] + 2 * soft[:, 1:-1] + soft[:, 2:]) / 4
    alpha = _enlarged(soft, pixels.shape[:2])
    found = pixels.copy()
    # From the middle of the edge inwards, so that no rim of the background stays.
    found[..., 3] = np.clip(alpha * 2.0 - 0.75, 0.0, 1.0)
    # Blender adds colours below transparent pixels to its small pictures, which would look uncut.
    found[found[..., 3] == 0.0, :3] = 0.0
    return found


def _enlarged(small: Pixels, size: tuple[int, int]) -> Pixels:
    """A picture of one channel at another size, in between by straight lines."""
    for axis, length in enumerate(size):
        at = np.clip((np.arange(length) + 0.5) * small.shape[axis] / length - 0.5, 0, None)
        low = np.minimum(at.astype(int), small.shape[axis] - 1)
        high = np.minimum(low + 1, small.shape[axis] - 1)
        part = (at - low).astype(np.float32)
        part = part[:, None] if axis == 0 else part[None]
        between = np.take(small, low, axis) * (1 - part) + np.take(small, high, axis) * part
        small = between.astype(np.float32)
    return small
