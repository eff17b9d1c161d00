# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the files that a model refers to: textures and buffers beside it, in any spelling."""
