# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what a run needs, without a connection and without writing anything."""
