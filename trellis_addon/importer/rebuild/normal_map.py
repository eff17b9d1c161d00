# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the normals of the received surface into a tangent-space normal map. numpy only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from ..mesh.image_pixels import Pixels
from ..mesh.quadrics import Indices
from .new_mesh import Basis
from .texels import Covered, filled

_GRAZING: Final = 0.05
_AT_ONCE: Final = 1 << 16
"""Texels at once: their numbers stay in the processor's cache, which halves the time."""
_THREADS: Final = 2


def tangent_normals(wanted: Pixels, at: Covered, basis: Basis) -> Pixels:
    """A tangent-space normal map (3, S, S), from 0 to 1, of normals (3, S, S) in object space.

    Where no triangle is, the map continues what is beside it. The basis is MikkTSpace's: the
    interpolated vectors are used as they are, and the bitangent is their cross product.

    :param at: the texels that triangles cover.
    """
    size = wanted.shape[1]
    made = np.zeros((3, size * size), dtype=np.float32)
    sides = np.concatenate([basis.normals, basis.tangents], axis=2).astype(np.float32)
    columns = np.ascontiguousarray(sides.transpose(1, 2, 0))
    signs, aims = basis.signs.astype(np.float32), wanted.reshape(3, -1)

    def turn(begin: int) -> None:
        part = slice(begin, begin + _AT_ONCE)
        triangles, texels = at.triangles[part], at.texels[part]
        shares = at.shares[part].T.astype(np.float32)
        vectors = [_mixed(columns[:, k], triangles, shares) for k in range(6)]
        aim = [column[texels] for column in aims]
        made[:, texels] = _in_basis(aim, vectors[:3], vectors[3:], signs[triangles])

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(turn, range(0, len(at.texels), _AT_ONCE)))
    weights = np.zeros(size * size, dtype=np.float32)
    weights[at.texels] = 1.0
    whole = filled(list(made.reshape(3, size, size)), weights.reshape(size, size))
    # Where several were mixed, they are shorter than 1.
    whole *= 0.5 / np.maximum(np.sqrt(np.einsum("cyx,cyx->yx", whole, whole)), 1e-12)
    whole += np.float32(0.5)
    return whole


def _mixed(corners: Any, triangles: Indices, shares: Any) -> Any:
    """A number of each triangle's corners (3, T), at places (N,) on triangles."""
    made = shares[0] * corners[0][triangles]
    made += shares[1] * corners[1][triangles]
    made += shares[2] * corners[2][triangles]
    return made


def _in_basis(aim: list[Any], normal: list[Any], tangent: list[Any], signs: Any) -> Any:
    """The coordinates of directions in a basis; all vectors are lists of x, y and z (N,)."""
    bitangent = [signs * each for each in _cross(normal, tangent)]
    # Cramer's rule for aim = x * tangent + y * bitangent + z * normal. The length of the aim and
    # the determinant's size do not matter, as the result is made one long.
    across = _cross(bitangent, normal)
    turned = np.where(_dot(tangent, across) < 0, np.float32(-1), np.float32(1))
    x = _dot(aim, across) * turned
    y = _dot(aim, _cross(normal, tangent)) * turned
    z = _dot(aim, _cross(tangent, bitangent)) * turned
    length = np.sqrt(x * x + y * y + z * z)
    # A normal that points into the surface cannot be shown: it is bent to a grazing one.
    z = np.maximum(z, _GRAZING * length)
    return np.stack([x, y, z]) / np.maximum(np.sqrt(x * x + y * y + z * z), 1e-20)


def _cross(a: list[Any], b: list[Any]) -> list[Any]:
    return [a[k - 2] * b[k - 1] - a[k - 1] * b[k - 2] for k in range(3)]


def _dot(a: list[Any], b: list[Any]) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
