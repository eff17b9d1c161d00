# SPDX-License-Identifier: GPL-3.0-or-later
"""Every endpoint of the stand-in, over a real socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.replies import STAND_IN
from gateway.shapes import SHAPES

KEY = {"Authorization": "Bearer sk-aig-test"}
TRELLIS = "microsoft/trellis"
ASK: dict[str, Any] = {"model": TRELLIS, "messages": [{"role": "user", "content": "a barrel"}]}
CHAT = "/v1/chat/completions"
SMALL: dict[str, Any] = {"triangles": 2000, "texture": 64}


@pytest.fixture
def gateway() -> Iterator[StandInGateway]:
    with StandInGateway(**SMALL) as running:
        yield running


@pytest.fixture
def client(gateway: StandInGateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=KEY) as http:
        yield http


def content(reply: httpx.Response) -> Any:
    return reply.json()["choices"][0]["message"]["content"]


def test_chat_link_needs_no_key_and_holds_a_glb(client: httpx.Client) -> None:
    reply = client.post(CHAT, json=ASK, headers={"X-Request-Id": "mine-1"})
    assert reply.status_code == 200
    assert reply.headers["x-request-id"] == "mine-1"
    assert float(reply.headers["x-cost-cents"]) > 0
    for name in ("limit", "remaining", "reset"):
        assert reply.headers[f"x-ratelimit-{name}-requests"].isdecimal()
    assert reply.headers["x-stand-in"] == reply.json()["stand_in"] == STAND_IN
    mesh = httpx.get(content(reply))
    assert mesh.headers["content-type"] == "model/gltf-binary"
    assert mesh.content[:4] == b"glTF"


def test_request_whose_client_goes_in_the_middle_of_its_body_is_not_taken(
    gateway: StandInGateway, client: httpx.Client
) -> None:
    address = urlsplit(gateway.base_url)
    headers = {**KEY, "Idempotency-Key": "k", "Content-Length": "5000", "Host": "localhost"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((address.hostname or "", address.port or 0), 20) as line:
        line.sendall(f"POST {CHAT} HTTP/1.1\r\n{lines}\r\nhalf of a".encode())
    reply = client.post(CHAT, json=ASK, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 200, reply.text
    assert [request.json["model"] for request in gateway.requests_to("POST")] == [TRELLIS]


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_every_answer_kind_is_given(
    kind: str, gateway: StandInGateway, client: httpx.Client
) -> None:
    gateway.script.on(f"POST {CHAT}", do.answer(kind))
    reply = client.post(CHAT, json=ASK)
    assert reply.status_code == (202 if kind == "job" else 200)
    assert reply.headers["x-stand-in"]
    free = {"job", "error_in_200", "refusal", "content_filter", "provider_nim_filtered"}
    assert ("x-cost-cents" in reply.headers) == (kind not in free)


def test_all_shapes_of_the_table_are_there() -> None:
    wanted = (
        "link markdown json json_fenced data_uri base64 html parts images audio attachments"
        " annotations tool_calls job job_in_text images_envelope provider_nim provider_fal"
        " provider_replicate provider_3daistudio binary sse delta legacy_text error_in_200 refusal"
        " content_filter empty text"
    )
    assert set(wanted.split()) <= set(SHAPES)


def test_chat_refuses_what_the_schema_does_not_allow(client: httpx.Client) -> None:
    user = {"role": "user", "content": "a barrel"}
    for wrong in (
        {"model": TRELLIS},
        {"model": TRELLIS, "messages": []},
        {"model": TRELLIS, "messages": [{"role": "robot", "content": "x"}]},
        {"model": TRELLIS, "messages": [{"role": "user", "content": [{"type": "text"}]}]},
        {"model": TRELLIS, "messages": [user], "stream": "no"},
        {"model": TRELLIS, "messages": [user], "seed": -1},
    ):
        reply = client.post(CHAT, json=wrong)
        assert reply.status_code == 400, wrong
        error = reply.json()["error"]
        assert (error["type"], error["code"]) == ("invalid_request_error", 400)
    assert client.post(CHAT, content=b"{").status_code == 400


def test_chat_drops_unknown_fields_with_a_warning_and_routes_auto(client: httpx.Client) -> None:
    reply = client.post(CHAT, json={**ASK, "texture_size": 512})
    assert "texture_size" in reply.headers["x-aig-warning"]
    reply = client.post(CHAT, json={"messages": ASK["messages"]})
    assert reply.headers["x-auto-routed"] == "true"
    assert content(reply).startswith("Hello")


def test_keys(gateway: StandInGateway) -> None:
    anonymous = httpx.get(gateway.base_url + "/v1/models")
    assert anonymous.status_code == 401
    assert anonymous.json()["error"]["type"] == "authentication_error"
    with StandInGateway(keys=["sk-aig-only"]) as strict:
        url = strict.base_url + "/v1/models"
        assert httpx.get(url, headers=KEY).status_code == 401
        good = {"Authorization": "Bearer sk-aig-only"}
        assert httpx.get(url, headers=good).status_code == 200


def test_jobs_alone_when_the_schema_says_so() -> None:
    with (
        StandInGateway(endpoint="jobs") as gateway,
        httpx.Client(base_url=gateway.base_url, headers=KEY) as client,
    ):
        assert client.post(CHAT, json=ASK).status_code == 400
        schema = client.get(f"/v1/models/{TRELLIS}/schema").json()
        assert schema["path"] == "/v1/3d/generations"


def test_job_goes_through_its_states() -> None:
    with (
        StandInGateway(delay=3600, min_poll=0, **SMALL) as gateway,
        httpx.Client(base_url=gateway.base_url, headers=KEY) as client,
    ):
        reply = client.post("/v1/3d/generations", json={"prompt": "x", "model": TRELLIS})
        assert reply.status_code == 202
        job = reply.json()
        assert (job["status"], job["object"]) == ("queued", "job")
        path = f"/v1/jobs/{job['id']}"
        assert client.get(path).json()["status"] == "queued"
        assert client.get(f"/v1/files/jobs/{job['id']}/model.glb").status_code == 404
        assert client.post(path + "/cancel").json()["status"] == "cancelled"
        assert client.get(path).json()["status"] == "cancelled"


def test_job_endpoint_refuses_wrong_requests(client: httpx.Client) -> None:
    for wrong, status in (
        ({}, 400),
        ({"prompt": " "}, 400),
        ({"prompt": 3}, 400),
        ({"image_url": "file:///etc/passwd"}, 400),
        ({"prompt": "x", "model": "openai/gpt-5.4"}, 400),
        ({"prompt": "x", "model": "no/such"}, 404),
    ):
        assert client.post("/v1/3d/generations", json=wrong).status_code == status, wrong
    picture = {"image_url": "https://example.org/chair.png"}
    assert client.post("/v1/3d/generations", json=picture).status_code == 202


def test_polls_too_fast_get_304() -> None:
    with (
        StandInGateway(min_poll=3600, **SMALL) as gateway,
        httpx.Client(base_url=gateway.base_url, headers=KEY) as client,
    ):
        job = client.post("/v1/3d/generations", json={"prompt": "x"}).json()["id"]
        assert client.get(f"/v1/jobs/{job}").status_code == 200
        second = client.get(f"/v1/jobs/{job}")
        assert (second.status_code, second.content) == (304, b"")


def test_idempotency(client: httpx.Client) -> None:
    for path, body in ((CHAT, ASK), ("/v1/3d/generations", {"prompt": "x"})):
        key = {"Idempotency-Key": "k1"}
        first = client.post(path, json=body, headers=key)
        again = client.post(path, json=body, headers=key)
        assert first.json()["id"] == again.json()["id"]
        other = client.post(path, json={**body, "seed": 9}, headers=key)
        assert other.status_code == 409
        assert other.json()["error"]["type"] == "idempotency_conflict"
        fresh = client.post(path, json=body, headers={"Idempotency-Key": "k2"})
        assert fresh.json()["id"] != first.json()["id"]


def test_catalogue(client: httpx.Client, gateway: StandInGateway) -> None:
    listed = client.get("/v1/models", params={"modality": "3d", "provider": "microsoft"}).json()
    assert [model["id"] for model in listed["data"]] == [TRELLIS]
    for spelling in (TRELLIS, TRELLIS.replace("/", "%2F")):
        assert client.get(f"/v1/models/{spelling}").json()["id"] == TRELLIS
        schema = client.get(f"/v1/models/{spelling}/schema").json()
        assert schema["endpoint"] == gateway.base_url + CHAT
    assert client.get("/v1/models/no/such").status_code == 404
    assert client.get("/v1/health/providers").json()["data"]


def test_balance_and_usage(client: httpx.Client) -> None:
    before = client.get("/v1/balance").json()["balance_cents"]
    cost = float(client.post(CHAT, json=ASK, headers={"x-aig-tag": "t"}).headers["x-cost-cents"])
    assert client.get("/v1/balance").json()["balance_cents"] == pytest.approx(before - cost)
    (row,) = client.get("/v1/usage/by-tag").json()["data"]
    assert (row["label"], row["requests"], row["cost_cents"]) == ("t", 1, cost)
    assert client.get("/v1/usage/by-tag", params={"month": "2001-01"}).json()["data"] == []
    (call,) = client.get("/v1/usage/recent", params={"limit": "5"}).json()["data"]
    assert set(call) >= {"request_id", "model", "status", "latency_ms", "cost_cents", "tag"}


def test_unknown_paths_and_methods(client: httpx.Client) -> None:
    assert client.get("/v1/nothing").json()["error"]["type"] == "not_found"
    assert client.put(CHAT).status_code == 405


def test_requests_are_recorded(client: httpx.Client, gateway: StandInGateway) -> None:
    client.post(CHAT + "?a=1", json=ASK)
    client.get("/v1/balance")
    first, second = gateway.requests
    assert (first.method, first.path, first.query) == ("POST", CHAT, "a=1")
    assert first.json == ASK
    assert first.headers["authorization"] == KEY["Authorization"]
    assert first.time <= second.time
    assert gateway.requests_to("GET /v1/bal") == (second,)


def test_two_hosts_and_a_clean_stop() -> None:
    before = threading.active_count()
    with StandInGateway() as one, StandInGateway(host_alias="localhost") as two:
        assert one.base_url != two.base_url
        assert two.base_url.startswith("http://localhost:")
        assert httpx.get(two.base_url + "/v1/models", headers=KEY).status_code == 200
        assert one.requests == ()
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(one.base_url)


def test_media_alias_is_the_host_of_links() -> None:
    with StandInGateway(media_alias="localhost", **SMALL) as gateway:
        reply = httpx.post(gateway.base_url + CHAT, json=ASK, headers=KEY)
        assert content(reply).startswith("http://localhost:")
        assert httpx.get(content(reply)).status_code == 200


def test_the_shell_entrance_serves_and_says_what_it_is() -> None:
    script = Path(__file__).parents[2] / "gateway" / "serve.py"
    command = [sys.executable, str(script), "--key", "sk-aig-a", "--answer", "text"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().decode().strip()
            assert b"generates nothing from a model" in server.stdout.readline()
            refused = httpx.get(url + "/v1/models", headers=KEY)
            good = {"Authorization": "Bearer sk-aig-a"}
            answer = httpx.post(url + CHAT, json=ASK, headers=good)
        finally:
            server.terminate()
        # Windows has no signal to end a process in order.
        assert server.wait(20) == (0 if os.name == "posix" else 1)
        assert server.stderr is not None
        assert STAND_IN.encode() in server.stderr.read()
    assert refused.status_code == 401
    assert content(answer).startswith("Hello")
    wrong = subprocess.run([sys.executable, str(script), "--answer", "no"], capture_output=True)
    assert wrong.returncode == 2
