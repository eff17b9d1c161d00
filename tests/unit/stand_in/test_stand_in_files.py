# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads from the stand-in: keys, signed links, ranges."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from gateway import StandInGateway
from gateway import actions as do

KEY = {"Authorization": "Bearer sk-aig-test"}


@pytest.fixture
def gateway() -> Iterator[StandInGateway]:
    with StandInGateway(triangles=2000, texture=64) as running:
        yield running


@pytest.fixture
def client(gateway: StandInGateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=KEY) as http:
        yield http


@pytest.fixture
def path(client: httpx.Client) -> str:
    job = client.post("/v1/3d/generations", json={"prompt": "a rock", "seed": 1}).json()["id"]
    return f"/v1/files/jobs/{job}/model.glb"


def test_with_key(client: httpx.Client, gateway: StandInGateway, path: str) -> None:
    whole = client.get(path)
    assert whole.headers["content-type"] == "model/gltf-binary"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["last-modified"].endswith("GMT")
    assert len(whole.content) == int(whole.headers["content-length"])
    assert httpx.get(gateway.base_url + path).status_code == 401
    assert client.get(path.replace("model.glb", "other.glb")).status_code == 404
    assert client.get(path.replace("/job_", "/job_x")).status_code == 404
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    again = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304


def test_ranges(client: httpx.Client, path: str) -> None:
    whole = client.get(path)
    data, size = whole.content, len(whole.content)
    for wanted, part in (
        ("bytes=0-9", data[:10]),
        ("bytes=100-", data[100:]),
        ("bytes=-7", data[-7:]),
        (f"bytes=5-{size + 100}", data[5:]),
    ):
        reply = client.get(path, headers={"Range": wanted})
        assert (reply.status_code, reply.content) == (206, part)
        assert reply.headers["content-range"].endswith(f"/{size}")
    beyond = client.get(path, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    same = {"Range": "bytes=0-9", "If-Range": whole.headers["etag"]}
    assert client.get(path, headers=same).status_code == 206
    changed = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert client.get(path, headers=changed).status_code == 200


def test_signed_links(client: httpx.Client, gateway: StandInGateway, path: str) -> None:
    minted = client.get(path + "/signed", params={"expires_in": 600}).json()
    assert httpx.get(minted["url"]).content == client.get(path).content
    assert f"exp={minted['expires_at']}" in minted["url"]
    for wrong in ("59", "604801", "soon"):
        assert client.get(path + "/signed", params={"expires_in": wrong}).status_code == 400
    forged = minted["url"].replace("token=", "token=0")
    longer = minted["url"].replace(f"exp={minted['expires_at']}", "exp=9999999999")
    for url in (forged, longer):
        assert httpx.get(url).status_code == 400
    gateway.script.on("GET /v1/files/*/signed", do.expire_links())
    expired = client.get(path + "/signed").json()["url"]
    reply = httpx.get(expired)
    assert reply.status_code == 400
    assert "expired" in reply.json()["error"]["message"]


def test_uploads(client: httpx.Client) -> None:
    blob = bytes(range(256)) * 3
    reply = client.post("/v1/files", files={"file": ("a.bin", blob)}, data={"purpose": "batch"})
    assert reply.status_code == 201
    record = reply.json()
    assert (record["filename"], record["bytes"], record["purpose"]) == ("a.bin", 768, "batch")
    assert client.get(f"/v1/files/{record['id']}/content").content == blob
    assert client.get(f"/v1/files/{record['id']}").json()["id"] == record["id"]
    assert client.get("/v1/files", params={"purpose": "batch_output"}).json()["data"] == []
    assert len(client.get("/v1/files").json()["data"]) == 1
    assert client.delete(f"/v1/files/{record['id']}").json()["deleted"]
    assert client.get(f"/v1/files/{record['id']}").status_code == 404
    assert client.post("/v1/files", data={"purpose": "batch"}).status_code == 400
