# SPDX-License-Identifier: GPL-3.0-or-later
"""Translates the interface's texts with Blender's translation system."""
