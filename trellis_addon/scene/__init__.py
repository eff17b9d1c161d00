# SPDX-License-Identifier: GPL-3.0-or-later
"""Links (or appends) the collection of a ``prop.blend`` into the scene. Main thread only.

Placing takes milliseconds, as no mesh is imported here: the background Blender has done that.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
link/         the collection of a ``prop.blend`` in the open file: linked, appended, packed,
              relinked
place/        where props are placed: the 3D cursor, free spots, surfaces; selection and
              undo steps
============= ==============================================================================
"""
