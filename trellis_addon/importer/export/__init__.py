# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a prop as files for other programs: levels, hulls, texture maps, names, size limits."""
