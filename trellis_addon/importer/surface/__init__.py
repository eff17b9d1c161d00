# SPDX-License-Identifier: GPL-3.0-or-later
"""The welded surface that cleaning works on: follows, fills and zips its open borders. No bpy."""
