# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes what is requested: the request, its key, the finishing, the real size. No bpy."""
