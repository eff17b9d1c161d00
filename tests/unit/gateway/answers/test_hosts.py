# SPDX-License-Identifier: GPL-3.0-or-later
"""Other hosts of TRELLIS that docs/gateways.md says work: each as its documents describe it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from gateway.meshes import make_glb
from support.gw_lines import Bench
from support.gw_raw import Answer, Asked, RawServer, http
from support.gw_tables import GATEWAYS
from support.rooms import KEY, PROMPT

MESH = make_glb(PROMPT, 0, 2000, 64)
IMAGE = "https://images.example/barrel.png"
DATA = "data:image/png;base64,aGk="


class Host:
    """Takes the key as a bearer's; what is asked otherwise than documented is refused."""

    def __init__(self) -> None:
        self.server = RawServer(self)

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/files/model.glb":
            return http(MESH, kind="model/gltf-binary")
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return http({"error": {"message": "no key"}}, 401)
        body = json.loads(asked.body) if asked.body else {}
        answer = self.answer(f"{asked.method} {asked.path}", body)
        return http(answer) if answer else http({"error": {"message": "not known"}}, 404)

    def answer(self, route: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """By the documents; None where they have nothing."""
        raise NotImplementedError

    @property
    def link(self) -> str:
        """To the model; a signed one needs no key."""
        return f"{self.server.url}/files/model.glb?signature=1"


class EmpirioLabs(Host):
    """docs.empiriolabs.ai, "Generate a 3D asset" and "Retrieve a job", which leaves open how the
    link in a result is called.
    """

    def answer(self, route: str, body: dict[str, Any]) -> dict[str, Any] | None:
        job = {"job_id": "0f5c", "created_at": "2026-03-01T00:00:00Z"}
        image = body.get("image_url", body.get("image"))
        if route == "POST /v1/3d/generations" and body["model"] == "trellis-2-4b" and image:
            return {**job, "status": "queued", "poll_url": f"{self.server.url}/v1/jobs/0f5c"}
        if route == "GET /v1/jobs/0f5c":
            result = {"url": self.link, "format": "glb"}
            return {**job, "status": "completed", "progress": 1.0, "result": result, "error": None}
        return None


class LocalAI(Host):
    """localai.io, its endpoint for 3D: an answer at once, with a link or base64."""

    inline = False

    def answer(self, route: str, body: dict[str, Any]) -> dict[str, Any] | None:
        if route != "POST /v1/3d/generations" or not body.get("image"):
            return None
        encoded = base64.b64encode(MESH).decode()
        one = {"b64_json": encoded} if self.inline else {"url": self.link}
        return {"created": 1_770_000_000, "id": "1", "data": [one]}


class LocalAIInline(LocalAI):
    inline = True


@pytest.mark.parametrize(
    ("host", "request_fields"),
    [
        (EmpirioLabs, {"model": "trellis-2-4b", "image_url": IMAGE}),
        (
            EmpirioLabs,
            {"model": "trellis-2-4b", "parameters": (("image", DATA),)},
        ),
        (LocalAI, {"model": "trellis2", "parameters": (("image", IMAGE),)}),
        (LocalAIInline, {"model": "trellis2", "parameters": (("image", IMAGE),)}),
    ],
)
def test_host_works_as_its_documents_have_it(
    tmp_path: Path, host: type[Host], request_fields: dict[str, Any]
) -> None:
    other = host()
    with other.server as server:
        ran = Bench(f"{server.url}/v1", tmp_path, {"endpoint": "jobs"}).run(**request_fields)
    assert ran.model == MESH
    assert [asked.method for asked in server.asked].count("POST") == 1


def test_page_says_which_hosts_work() -> None:
    """Each that works is tried here, and AIgateway by all the other tests."""
    table = GATEWAYS.read_text("utf-8").split("<!-- hosts -->")[1].split("<!-- /hosts -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.strip().splitlines()[2:]]
    assert all(len(row) == 4 for row in rows)
    works = {row[0].split(",")[0].split(" (")[0] for row in rows if row[3].startswith("yes")}
    assert works == {"AIgateway", "EmpirioLabs", "LocalAI"}
