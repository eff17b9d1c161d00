# SPDX-License-Identifier: GPL-3.0-or-later
"""Links, appends, packs and relinks the collection of a ``prop.blend`` in the open file."""
