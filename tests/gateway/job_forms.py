# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job is told: the words of other hosts' records, and the places where they are asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from .replies import json_reply
from .store import Job

Record = dict[str, Any]


@dataclass(frozen=True)
class JobForm:
    """One form. `place` is the route that knows the job: `jobs`, `progress` or `submit`."""

    place: str = "jobs"
    make_id: Callable[[str], str] = lambda identity: identity
    dress: Callable[[Record, str], Record] = lambda record, url: record
    at_location: int = 0
    """The submit is answered with this status and a `Location`, and no body."""


def _task(record: Record, _url: str) -> Record:
    return {"code": 200, "data": {"task_id": record.pop("id"), **record}}


def _state(record: Record, _url: str) -> Record:
    return {"id": record["id"], "state": record.pop("status"), **record}


def _address_alone(name: str, relative: str = "") -> Callable[[Record, str], Record]:
    def dress(record: Record, url: str) -> Record:
        record.pop("id")
        return {name: relative + url.rpartition("/")[2] if relative else url, **record}

    return dress


FORMS: Mapping[str, JobForm] = {
    "": JobForm(),
    "number": JobForm(
        make_id=lambda _: str(secrets.randbelow(10**15) + 1),
        dress=lambda record, url: {**record, "id": int(record["id"])},
    ),
    "long": JobForm(make_id=lambda identity: identity + "-" + "0a1b2c3d" * 80),
    "task_id": JobForm(dress=_task),
    "state": JobForm(dress=_state),
    "poll_url": JobForm("progress", dress=lambda record, url: {**record, "poll_url": url}),
    "poll_url_alone": JobForm("progress", dress=_address_alone("poll_url")),
    "status_url_relative": JobForm("progress", dress=_address_alone("status_url", "/v1/progress/")),
    "urls_get": JobForm("progress", dress=lambda record, url: {**record, "urls": {"get": url}}),
    "location_202": JobForm("progress", at_location=202),
    "location_303": JobForm("progress", at_location=303),
    "below_submit": JobForm("submit"),
}


def told(job: Job, record: Record, base_url: str, *, submit: bool) -> Response:
    """The answer about a job in its form."""
    form = FORMS[job.form]
    url = f"{base_url}/v1/progress/{job.id}"
    if submit and form.at_location:
        return Response(
            status_code=form.at_location, headers={"location": f"/v1/progress/{job.id}"}
        )
    return json_reply(form.dress(record, url), 202 if submit else 200)
