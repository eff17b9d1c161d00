# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines what the sidebar edits as Blender properties: request, finishing, presets."""
