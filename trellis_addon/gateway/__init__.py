# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP only: a frozen request goes out, bytes on the disk come back. httpx and pydantic, no bpy.

The way through the files: ``address`` (which URL) -> ``wire`` (what is sent) -> ``transport``
(one exchange) -> ``lifting`` (the answer streams to the disk) -> ``answer`` (where is the mesh?)
-> ``download`` -> ``sniffing`` (what is it really?). ``client`` is what ``job`` calls; ``failures``
words everything that goes wrong.
"""
