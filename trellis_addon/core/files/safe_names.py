# SPDX-License-Identifier: GPL-3.0-or-later
r"""Names of files that every system takes: a library and its exports move between systems.

Windows's rules, as the strictest ones: no device's name whatever its ending, no ``<>:"/\\|?*`` and
no control character, no space or dot at the end.
"""

from __future__ import annotations

import re
from typing import Final

_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_DEVICE: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?=\.|$)",
    re.IGNORECASE,
)


def safe_name(name: str) -> str:
    """One name of a path, changed only where a system would not take it or mean something else.

    What is forbidden becomes a dash, and ``con.1.glb`` becomes ``con_.1.glb``; nothing left becomes
    an underscore. ``.`` and ``..`` are for the caller to refuse.
    """
    plain = _FORBIDDEN.sub("-", name).rstrip(" .")
    return _DEVICE.sub(r"\1_", plain, count=1) if _DEVICE.match(plain) else plain or "_"
