# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the gateway room share: a folder in memory, one stand-in for each file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway import StandInGateway
from support.gw_lines import fresh, quick_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    yield from quick_folder()


@pytest.fixture(scope="module")
def shared() -> Iterator[StandInGateway]:
    with StandInGateway(triangles=2000, texture=64) as gateway:
        yield gateway


@pytest.fixture
def stand_in(shared: StandInGateway) -> StandInGateway:
    return fresh(shared)
