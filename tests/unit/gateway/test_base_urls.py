# SPDX-License-Identifier: GPL-3.0-or-later
"""Gateways at an address of their own: below a path, with a query, in clear text in a network."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.gw_lines import CHAT, FILES, Bench, completion
from support.gw_raw import Answer, Asked, RawServer, http
from support.gw_ways import Proxy
from support.rooms import KEY, PROMPT

from trellis_addon.core.errors import AddressError
from trellis_addon.headless.console.exit_codes import exit_code

MESH = make_glb(PROMPT, 0, 2000, 64)


class Below:
    """A gateway whose endpoints are below one path, and which asks for ``query``."""

    def __init__(self, base: str, query: str = "") -> None:
        self.base, self.query = base, query
        self.server = RawServer(self)

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/a.glb":
            return http(MESH, kind="model/gltf-binary")
        query = asked.target.partition("?")[2].split("&")
        if self.query and self.query not in query:
            return http({"error": {"message": "api-version is missing"}}, 400)
        link = completion(f"{self.server.url}/a.glb")
        answers: dict[str, dict[str, Any]] = {
            "/chat/completions": link,
            "/3d/generations": {"id": "job_1", "status": "queued"},
            "/jobs/job_1": {"id": "job_1", "status": "completed", "result": link},
        }
        found = answers.get(asked.path.removeprefix(self.base))
        known = found if asked.path.startswith(self.base) else None
        return http(known) if known else http({"error": {"message": "nothing is here"}}, 404)


@pytest.mark.parametrize("endpoint", ["chat", "jobs", "auto"])
@pytest.mark.parametrize(
    ("url", "base", "query"),
    [
        ("/v1/openai", "/v1/openai", ""),
        ("/openai/", "/openai", ""),
        ("/v1/account/gateway/compat", "/v1/account/gateway/compat", ""),
        ("/openai/v1/?api-version=preview", "/openai/v1", "api-version=preview"),
        ("?api-version=2024-10-21", "/v1", "api-version=2024-10-21"),
        ("/api/v1/chat/completions", "/api/v1", ""),
        ("", "/v1", ""),
    ],
)
def test_base_url_is_kept_as_it_is_given(
    tmp_path: Path, endpoint: str, url: str, base: str, query: str
) -> None:
    gateway = Below(base, query)
    with gateway.server as server:
        ran = Bench(f"{server.url}{url}", tmp_path, {"endpoint": endpoint}).run()
    assert ran.model == MESH
    below = [asked for asked in server.asked if asked.path != "/a.glb"]
    assert all(asked.path.startswith(f"{base}/") for asked in below)
    assert all(asked.headers["authorization"] == f"Bearer {KEY}" for asked in below)
    assert all(query in asked.target for asked in below)


@pytest.fixture
def named(stand_in: StandInGateway, monkeypatch: pytest.MonkeyPatch) -> str:
    """The stand-in's URL as that of a computer in the network."""
    names = socket.getaddrinfo

    def known(host: Any, *more: Any, **named: Any) -> Any:
        return names("127.0.0.1" if host == "render-box.local" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    return stand_in.base_url.replace("127.0.0.1", "render-box.local")


def test_plain_http_needs_consent(stand_in: StandInGateway, named: str, tmp_path: Path) -> None:
    error = Bench(named, tmp_path, {"endpoint": "jobs"}).run().error
    assert (error.kind, exit_code(error.kind)) == (AddressError.kind, 2)
    assert "TRELLIS_PLAIN_HTTP=1" in error.next_step
    assert stand_in.requests == ()


def test_plain_http_with_consent(
    stand_in: StandInGateway, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its links are in clear text as well; and no proxy sees any of it."""
    with Proxy() as proxy:
        for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url())
        link = f"{named}/v1/files/jobs/a/model.glb"
        stand_in.script.on(CHAT, do.status(200, completion(link)))
        stand_in.script.on(FILES, do.body(MESH))
        ran = Bench(named, tmp_path, {"endpoint": "chat", "plain_http": True}).run()
        assert ran.model == MESH
        assert proxy.asked == []
    assert stand_in.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("link", ["http://files.example/a.glb", "http://127.0.0.1:9/a.glb"])
def test_plain_gateway_leads_to_no_public_host_in_clear_text_and_not_to_this_machine(
    stand_in: StandInGateway, named: str, tmp_path: Path, link: str
) -> None:
    stand_in.script.on(CHAT, do.status(200, completion(link)))
    error = Bench(named, tmp_path, {"endpoint": "chat", "plain_http": True}).run().error
    assert "an address that is not fetched" in error.message


@pytest.mark.parametrize("link", ["http://files.example/a.glb", "http://127.0.0.1:9/a.glb"])
def test_neither_by_a_redirect(
    stand_in: StandInGateway, named: str, tmp_path: Path, link: str
) -> None:
    stand_in.script.on(CHAT, do.status(200, completion(f"{named}/v1/files/jobs/a/model.glb")))
    stand_in.script.on(FILES, do.redirect(link), times=None)
    error = Bench(named, tmp_path, {"endpoint": "chat", "plain_http": True}).run().error
    assert "not followed" in error.message
