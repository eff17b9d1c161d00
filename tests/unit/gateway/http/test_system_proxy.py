# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy of Windows's or macOS's own settings, and the hosts that they except from it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.gw_lines import Bench
from support.gw_ways import Proxy

from trellis_addon.gateway.http import http_client
from trellis_addon.gateway.http.address import Address

EXCEPTED = "*.inside.example;<local>"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def check(proxy: Proxy, folder: Path) -> None:
    """What is excepted is looked for directly; the rest by the proxy."""
    settings = Bench("https://gateway.example/v1", folder).gateway_settings()
    with http_client.new_client(settings, Address.of(settings)) as client:
        assert client.get("http://far.example/a").status_code == 403
        assert len(proxy.asked) == 1
        for host in ("files.inside.example", "nas-without-a-dot"):
            # The tests' own watch over where they lead to.
            with pytest.raises(RuntimeError, match=f"tried to reach {host}"):
                client.get(f"http://{host}/a")
        assert len(proxy.asked) == 1


def test_system_proxy_has_exceptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(refuses=True) as proxy:
        address = proxy.url()
        known = {"http": address, "https": address}
        for module in (http_client, httpx._utils):
            monkeypatch.setattr(module, "getproxies", lambda: known)

        def excepted(host: str) -> bool:
            return any(
                fnmatch(host, each) or (each == "<local>" and "." not in host)
                for each in EXCEPTED.split(";")
            )

        monkeypatch.setattr(http_client, "proxy_bypass", excepted, raising=False)
        check(proxy, tmp_path)


@contextmanager
def registry(**values: Any) -> Iterator[None]:
    """The user's Internet settings, as they were afterwards."""
    import winreg

    settings: Any = winreg  # these names are Windows's alone
    place = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
    with settings.CreateKeyEx(settings.HKEY_CURRENT_USER, place, 0, settings.KEY_ALL_ACCESS) as key:
        before = {}
        for name in values:
            try:
                before[name] = settings.QueryValueEx(key, name)
            except FileNotFoundError:
                before[name] = None
        try:
            for name, value in values.items():
                kind = settings.REG_DWORD if isinstance(value, int) else settings.REG_SZ
                settings.SetValueEx(key, name, 0, kind, value)
            yield
        finally:
            for name, old in before.items():
                if old is None:
                    settings.DeleteValue(key, name)
                else:
                    settings.SetValueEx(key, name, 0, old[1], old[0])


@pytest.mark.skipif(sys.platform != "win32", reason="Windows's registry")
def test_proxy_of_the_registry_has_exceptions(tmp_path: Path) -> None:
    with Proxy(refuses=True) as proxy:
        server = proxy.url().removeprefix("http://")
        with registry(ProxyEnable=1, ProxyServer=server, ProxyOverride=EXCEPTED):
            check(proxy, tmp_path)
