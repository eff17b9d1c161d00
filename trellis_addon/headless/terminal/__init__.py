# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows people more than the results: colours, examples, and the log of every step."""
