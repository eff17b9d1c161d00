# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the gallery, the active prop and the menus, and defines operators for props."""
