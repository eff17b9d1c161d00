# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a command makes beside the library: exports, shots, scene files, contact sheets."""
