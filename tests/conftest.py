# SPDX-License-Identifier: GPL-3.0-or-later
"""For all tests: no socket of this process reaches beyond this machine."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from hypothesis import settings
from support.by_file import ByFile
from support.processes import QUICK

BEYOND: list[str] = []
"""Addresses beyond this machine that were asked for; each attempt was refused."""

CONNECTED: list[str] = []
"""Addresses on this machine that were connected to."""


def is_here(host: Any) -> bool:
    """Whether an address means this machine. Names are not looked up."""
    if host in (None, "", b"") or str(host) == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): sees every connection and look-up of a name, C code's excepted."""
    if event == "socket.connect":
        address = arguments[1]
        if not isinstance(address, tuple):
            return  # a Unix socket
        host = address[0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not is_here(host):
        BEYOND.append(str(host))
        raise RuntimeError(f"a test tried to reach {host}")
    if event == "socket.connect":
        CONNECTED.append(f"{host}:{arguments[1][1]}")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--by-file", metavar="RESULTS", help="a line for each file; every result goes to RESULTS"
    )


def pytest_configure(config: pytest.Config) -> None:
    results = config.getoption("--by-file")
    if results and not hasattr(config, "workerinput"):
        config.pluginmanager.register(ByFile(Path(results), config), "by-file")
    sys.addaudithook(watch)
    os.environ.setdefault(QUICK, "2")
    # The same examples in every run, on every machine.
    settings.register_profile("same", derandomize=True, database=None, deadline=None)
    settings.load_profile("same")


@pytest.fixture
def sockets() -> Callable[[], list[str]]:
    """Asks which connections were tried since the test began."""
    here, beyond = len(CONNECTED), len(BEYOND)
    return lambda: CONNECTED[here:] + BEYOND[beyond:]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not see the settings of whoever runs them."""
    own = ("AIGATEWAY_API_KEY", "AIGATEWAY_BASE_URL", "TRELLIS_LIBRARY", "TRELLIS_PLAIN_HTTP")
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    for name in (*own, *proxies, *map(str.upper, proxies)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stand_in() -> Iterator[StandInGateway]:
    """A stand-in gateway with small meshes."""
    with StandInGateway(triangles=2000, texture=64) as running:
        yield running
