# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a gateway does, a prop is paid for once at the most, and comes once the gateway is well.

Some hundred gateways are put together by chance, each of several faults. The same item is run
again and again, as a batch does it: what can go on goes on, and only what certainly was not taken
is asked for under another key.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.job_forms import FORMS
from gateway.script import Action
from support.gw_lines import CHAT, FILES, JOBS, Bench, Ran

from trellis_addon.headless.batch.earlier_tries import drop_failed, usable
from trellis_addon.library.prop_folder import PropFolder

GROUPS, EACH = 12, 20
"""240 gateways, in groups for a sight of which fails."""
MOST_RUNS = 8

Fault = tuple[str, tuple[Action, ...]]
SHAPES = (
    "link markdown json json_fenced data_uri base64 html job job_in_text binary sse images".split()
)
BUSY = {"error": {"message": "A request with this key is in progress."}}
SUBMITS = (CHAT, JOBS)
POLLS = ("GET /v1/jobs/*", "GET /v1/progress/*")

LOST = [
    *((do.mask(status),) for status in (408, 500, 502, 504, 520, 522, 524)),
    (do.cut_at(0),),
    (do.cut_at(30, reset=True),),
]
REFUSED = [(do.status(status),) for status in (400, 402, 404, 413, 422, 429, 501, 503)]
WAITED = [(do.status(status, BUSY),) for status in (409, 422, 425)]
UNREADABLE = [(do.recode(form),) for form in ("brotli", "numbers", "sse_error", "html", "half")]
ODD_BYTES = [(do.recode(form),) for form in ("bom", "utf-16")]
POLL_FAULTS = [
    (do.status(500),),
    (do.status(429),),
    (do.not_modified(),),
    (do.cut_at(0),),
    (do.body(b"<html><a href='/x.glb'>busy</a></html>", "text/html"),),
    (do.status(200, "Please wait: https://example.com/model.glb"),),
    (do.status(403, "<html>firewall</html>"),),
    (do.job_result("none"),),
    (do.recode("utf-16"),),
    (do.link_form("relative"),),
    (do.job_status("in_queue"),),
]
POLL_ENDS = [(do.status(402),), (do.status(401),)]
FILE_FAULTS = [
    (do.status(404),),
    (do.status(403),),
    (do.status(500),),
    (do.body(b"", "model/gltf-binary"),),
    (do.body(b"<html>busy</html>", "text/html"),),
    (do.wrong_length(-10),),
    (do.wrong_length(+10),),
    (do.cut_at(4000),),
    (do.recode("newline"),),
    (do.mask(206),),
    (do.recode("half"), do.mask(206)),
    (do.expire_links(),),
]


@dataclass
class Gateway:
    """One gateway's faults, in words for a failure's sake."""

    seed: str
    endpoint: str = "auto"
    faults: list[tuple[str, tuple[Action, ...], int]] = field(default_factory=list)

    @classmethod
    def by_chance(cls, seed: str) -> Gateway:
        chance = random.Random(seed)
        made = cls(seed, chance.choice(("auto", "chat", "jobs")))
        shape, form = chance.choice(SHAPES), chance.choice(sorted(FORMS))
        for route in SUBMITS:
            dress = (do.answer(shape),) if route == CHAT else (do.job_form(form),)
            link = (do.link_form(chance.choice(("", "relative", "no_scheme"))),)
            made._submit(chance, route, dress + link)
        for route in POLLS:
            for _ in range(chance.choice((0, 0, 1, 2))):
                made.faults.append((route, chance.choice(POLL_FAULTS), chance.randint(1, 5)))
            if chance.random() < 0.1:
                made.faults.append((route, chance.choice(POLL_ENDS), 1))
        for _ in range(chance.choice((0, 0, 1, 2))):
            made.faults.append((FILES, chance.choice(FILE_FAULTS), chance.choice((1, 3, 60))))
        return made

    def _submit(self, chance: random.Random, route: str, dress: tuple[Action, ...]) -> None:
        """What comes before the request is taken, how its answer is lost, what comes then."""
        if chance.random() < 0.25:
            self.faults.append((route, chance.choice(REFUSED), 1))
        lost = chance.choice((None, None, LOST, LOST, UNREADABLE, ODD_BYTES))
        if lost:
            self.faults.append((route, dress + chance.choice(lost), 1))
            if chance.random() < 0.4:
                after = chance.choice((WAITED, WAITED, LOST, [(do.status(402),)]))
                self.faults.append((route, dress + chance.choice(after), chance.randint(1, 3)))
        self.faults.append((route, dress, 99))

    def order(self, gateway: StandInGateway) -> None:
        gateway.script.clear()
        for route, actions, times in self.faults:
            gateway.script.on(route, *actions, times=times)

    def explain(self) -> str:
        told = [f"{r} {[a.name for a in actions]} x{times}" for r, actions, times in self.faults]
        return "\n".join([f"seed {self.seed}, endpoint {self.endpoint}", *told])


def run_item(bench: Bench, before: PropFolder | None) -> Ran:
    """One run of a batch over its item; see ``headless.batch.run``."""
    if before and (found := usable(before)):
        return bench.go_on(found[0])
    ran = bench.run()
    if before:
        drop_failed(bench.library, before.id)
    return ran


@pytest.mark.parametrize(
    "group", [0, *(pytest.param(group, marks=pytest.mark.long) for group in range(1, GROUPS))]
)
def test_paid_once_and_there_in_the_end(
    stand_in: StandInGateway, tmp_path: Path, group: int
) -> None:
    for number in range(EACH):
        made = Gateway.by_chance(f"{group}-{number}")
        library = tmp_path / str(number)
        bench = Bench(stand_in.base_url, library, {"endpoint": made.endpoint})
        paid = len(stand_in.payments)
        made.order(stand_in)
        ran, runs = run_item(bench, None), 1
        while not_ready(ran) and runs < MOST_RUNS:
            ran, runs = run_item(bench, ran.folder), runs + 1
        if not_ready(ran):
            stand_in.script.clear()
            ran = run_item(bench, ran.folder)
        why = f"{made.explain()}\n{ran.events[-1]}\n{ran.record.origin}"
        assert not not_ready(ran), why
        again = bench.go_on(ran.folder)
        assert not not_ready(again), why
        assert len(stand_in.payments) - paid == 1, why
        assert len([p for p in library.iterdir() if p.is_dir()]) == 1, why


def not_ready(ran: Ran) -> bool:
    return str(ran.record.state) != "ready"


def test_the_faults_are_met() -> None:
    """Each kind is in some gateways, and most gateways have one."""
    all_made = [Gateway.by_chance(f"{g}-{n}") for g in range(GROUPS) for n in range(EACH)]
    names = {a.name for made in all_made for _, actions, _ in made.faults for a in actions}
    groups = (LOST, REFUSED, WAITED, UNREADABLE, ODD_BYTES, POLL_FAULTS, POLL_ENDS, FILE_FAULTS)
    assert {a.name for group in groups for actions in group for a in actions} <= names
    assert sum(len(made.faults) > 3 for made in all_made) > len(all_made) // 2
