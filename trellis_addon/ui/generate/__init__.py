# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the panels from which props are generated, and has operators to generate and import."""
