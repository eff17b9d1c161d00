# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports the result of each item: report lines, progress, summary and the HTML page."""
