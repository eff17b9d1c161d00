# SPDX-License-Identifier: GPL-3.0-or-later
"""``doctor`` as a process, against the stand-in: a verdict per line, and the right exit code."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from support.gw_ways import unused_port
from support.processes import Ended, run
from support.rooms import KEY, files_holding

pytestmark = pytest.mark.skipif(find_spec("bpy") is None, reason="the command line needs bpy")


def doctor(url: str, home: Path, *options: str, key: str = KEY) -> Ended:
    command = ["-m", "trellis_addon", "doctor", "--json", "--library", str(home / "library")]
    variables = {"AIGATEWAY_BASE_URL": url, "AIGATEWAY_API_KEY": key}
    ended = run([*command, *options], home, **variables)
    if key:
        assert key not in ended.stdout + ended.stderr
    return ended


def verdicts(ended: Ended) -> dict[str, tuple[str, str]]:
    """Verdict and text of each line, by its name."""
    lines: list[dict[str, Any]] = ended.events
    assert all(line["event"] == "check" for line in lines), ended.explain()
    return {line["name"]: (line["verdict"], line["text"]) for line in lines}


def test_all_is_well(stand_in: StandInGateway, tmp_path: Path) -> None:
    ended = doctor(stand_in.base_url + "/v1/chat/completions", tmp_path)
    assert ended.code == 0, ended.explain()
    found = verdicts(ended)
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "versions": "ok",
        "library": "ok",
        "online access": found["online access"][0],
        "gateway": "ok",
        "balance, key": "ok",
        "3D models": "ok",
        "endpoint": "ok",
        "providers": "ok",
        "cost by tag": "ok",
    }
    assert found["gateway"][1] == stand_in.base_url
    assert "balance_cents" in found["balance, key"][1]
    assert "microsoft/trellis is listed among 2" in found["3D models"][1]
    assert "chat" in found["endpoint"][1]
    assert {r.method for r in stand_in.requests} == {"GET"}  # it pays for nothing
    assert files_holding(tmp_path) == []


def test_key_that_is_refused(tmp_path: Path) -> None:
    with StandInGateway(triangles=2000, texture=64, keys=["sk-aig-another"]) as gateway:
        ended = doctor(gateway.base_url, tmp_path)
    assert ended.code == 3, ended.explain()
    verdict, text = verdicts(ended)["balance, key"]
    assert verdict == "fault"
    assert "does not accept the API key" in text
    assert "preferences" in text


def test_no_key(stand_in: StandInGateway, tmp_path: Path) -> None:
    ended = doctor(stand_in.base_url, tmp_path, key="")
    assert ended.code == 3, ended.explain()
    assert verdicts(ended)["gateway"][0] == "fault"
    assert stand_in.requests == ()


def test_gateway_that_is_not_there(tmp_path: Path) -> None:
    ended = doctor(f"http://127.0.0.1:{unused_port()}", tmp_path)
    assert ended.code == 4, ended.explain()
    verdict, text = verdicts(ended)["balance, key"]
    assert verdict == "fault"
    assert "refuses the connection" in text


def test_name_that_nobody_knows(tmp_path: Path) -> None:
    """The real look-up of a name that cannot exist (RFC 6761, section 6.4)."""
    ended = doctor("https://trellis.invalid", tmp_path, "--online-mode")
    assert ended.code == 4, ended.explain()
    assert "The name trellis.invalid cannot be found" in verdicts(ended)["balance, key"][1]


def test_url_that_cannot_be_used(tmp_path: Path) -> None:
    ended = doctor("api.aigateway.sh", tmp_path, "--online-mode")
    assert ended.code == 2, ended.explain()
    assert "https://" in verdicts(ended)["gateway"][1]


def test_what_is_not_needed_is_only_a_note(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on("GET /v1/balance", do.status(200, {"balance": 1}), times=None)
    stand_in.script.on("GET /v1/models", do.body(b'{"data": null}'), times=None)
    stand_in.script.on("GET *", do.status(404), times=None)
    ended = doctor(stand_in.base_url, tmp_path, "--model", "acme/none")
    assert ended.code == 0, ended.explain()
    found = verdicts(ended)
    assert "acme/none is NOT listed" in found["3D models"][1]
    assert found["providers"][0] == found["cost by tag"][0] == "note"
    assert found["providers"][1].startswith("not told: ")
    assert "unknown" in found["endpoint"][1]


def test_forced_endpoint_is_said(stand_in: StandInGateway, tmp_path: Path) -> None:
    ended = doctor(stand_in.base_url, tmp_path, "--endpoint", "jobs")
    assert verdicts(ended)["endpoint"][1] == "jobs (forced)"
