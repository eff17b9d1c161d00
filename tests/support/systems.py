# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests a second system leaves to the first one, and what Wine, as one of them, is not."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import pytest

AGAIN = "TRELLIS_AGAIN" in os.environ
"""Set by ``.ci/on_windows.py``, which runs the tests again on a machine that has run them all."""

first_system_only = pytest.mark.skipif(
    AGAIN, reason="nothing in it depends on the system; it has been run on this machine"
)


def on_wine() -> bool:
    """Whether this Windows is Wine, which says so by a function that Windows does not have."""
    if os.name != "nt":
        return False
    library: Any = ctypes  # WinDLL is Windows's alone
    return hasattr(library.WinDLL("ntdll"), "wine_get_version")
