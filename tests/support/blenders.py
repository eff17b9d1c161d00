# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests an older Blender leaves to the newest one."""

from __future__ import annotations

import os

import pytest

OLDER = "TRELLIS_OLDER_BLENDER" in os.environ
"""Set by ``.ci/run_tests.py all`` for each version but the newest of the machine."""

long_elsewhere = pytest.mark.long if os.name != "nt" else pytest.mark.windows_too
"""For long tests that the short run on Windows has as well: there is no other run there."""

newest_only = pytest.mark.skipif(
    OLDER, reason="nothing in it depends on the version; the newest Blender runs it"
)
