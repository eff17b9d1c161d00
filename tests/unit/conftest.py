# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests without Blender share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_waits_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rounds over the places of a model as ever, without the time between them."""
    monkeypatch.setattr("trellis_addon.job.obtain.fetch_model.WAITS", (0.0,) * 5)
