# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements the commands, one module each, and the parser of their options."""
