# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the background Blender, limits it, and talks to it, from the artist's side. No bpy."""
