# SPDX-License-Identifier: GPL-3.0-or-later
"""A short soak; `make soak` is the long one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import soak
from support.blenders import newest_only
from support.soak_faults import FAULTS

pytestmark = [newest_only, pytest.mark.long]

COUNT = 32


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_short_soak(tmp_path: Path) -> None:
    soaked = soak.soak(tmp_path, COUNT, share=0.5, kills=1)
    assert soaked.wrong == [], soaked.report()
    assert sum(soaked.faults.values()) >= COUNT // 4, "the faults did not come"
    assert set(soaked.faults) <= set(FAULTS)
    assert soaked.killed == 1
    first, again = soaked.outcomes
    assert sum(first.values()) == sum(again.values()) == COUNT
    assert set(again) <= {"finished", "skipped", "bad_file"}
    assert len(first) > 1, "no fault has made a difference"
