# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway keeps between requests. Only its own event loop's thread touches it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from .meshes.cache import MeshCache
from .meshes.drawing import Look
from .settings import Settings

KEY_ID = "k1"
DAY = 86_400
JOB_CENTS = 2.1


@dataclass
class Job:
    """A job, and the files a finished one has. `born` is monotonic, `created` is Unix time."""

    id: str
    model: str
    prompt: str
    seed: int
    created: int
    born: float
    delay: float
    cancelled: bool = False
    failed: str = ""
    """The word for it, once the script has said that the job failed: it stays so, uncharged."""
    stuck: bool = False
    charged: bool = False
    last_poll: float | None = None
    key: str = ""
    form: str = ""
    """How it is told; a name of `job_forms.FORMS`."""
    look: Look | None = None
    """What its files show where that is not the prompt: the prop in a reference picture."""
    size: tuple[int, int] = (0, 0)
    """Width and height of its picture, for a job that is one of a call for pictures."""

    @property
    def shown(self) -> Look:
        """What its files show."""
        return self.look or Look(self.prompt, self.seed)

    def state(self) -> str:
        """Where the job is now, in the documented words."""
        age = time.monotonic() - self.born
        if self.cancelled:
            return "cancelled"
        if self.failed:
            return self.failed
        if age >= self.delay and not self.stuck:
            return "completed"
        return "queued" if age < self.delay / 4 else "running"


@dataclass(frozen=True)
class UsageRecord:
    """One billed or refused request, as /v1/usage/recent lists it."""

    request_id: str
    model: str
    status: int
    latency_ms: int
    cost_cents: float
    tag: str
    created_at: int


@dataclass(frozen=True)
class Payment:
    """One call that was charged: `key` is the idempotency key it came with, "" without one."""

    prompt: str
    key: str
    cents: float


@dataclass
class Upload:
    """A file of the Batch API."""

    id: str
    filename: str
    purpose: str
    created: int
    content: bytes


@dataclass
class Store:
    """Jobs, uploads, batches, usage, payments and the secret that signs links."""

    settings: Settings
    meshes: MeshCache
    jobs: dict[str, Job] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    batches: dict[str, Any] = field(default_factory=dict)
    usage: list[UsageRecord] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def new_id(self, prefix: str) -> str:
        """A new identifier such as `job_0a1b2c3d4e5f6071`."""
        return f"{prefix}_{next(self.counter):04x}{secrets.token_hex(6)}"

    def add_job(self, model: str, prompt: str, seed: int, delay: float) -> Job:
        """Enter a new job; with `delay` 0 its files are there at once."""
        job = Job(
            self.new_id("job"), model, prompt, seed, int(time.time()), time.monotonic(), delay
        )
        self.jobs[job.id] = job
        return job

    def settle(self) -> None:
        """Charge the jobs that are done and were not asked for since."""
        for job in list(self.jobs.values()):
            if not job.charged and job.state() == "completed":
                job.charged = True
                self.payments.append(Payment(job.prompt, job.key, JOB_CENTS))

    def token(self, job_id: str, name: str, expires: int) -> str:
        """The signature of one public link."""
        text = f"{KEY_ID}/{job_id}/{name}/{expires}".encode()
        return hmac.new(self.secret, text, hashlib.sha256).hexdigest()[:40]

    def public_url(self, job_id: str, name: str, seconds: int = DAY) -> tuple[str, int]:
        """A link that needs no key, and its expiry in Unix seconds."""
        expires = int(time.time()) + seconds
        token = self.token(job_id, name, expires)
        path = f"/v1/files/jobs/{job_id}/{name}/public"
        query = f"token={token}&exp={expires}&k={KEY_ID}"
        return f"{self.settings.media_url}{path}?{query}", expires

    def spent_cents(self) -> float:
        """All that was billed so far."""
        return round(sum(record.cost_cents for record in self.usage), 6)
