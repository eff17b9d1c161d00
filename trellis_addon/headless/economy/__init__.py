# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``batch --economy``: the same list through the Batch API, at half the price."""
