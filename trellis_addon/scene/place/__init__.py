# SPDX-License-Identifier: GPL-3.0-or-later
"""Places props at the 3D cursor, in free spots or on surfaces; selection and undo steps."""
