# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds a prop to a budget of triangles: new mesh, new UVs, baked maps."""
