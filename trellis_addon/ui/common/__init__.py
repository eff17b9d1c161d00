# SPDX-License-Identifier: GPL-3.0-or-later
"""Has what several panels and operators share: text layout, redraws, timers, registration."""
