# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes files that survive a power failure; locks of processes, free space, system trash."""
