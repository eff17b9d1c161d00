# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares rows of a list with what was applied to their props, and applies what has changed."""
