# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores each set of pictures as one folder, which is found again by what was asked for."""
