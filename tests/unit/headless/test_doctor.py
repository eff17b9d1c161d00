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
        "configuration": "ok",
        "online access": found["online access"][0],
        "gateway": "ok",
        "key": "ok",
        "balance": "ok",
        "model": "ok",
        "endpoint": "ok",
        "limits": "ok",
        "providers": "ok",
        "cost by tag": "ok",
    }
    assert found["gateway"][1] == stand_in.base_url
    assert found["balance"][1] == "$25.00"
    assert found["limits"][1] == "600 requests a minute"
    assert "microsoft/trellis is listed among 2" in found["model"][1]
    assert "chat" in found["endpoint"][1]
    assert {r.method for r in stand_in.requests} == {"GET"}  # it pays for nothing
    assert files_holding(tmp_path) == []


def test_key_that_is_refused(tmp_path: Path) -> None:
    with StandInGateway(triangles=2000, texture=64, keys=["sk-aig-another"]) as gateway:
        ended = doctor(gateway.base_url, tmp_path)
    assert ended.code == 3, ended.explain()
    found = verdicts(ended)
    assert found["gateway"][0] == "ok"
    verdict, text = found["key"]
    assert verdict == "fault"
    assert "model" not in found, "nothing else is asked with a key that is refused"
    assert "does not accept the API key" in text
    assert "Check AIGATEWAY_API_KEY" in text
    assert "preferences" not in text


def test_no_key(stand_in: StandInGateway, tmp_path: Path) -> None:
    ended = doctor(stand_in.base_url, tmp_path, key="")
    assert ended.code == 3, ended.explain()
    assert verdicts(ended)["key"][0] == "fault"
    assert stand_in.requests == ()


def test_gateway_that_is_not_there(tmp_path: Path) -> None:
    ended = doctor(f"http://127.0.0.1:{unused_port()}", tmp_path)
    assert ended.code == 4, ended.explain()
    verdict, text = verdicts(ended)["gateway"]
    assert verdict == "fault"
    assert "refuses the connection" in text


def test_name_that_nobody_knows(tmp_path: Path) -> None:
    """The real look-up of a name that cannot exist (RFC 6761, section 6.4)."""
    ended = doctor("https://trellis.invalid", tmp_path, "--online-mode")
    assert ended.code == 4, ended.explain()
    assert "The name trellis.invalid cannot be found" in verdicts(ended)["gateway"][1]


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
    assert "acme/none is NOT listed" in found["model"][1]
    assert found["providers"][0] == found["cost by tag"][0] == "note"
    assert found["providers"][1].startswith("not told: ")
    assert "unknown" in found["endpoint"][1]


def test_account_without_credit(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on("GET /v1/balance", do.status(402), times=None)
    ended = doctor(stand_in.base_url, tmp_path)
    assert ended.code == 3, ended.explain()
    found = verdicts(ended)
    assert found["key"] == ("ok", "accepted")
    assert found["balance"][0] == "fault"
    assert "no credit" in found["balance"][1]
    assert found["model"][0] == "ok"


def test_gateway_that_tells_no_balance(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on("GET /v1/balance", do.status(404), times=None)
    ended = doctor(stand_in.base_url, tmp_path)
    assert ended.code == 0, ended.explain()
    found = verdicts(ended)
    assert (found["gateway"][0], found["key"][0], found["balance"][0]) == ("ok", "note", "note")


def test_page_that_is_no_gateway(stand_in: StandInGateway, tmp_path: Path) -> None:
    stand_in.script.on("GET *", do.body(b"<html>Welcome</html>", "text/html"), times=None)
    ended = doctor(stand_in.base_url, tmp_path)
    assert ended.code == 1, ended.explain()
    verdict, text = verdicts(ended)["gateway"]
    assert verdict == "fault"
    assert "not JSON" in text


def test_library_that_cannot_be_written(stand_in: StandInGateway, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a folder")
    ended = doctor(stand_in.base_url, tmp_path, "--library", str(tmp_path / "notes.txt" / "in"))
    assert ended.code == 2, ended.explain()
    assert verdicts(ended)["library"][0] == "fault"


def test_forced_endpoint_is_said(stand_in: StandInGateway, tmp_path: Path) -> None:
    ended = doctor(stand_in.base_url, tmp_path, "--endpoint", "jobs")
    assert verdicts(ended)["endpoint"][1] == "jobs (forced)"
