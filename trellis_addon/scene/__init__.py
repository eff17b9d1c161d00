# SPDX-License-Identifier: GPL-3.0-or-later
"""``prop.blend`` -> a linked (or appended) collection in the scene. Main thread, milliseconds.

Nothing here imports a mesh: the background Blender has done that.
"""
