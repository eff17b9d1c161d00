# SPDX-License-Identifier: GPL-3.0-or-later
"""Which generation of a soak meets which fault: chosen by seed, so that every run is the same."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable

from gateway import StandInGateway
from gateway import actions as do
from gateway.record import RecordedRequest
from gateway.script import Action

CHAT, JOBS = "POST /v1/chat/completions", "GET /v1/jobs/*"
FILES = "GET /v1/files/*/public"
Fault = tuple[str, tuple[Action, ...], int]
"""Route, what is done to it, and how often."""

FAULTS: dict[str, tuple[Fault, ...]] = {
    "429": ((CHAT, (do.status(429, headers={"retry-after": "1"}),), 1),),
    "503": ((CHAT, (do.status(503),), 2),),
    "500": ((CHAT, (do.status(500),), 1),),
    "502": ((CHAT, (do.status(502),), 1),),
    "504": ((CHAT, (do.status(504),), 1),),
    "500, made all the same": ((CHAT, (do.mask(500),), 1),),
    "504, made all the same": ((CHAT, (do.mask(504),), 1),),
    "524, made all the same": ((CHAT, (do.mask(524),), 1),),
    "first in progress": ((CHAT, (do.status(425),), 1),),
    "400 twice": ((CHAT, (do.status(400),), 1), ("POST /v1/3d/*", (do.status(400),), 1)),
    "422, then without the fields": ((CHAT, (do.status(422),), 1),),
    "413": ((CHAT, (do.status(413),), 1),),
    "web page": ((CHAT, (do.body(b"<html>busy</html>", "text/html"),), 1),),
    "answer lost": ((CHAT, (do.cut_at(0),), 1),),
    "answer in brotli": ((CHAT, (do.recode("brotli"),), 1),),
    "answer in UTF-16": ((CHAT, (do.recode("utf-16"),), 1),),
    "answer half": ((CHAT, (do.recode("half"),), 1),),
    "addresses relative": ((CHAT, (do.link_form("relative"),), 1),),
    "answer cut": ((CHAT, (do.answer("data_uri"), do.cut_at(3000)), 1),),
    "answer reset": ((CHAT, (do.cut_at(60, reset=True),), 1),),
    "answer slow": ((CHAT, (do.delay(1.5),), 1),),
    "answer inline": ((CHAT, (do.answer("base64"),), 1),),
    "job": ((CHAT, (do.answer("job"),), 1),),
    "job, poll 500": ((CHAT, (do.answer("job"),), 1), (JOBS, (do.status(500),), 1)),
    "job, poll a page": (
        (CHAT, (do.answer("job"),), 1),
        (JOBS, (do.body(b"<html>busy</html>", "text/html"),), 1),
    ),
    "job, no address yet": ((CHAT, (do.answer("job"),), 1), (JOBS, (do.job_result("none"),), 1)),
    "job failed": ((CHAT, (do.answer("job"),), 1), (JOBS, (do.job_status("failed"),), 1)),
    "link expired": ((CHAT, (do.expire_links(),), 1),),
    "file 404": ((FILES, (do.status(404),), 1),),
    "file late": ((FILES, (do.status(404),), 3),),
    "file empty": ((FILES, (do.body(b"", "model/gltf-binary"),), 1),),
    "file with a line break": ((FILES, (do.recode("newline"),), 9),),
    "file as a part": ((FILES, (do.mask(206),), 9),),
    "file 500": ((FILES, (do.status(500),), 2),),
    "file cut": ((FILES, (do.cut_at(4000),), 1),),
    "file reset": ((FILES, (do.cut_at(9000, reset=True),), 2),),
    "file dripping": ((FILES, (do.drip(30_000),), 1),),
    "file too short": ((FILES, (do.wrong_length(50),), 1),),
    "file no model": ((FILES, (do.body(b"<html>gone</html>", "text/html"),), 9),),
    "file broken": ((FILES, (do.body(b"glTF\x02\0\0\0\x20\0\0\0\x0c\0\0\0JSON{}          "),), 9),),
}
"""Kind -> what is wrong. Refusals of the account are left out: a batch stops at the first one."""


class Faults:
    """The faults of one run, each done to one generation."""

    def __init__(self, gateway: StandInGateway, seed: int, share: float) -> None:
        self.met: Counter[str] = Counter()
        self.over = False
        """From here on everything is well."""
        self._gateway = gateway
        self._seed = seed
        self._share = share
        self._used: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        for kind, faults in FAULTS.items():
            for fault in faults:
                route, actions, _ = fault
                gateway.script.on(route, *actions, times=None, when=self._when(kind, fault))

    def kind_of(self, prompt: str) -> str:
        """The fault that a prompt meets; empty for most."""
        chance = random.Random(f"{self._seed} {prompt}")
        return chance.choice(sorted(FAULTS)) if chance.random() < self._share else ""

    def _when(self, kind: str, fault: Fault) -> Callable[[RecordedRequest], bool]:
        route, _, times = fault

        def when(request: RecordedRequest) -> bool:
            prompt = self._gateway.prompt_of(request)
            if self.over or self.kind_of(prompt) != kind:
                return False
            with self._lock:
                used = self._used[prompt, route]
                self._used[prompt, route] += 1
                self.met[kind] += used == 0 and fault is FAULTS[kind][0]
                return used < times

        return when
