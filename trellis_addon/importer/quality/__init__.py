# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how good the finished mesh is: faults, hidden faces, floaters, UVs and textures."""
