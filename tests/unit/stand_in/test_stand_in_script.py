# SPDX-License-Identifier: GPL-3.0-or-later
"""Every action of the fault script, proven over a real socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do

KEY = {"Authorization": "Bearer sk-aig-test"}
MODELS = "GET /v1/models"
BALANCE = "GET /v1/balance"


@pytest.fixture
def gateway() -> Iterator[StandInGateway]:
    with StandInGateway(triangles=2000, texture=64) as running:
        yield running


@pytest.fixture
def client(gateway: StandInGateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=KEY, timeout=20) as http:
        yield http


def raw(gateway: StandInGateway, path: str) -> bytes:
    """All bytes the server sends for a GET until it closes the connection."""
    address = urlsplit(gateway.base_url)
    with socket.create_connection((address.hostname or "", address.port or 0), 20) as line:
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-aig-x\r\n\r\n".encode()
        )
        data = b""
        while piece := line.recv(65536):
            data += piece
    return data


def test_rules_are_used_in_order_and_up(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on(MODELS, do.status(503), times=2)
    gateway.script.on("GET /v1/*", do.status(500), times=1, after=1)
    seen = [client.get("/v1/models").status_code for _ in range(5)]
    assert seen == [503, 503, 200, 500, 200]
    assert gateway.script.unused == ()
    gateway.script.on(MODELS, do.status(502), times=None)
    assert [client.get("/v1/models").status_code for _ in range(3)] == [502] * 3
    assert client.get("/v1/balance").status_code == 200
    gateway.script.clear()
    assert client.get("/v1/models").status_code == 200
    with pytest.raises(ValueError, match="METHOD"):
        gateway.script.on("/v1/models", do.status(500))


def test_status(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on(MODELS, do.status(503))
    reply = client.get("/v1/models")
    assert reply.json()["error"]["type"] == "service_unavailable"
    assert reply.headers["x-request-id"]
    gateway.script.on(MODELS, do.status(429, headers={"Retry-After": "7"}))
    assert client.get("/v1/models").headers["retry-after"] == "7"
    gateway.script.on(MODELS, do.status(402, {"error": "no money"}))
    assert client.get("/v1/models").json() == {"error": "no money"}
    gateway.script.on(MODELS, do.status(525, "<html>"), do.content_type("text/html"))
    reply = client.get("/v1/models")
    assert (reply.status_code, reply.text) == (525, "<html>")
    assert reply.headers["content-type"] == "text/html"


def test_status_leaves_the_endpoint_out(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on("POST /v1/3d/generations", do.status(500))
    headers = {"Idempotency-Key": "a"}
    assert client.post("/v1/3d/generations", json={}, headers=headers).status_code == 500
    body = {"prompt": "a rock"}
    assert client.post("/v1/3d/generations", json=body, headers=headers).status_code == 202


def test_body_and_content_type(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on(MODELS, do.body(b"<html>busy</html>", "text/html"))
    reply = client.get("/v1/models")
    assert (reply.status_code, reply.content) == (200, b"<html>busy</html>")
    gateway.script.on(MODELS, do.content_type("text/plain"))
    reply = client.get("/v1/models")
    assert reply.headers["content-type"] == "text/plain"
    assert reply.json()["data"]


def test_redirect_and_not_modified(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on(MODELS, do.redirect(gateway.base_url + "/v1/balance", 307))
    reply = client.get("/v1/models")
    assert (reply.status_code, reply.headers["location"]) == (307, gateway.base_url + "/v1/balance")
    gateway.script.on(MODELS, do.not_modified())
    reply = client.get("/v1/models")
    assert (reply.status_code, reply.content) == (304, b"")
    assert client.get("/v1/models").status_code == 200


def test_cut(gateway: StandInGateway, client: httpx.Client) -> None:
    whole = client.get("/v1/models").content
    gateway.script.on(MODELS, do.cut_at(10))
    got = raw(gateway, "/v1/models")
    head, _, body = got.partition(b"\r\n\r\n")
    assert body == whole[:10]
    assert b"content-length: %d" % len(whole) in head
    gateway.script.on(MODELS, do.cut_at(10))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        client.get("/v1/models")
    gateway.script.on(MODELS, do.cut_at(0))
    assert raw(gateway, "/v1/models") == b""
    gateway.script.on(MODELS, do.cut_at(10, reset=True))
    with pytest.raises(ConnectionResetError):
        raw(gateway, "/v1/models")
    assert client.get("/v1/models").content == whole


def test_cut_submit_has_made_the_job(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on("POST /v1/3d/generations", do.cut_at(0))
    sent = {"json": {"prompt": "a rock"}, "headers": {"Idempotency-Key": "once"}}
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/v1/3d/generations", **sent)  # type: ignore[arg-type]
    again = client.post("/v1/3d/generations", **sent)  # type: ignore[arg-type]
    assert again.headers["idempotent-replayed"] == "true"
    assert client.get(f"/v1/jobs/{again.json()['id']}").status_code == 200


@pytest.mark.parametrize("delta", [-10, 10])
def test_wrong_length(gateway: StandInGateway, client: httpx.Client, delta: int) -> None:
    whole = client.get("/v1/models").content
    gateway.script.on(MODELS, do.wrong_length(delta))
    head, _, body = raw(gateway, "/v1/models").partition(b"\r\n\r\n")
    assert b"content-length: %d\r\n" % (len(whole) + delta) in head
    assert body == whole


def test_drip_comes_in_pieces(gateway: StandInGateway, client: httpx.Client) -> None:
    whole = client.get("/v1/models").content
    gateway.script.on(MODELS, do.drip(4000))
    with client.stream("GET", "/v1/models") as reply:
        pieces = list(reply.iter_raw())
    assert b"".join(pieces) == whole
    assert len(pieces) > 3


def test_drip_and_cut_together(gateway: StandInGateway) -> None:
    gateway.script.on(MODELS, do.drip(4000), do.cut_at(300))
    assert len(raw(gateway, "/v1/models").partition(b"\r\n\r\n")[2]) == 300


def test_delay_holds_the_answer_back(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on(MODELS, do.delay(3600))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/v1/models", timeout=0.2)
    gateway.script.on(MODELS, do.delay(0.05))
    assert client.get("/v1/models").status_code == 200


def test_gate_before_the_answer(gateway: StandInGateway, client: httpx.Client) -> None:
    gate = Gate()
    gateway.script.on(MODELS, do.hold(gate))
    order: list[str] = []

    def ask() -> None:
        client.get("/v1/models")
        order.append("answered")

    asking = threading.Thread(target=ask)
    asking.start()
    assert gate.reached.wait(20)
    order.append("released")
    gate.release()
    asking.join(20)
    assert order == ["released", "answered"]


@pytest.mark.parametrize("at", [0, 100])
def test_gate_in_the_middle(gateway: StandInGateway, client: httpx.Client, at: int) -> None:
    gate = Gate()
    gateway.script.on(MODELS, do.hold(gate, at=at))
    whole = client.get("/v1/balance").content  # another route is not held
    assert whole
    with client.stream("GET", "/v1/models") as reply:
        assert gate.reached.wait(20)
        assert reply.status_code == 200
        pieces = reply.iter_raw()
        first = next(pieces) if at else b""
        assert len(first) == at
        gate.release()
        rest = b"".join(pieces)
    assert len(first) + len(rest) == int(reply.headers["content-length"])


def test_expire_links(gateway: StandInGateway, client: httpx.Client) -> None:
    ask = {"model": "microsoft/trellis", "messages": [{"role": "user", "content": "a rock"}]}
    gateway.script.on("POST /v1/chat/completions", do.expire_links())
    link = client.post("/v1/chat/completions", json=ask).json()["choices"][0]["message"]["content"]
    assert httpx.get(link).status_code == 400
    link = client.post("/v1/chat/completions", json=ask).json()["choices"][0]["message"]["content"]
    gateway.script.on("GET /v1/files/*/public", do.expire_links())
    assert [httpx.get(link).status_code for _ in range(2)] == [400, 200]


def test_job_spellings_and_results(gateway: StandInGateway, client: httpx.Client) -> None:
    job = client.post("/v1/3d/generations", json={"prompt": "a rock"}).json()["id"]
    path = f"/v1/jobs/{job}"
    gateway.script.on("GET /v1/jobs/*", do.job_status("IN_QUEUE", "starting", "Succeeded"), times=4)
    polls = [client.get(path).json() for _ in range(4)]
    assert [p["status"] for p in polls] == ["IN_QUEUE", "starting", "Succeeded", "Succeeded"]
    assert ["result" in p for p in polls] == [False, False, True, True]
    gateway.script.on("GET /v1/jobs/*", do.job_result("result_url"))
    assert client.get(path).json()["result_url"].startswith(gateway.base_url)
    assert client.get(path).json()["result"]["file_url"].startswith(gateway.base_url)
    gateway.script.on("GET /v1/jobs/*", do.job_status("errored"))
    assert client.get(path).json()["error"]["message"]


def test_never_ends(gateway: StandInGateway, client: httpx.Client) -> None:
    gateway.script.on("POST /v1/3d/generations", do.never_ends())
    job = client.post("/v1/3d/generations", json={"prompt": "a rock"}).json()["id"]
    assert client.get(f"/v1/jobs/{job}").json()["status"] == "running"
    done = client.post("/v1/3d/generations", json={"prompt": "a rock"}).json()["id"]
    gateway.script.on("GET /v1/jobs/*", do.never_ends())
    polls = [client.get(f"/v1/jobs/{done}").json()["status"] for _ in range(2)]
    assert polls == ["running", "completed"]
    ask = {"model": "microsoft/trellis", "messages": [{"role": "user", "content": "a rock"}]}
    gateway.script.on("POST /v1/chat/completions", do.answer("job"), do.never_ends())
    job = client.post("/v1/chat/completions", json=ask).json()["id"]
    assert client.get(f"/v1/jobs/{job}").json()["status"] == "running"
    for path in ("/v1/models", f"/v1/files/jobs/{job}/model.glb"):
        gateway.script.on(f"GET {path}", do.never_ends())
        with pytest.raises(httpx.ReadTimeout):
            client.get(path, timeout=0.2)


def test_stop_lets_held_clients_go() -> None:
    gate = Gate()
    failed = threading.Event()
    with StandInGateway() as gateway:
        gateway.script.on(MODELS, do.hold(gate))
        url = gateway.base_url + "/v1/models"

        def ask() -> None:
            try:
                httpx.get(url, headers=KEY, timeout=60)
            except httpx.TransportError:
                failed.set()

        asking = threading.Thread(target=ask)
        asking.start()
        assert gate.reached.wait(20)
    assert failed.wait(20)
    asking.join(20)


def test_a_client_that_leaves_frees_the_server(gateway: StandInGateway) -> None:
    gate = Gate()
    gateway.script.on(MODELS, do.hold(gate, at=10))
    with httpx.stream("GET", gateway.base_url + "/v1/models", headers=KEY):
        assert gate.reached.wait(20)
    for _ in range(100):
        if httpx.get(gateway.base_url + "/v1/balance", headers=KEY).status_code == 200:
            break
        time.sleep(0.01)
    assert len(gateway.requests) >= 2


def test_job_that_failed_stays_so_and_costs_nothing(
    gateway: StandInGateway, client: httpx.Client
) -> None:
    path = f"/v1/jobs/{client.post('/v1/3d/generations', json={'prompt': 'a rock'}).json()['id']}"
    gateway.script.on("GET /v1/jobs/*", do.job_status("errored"))
    polls = [client.get(path).json() for _ in range(2)]
    assert [poll["status"] for poll in polls] == ["errored", "errored"]
    assert all(poll["error"]["message"] for poll in polls)
    assert list(gateway.payments) == []
