# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes where props go: the finishing and the export that each destination takes. No bpy."""
