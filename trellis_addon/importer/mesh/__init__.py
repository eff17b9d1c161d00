# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles meshes and images as numpy arrays, and makes Blender's data from these."""
