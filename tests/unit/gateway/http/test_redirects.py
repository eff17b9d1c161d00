# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a request is carried on to, and where it is not: redirects and links."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.meshes import make_glb
from support.certificates import certificate
from support.gw_lines import CHAT, FILES, JOBS, Bench, completion
from support.gw_raw import RawServer, http
from support.gw_ways import TlsFront
from support.rooms import KEY, PROMPT

from trellis_addon.core.errors import BadFileError
from trellis_addon.gateway.answers.asset_locations import AssetLocation
from trellis_addon.gateway.download import fetch

MESH = make_glb(PROMPT, 0, 2000, 64)
GLB = "model/gltf-binary"


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in.base_url, tmp_path, {"endpoint": "jobs"})


def linked(stand_in: StandInGateway, url: str) -> None:
    stand_in.script.on(CHAT, do.status(200, completion(url)), times=None)


def test_redirect_to_another_host_goes_without_the_key(
    stand_in: StandInGateway, bench: Bench
) -> None:
    with RawServer(lambda _: http(MESH, kind=GLB)) as other:
        stand_in.script.on(FILES, do.redirect(f"{other.url}/m.glb", 307))
        assert bench.run().model == MESH
    (asked,) = other.asked
    assert "authorization" not in asked.headers
    assert KEY not in str(asked)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_of_all_kinds_are_followed_for_files(
    stand_in: StandInGateway, bench: Bench, code: int
) -> None:
    with RawServer(lambda _: http(MESH, kind=GLB)) as other:
        stand_in.script.on(FILES, do.redirect(f"{other.url}/m.glb", code))
        assert bench.run().model == MESH


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/model.glb",
        "data:model/gltf-binary;base64,Z2xURg==",
        "http://user:pass@127.0.0.1/model.glb",
        "http://127.0.0.1:99999/model.glb",
        "http://127.0.0.1:port/model.glb",
        "http://[x/model.glb",
    ],
)
def test_redirect_that_is_not_followed(
    stand_in: StandInGateway, bench: Bench, sockets: Callable[[], list[str]], target: str
) -> None:
    stand_in.script.on(FILES, do.redirect(target), times=None)
    error = bench.run().error
    assert error.kind == "unreachable"
    assert not error.retryable
    assert "not followed" in error.message
    assert set(sockets()) == {stand_in.base_url.removeprefix("http://")}


def test_redirect_from_https_to_http_is_not_followed(
    stand_in: StandInGateway, tmp_path: Path
) -> None:
    shown = certificate(tmp_path / "c")
    settings = {"endpoint": "chat", "ca_file": str(shown.file)}
    with (
        TlsFront(stand_in.base_url, shown) as front,
        RawServer(lambda _: http(MESH, kind=GLB)) as plain,
    ):
        linked(stand_in, f"{front.url}/v1/files/jobs/a/b.glb")
        stand_in.script.on(FILES, do.redirect(f"{plain.url}/m.glb"), times=None)
        error = Bench(front.url, tmp_path / "library", settings).run().error
    assert "not followed" in error.message
    assert plain.asked == []


INWARD = ["https://127.0.0.1/a.glb", "https://localhost/a.glb", "https://[::1]:8443/a.glb"]


@pytest.mark.parametrize("target", INWARD)
def test_far_gateway_does_not_lead_to_this_machine(tmp_path: Path, target: str) -> None:
    """Neither by a redirect nor by a link."""
    line = Bench("https://api.aigateway.sh", tmp_path).transport()
    with pytest.raises(httpx.UnsupportedProtocol):
        line._following("https://files.example/a.glb", target)
    with pytest.raises(BadFileError, match="not fetched"):
        fetch(line, AssetLocation(url=target), (), tmp_path, lambda *_: None)
    assert line._following("https://files.example/a", "/b.glb") == "https://files.example/b.glb"
    line.close()


def test_redirects_in_a_circle(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(FILES, do.redirect("/v1/files/jobs/a/b.glb"), times=None)
    assert "not followed" in bench.run().error.message
    assert len(stand_in.requests_to("GET /v1/files")) <= 30


def test_paid_request_is_not_carried_to_another_host(
    stand_in: StandInGateway, bench: Bench
) -> None:
    with RawServer(lambda _: http({})) as other:
        for code in (301, 302, 307, 308):  # 303: it was taken, see test_gw_paid_once
            stand_in.script.on(JOBS, do.redirect(f"{other.url}/v1/3d/generations", code))
            error = bench.run().error
            assert (error.kind, error.status) == ("refused", code)
            assert "another address" in error.message
    assert other.asked == []


def test_paid_request_goes_on_within_the_gateway(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on("POST /v1/old", do.status(500))
    stand_in.script.on(JOBS, do.redirect("/v1/3d/generations", 307))
    assert bench.run().model == MESH
    first, second = stand_in.requests_to(JOBS)
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd.glb",
        "ftp://127.0.0.1/model.glb",
        "http://user:pass@127.0.0.1/model.glb",
        "https://127.0.0.1:99999/model.glb",
        "https://127.0.0.1:port/model.glb",
        "http://[x/model.glb",
        "http:///model.glb",
        f"http://{'a' * 70}.localhost/model.glb",
    ],
)
def test_link_that_is_not_fetched(stand_in: StandInGateway, bench: Bench, link: str) -> None:
    bench.settings["endpoint"] = "chat"
    stand_in.script.on(CHAT, do.status(200, {"model_url": link}), times=None)
    error = bench.run().error
    assert error.kind != "internal"
    assert error.next_step
    assert [r.method for r in stand_in.requests] == ["POST"]
