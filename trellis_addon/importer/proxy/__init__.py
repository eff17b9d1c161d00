# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the light proxy of a heavy prop: fewer triangles, baked textures, viewport colours."""
