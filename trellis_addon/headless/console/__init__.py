# SPDX-License-Identifier: GPL-3.0-or-later
"""Has what all commands share: options, output, signals, exit codes, and running one job."""
