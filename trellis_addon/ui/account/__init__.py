# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the facts about the account: balance, prices, models, connection test, diagnostics."""
