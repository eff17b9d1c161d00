# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates a received file before Blender reads it, and finds out what it needs. No bpy."""
