# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the gateway, from the request to the mesh on the disk. ``measure_call.py METHOD URL``

METHOD: ``ours`` (the product's client: streamed, understood, checked, written and synced) or
``bare`` (httpx: the same request, ``json()``, base64, one write). The first call of each pays for
imports and caches and is not counted. Prints the median of the others in milliseconds.
"""

from __future__ import annotations

import base64
import json
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.core.secret import Secret
from trellis_addon.core.settings import GatewaySettings
from trellis_addon.gateway.answers.answer_parser import understand
from trellis_addon.gateway.answers.reply import CHAT
from trellis_addon.gateway.answers.wire import ChatBody
from trellis_addon.gateway.client import Gateway

CALLS = 6
KEY = "sk-aig-bench"
REQUEST = GenerationRequest.checked(prompt="weathered oak barrel, iron hoops")


def ours(url: str, folder: Path) -> None:
    """As a job does it."""
    gateway = Gateway(GatewaySettings(base_url=url, key=Secret(KEY)), CancelToken())
    try:
        reply = gateway.submit(REQUEST, CHAT, str(uuid.uuid4()), folder)
        location = understand(reply.body).assets[0]
        gateway.fetch(location, reply.body, folder, lambda _done, _total: None)
    finally:
        gateway.close()


def bare(url: str, folder: Path) -> None:
    """As a script does it that trusts everybody."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    content = ChatBody.of(REQUEST).to_json()
    with httpx.Client() as client:
        answer = client.post(
            f"{url}/v1/chat/completions", content=content, headers=headers, timeout=600
        )
    text = answer.json()["choices"][0]["message"]["content"].partition(",")[2]
    (folder / "model.glb").write_bytes(base64.b64decode(text))


def main() -> None:
    """Measure and print one JSON object."""
    work, url = {"ours": ours, "bare": bare}[sys.argv[1]], sys.argv[2]
    times = []
    for _ in range(CALLS):
        with tempfile.TemporaryDirectory() as name:
            start = time.perf_counter()
            work(url, Path(name))
            times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"call": statistics.median(times[1:])}))


if __name__ == "__main__":
    main()
