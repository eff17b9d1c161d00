# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes GLB, USD and USDZ for viewers: compression, texture sizes and formats, packages."""
