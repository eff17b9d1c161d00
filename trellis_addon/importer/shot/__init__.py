# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes product shots of a prop: a studio around it, a still or a turntable of it."""
