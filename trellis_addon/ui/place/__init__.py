# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines operators that place props of the library, and that change placed ones."""
