# SPDX-License-Identifier: GPL-3.0-or-later
"""How a record tells of a prop that was placed with a draft of its proxy, and has no other yet."""

from __future__ import annotations

from typing import Final

PROXY_DUE: Final = "proxy_due"
"""The key in the record's ``prop``: whether the proxy is still to be made. It is true only after
the background Blender was stopped between the draft and the proxy."""
