# SPDX-License-Identifier: GPL-3.0-or-later
"""Selects rows of a list by ``--only`` and its like, and props of the library by their facts."""
