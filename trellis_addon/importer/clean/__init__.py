# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes the faults of a received surface, without Blender: one file a step, in numpy."""
