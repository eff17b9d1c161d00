# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports a model of any known format into the empty background scene."""
