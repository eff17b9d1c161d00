# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows the events of a command: runs ``--exec`` for finished props, and writes ``--summary``."""
