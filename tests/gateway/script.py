# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault script: what a test orders the stand-in to do wrong, request by request.

    from gateway import Gate, StandInGateway
    from gateway import actions as do

    with StandInGateway() as gateway:
        gateway.script.on("POST /v1/chat/completions", do.status(503), times=2)
        gateway.script.on("GET /v1/files/*", do.cut_at(1000), after=1)

`on(route, *actions, times=1, after=0)` adds one rule. The route is a method and a path; `*` in
it stands for anything, also for slashes. For each request the rules are asked in the order they
were added: the first one that matches and is not used up answers, and the others do not see the
request. `times` says how often a rule may act (None: always), `after` how many matching requests
it lets pass first (to the rules behind it). Several actions in one rule act together:

    gateway.script.on("GET /v1/files/*", do.drip(200_000), do.cut_at(50_000))

The actions, all in the module `actions`, with one example each:

    do.status(503)                                 the documented error body for that status
    do.status(429, headers={"retry-after": "7"})   ... with a header
    do.status(402, {"error": {"message": "..."}})  ... with a body (dict, str or bytes)
    do.body(b"<html>busy</html>", "text/html")     200 with these bytes
    do.content_type("text/plain")                  the true body under another type
    do.redirect("http://localhost:1/x", 302)       a redirect
    do.not_modified()                              304 with an empty body
    do.delay(0.5)                                  the answer comes half a second later
    do.hold(gate)                                  ... when `gate.release()` is called
    do.hold(gate, at=4096)                         ... after the headers and 4096 body bytes
    do.header("retry-after", "3")                  the true answer with one more header
    do.drip(50_000)                                at most 50,000 body bytes a second
    do.cut_at(1000)                                closes the connection after 1000 body bytes
    do.cut_at(1000, reset=True)                    ... with a TCP reset
    do.wrong_length(+10)                           Content-Length ten too large
    do.expire_links()                              links made are expired; links used are refused
    do.job_status("in_queue", "done")              spelling of the status, poll after poll
    do.job_result("result_url")                    form of a completed job (`jobs.RESULTS`)
    do.never_ends()                                a job that stays running; an answer never sent
    do.answer("data_uri")                          shape of a chat answer (`shapes.SHAPES`)
    do.close_early(1000)                           the body ends there, and no length tells
    do.first_lines(2)                              the first lines of a batch's file, and no more
    do.first_lines(2)                              ... and two of the pictures that were asked for
    do.answer("b64_json")                          form of a picture (`images.SHAPES`)
    do.results_late()                              a finished batch that names no file yet
    do.results_late(counted=False)                 ... and counts nothing either
    do.mask(504)                                   does and charges it, and answers this status
    do.mask(200, b"<html>busy</html>")             ... with these bytes
    do.mask(206)                                   the true body under another status
    do.recode("utf-16")                            the true body in other bytes (`recoding.FORMS`)
    do.job_form("task_id")                         a job told otherwise (`job_forms.FORMS`)
    do.link_form("relative")                       links told otherwise (`context.LINK_FORMS`)

`status`, `body`, `redirect` and `not_modified` answer in place of the endpoint, which then does
nothing. All others change an answer that the endpoint has really made: with `do.cut_at(0)` on a
submit the job exists, but the client never learns of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .record import RecordedRequest

When = Callable[[RecordedRequest], bool]


@dataclass(frozen=True)
class Effect:
    """All that the actions of one rule do to one request."""

    status: int | None = None
    body: bytes | None = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    gate: Gate | None = None
    gate_at: int | None = None
    bytes_per_second: float | None = None
    cut_at: int | None = None
    reset: bool = False
    length_delta: int = 0
    links_expired: bool = False
    job_status: str | None = None
    job_result: str | None = None
    never_ends: bool = False
    answer: str | None = None
    no_length: bool = False
    most_lines: int | None = None
    results_late: bool = False
    results_counted: bool = True
    mask_status: int | None = None
    mask_body: bytes | None = None
    recode: str | None = None
    job_form: str | None = None
    link_form: str | None = None

    @property
    def replaces(self) -> bool:
        """Whether the endpoint is left out and this answer sent in its place."""
        return self.status is not None or self.body is not None

    @property
    def touches_wire(self) -> bool:
        """Whether the answer has to be written to the connection by hand."""
        held = self.gate is not None and self.gate_at is not None
        paced = self.bytes_per_second is not None or self.cut_at is not None
        return held or paced or self.length_delta != 0


@dataclass(frozen=True)
class Action:
    """One change of an `Effect`; `use` counts how often the rule has acted before, from 0."""

    name: str
    apply: Callable[[Effect, int], Effect]


@dataclass(frozen=True)
class Gate:
    """Lets a test hold an answer open until it has done something.

    `reached` is set when a request waits at the gate; `release()` lets it and all later ones
    through. Example: `gate.reached.wait(10); job.cancel(); gate.release()`.
    """

    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Open the gate."""
        self.released.set()


@dataclass
class Rule:
    """One line of the script and how far it is used."""

    route: str
    actions: tuple[Action, ...]
    times: int | None
    after: int
    when: When | None = None
    seen: int = 0
    used: int = 0

    def take(self, route: str, request: RecordedRequest | None = None) -> Effect | None:
        """The effect on this request, or None when the rule does not act on it."""
        if not fnmatchcase(route, self.route) or self.used == self.times:
            return None
        if self.when and (request is None or not self.when(request)):
            return None
        self.seen += 1
        if self.seen <= self.after:
            return None
        effect = Effect()
        for action in self.actions:
            effect = action.apply(effect, self.used)
        self.used += 1
        return effect


class Script:
    """The rules of one gateway. Safe to change from any thread while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []

    def on(
        self,
        route: str,
        *actions: Action,
        times: int | None = 1,
        after: int = 0,
        when: When | None = None,
    ) -> Rule:
        """Add a rule; see the module's text. Raises `ValueError` for a route without a method."""
        method, _, path = route.partition(" ")
        if not method or not path.startswith(("/", "*")):
            raise ValueError(f"a route is 'METHOD /path', not {route!r}")
        rule = Rule(route, actions, times, after, when)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()

    def take(self, route: str, request: RecordedRequest | None = None) -> Effect:
        """The effect on a request; an empty one when no rule acts."""
        with self._lock:
            for rule in self._rules:
                effect = rule.take(route, request)
                if effect is not None:
                    return effect
        return Effect()

    @property
    def unused(self) -> tuple[str, ...]:
        """Routes of the rules that still have uses left, for a test's last assertion."""
        with self._lock:
            return tuple(r.route for r in self._rules if r.times is None or r.used < r.times)
