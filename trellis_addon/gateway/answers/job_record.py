# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a job in an answer, whatever its fields are called: its id, its status, and where to poll
it.

Sources: docs/async-jobs (``id``, ``status``); PiAPI wraps ``data.task_id``; fal has ``request_id``
and ``status_url``, Replicate ``urls.get``, EmpirioLabs ``job_id`` and ``poll_url``; others have
``state``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

_LONGEST_ID: Final = 2048
"""Characters. Some hosts sign their ids. Twice as many still fit into a URL everywhere."""
_LONGEST_URL: Final = 8192
_IDS: Final = ("job_id", "task_id", "jobId", "taskId", "generation_id")
_IDS_WITH_STATUS: Final = ("id", "request_id")
"""Names that any object may have. They are a job's if there is also a status or an address to
poll."""
_STATUSES: Final = ("status", "state", "task_status", "job_status")
_URLS: Final = ("poll_url", "polling_url", "pollUrl", "status_url", "statusUrl")
_WRAPPERS: Final = ("data", "job", "task")


@dataclass(frozen=True)
class JobNamed:
    """What a document says about a job. Each part may be missing."""

    id: str | None = None
    status: str = ""
    urls: tuple[str, ...] = ()
    """The addresses as written in the document; they may be relative."""

    @property
    def can_be_followed(self) -> bool:
        """Whether it can be polled."""
        return bool(self.id or self.urls)


NO_JOB: Final = JobNamed()


def job_in(document: dict[str, Any]) -> JobNamed:
    """The job in a document; an empty one if it names none. A nested one comes first, as the outer
    status may be that of the request.
    """
    # A chat completion has an "id" too, which is not a job's.
    if "choices" in document:
        return NO_JOB
    found = [_read(one) for one in _layers(document)]
    named = next((one for one in found if one.can_be_followed), None)
    return named or next((one for one in found if one.status), NO_JOB)


def _layers(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in _WRAPPERS:
        if isinstance(inner := document.get(name), dict):
            yield inner
    yield document


def _read(document: dict[str, Any]) -> JobNamed:
    status = next((document[n] for n in _STATUSES if isinstance(document.get(n), str)), "")
    links = document.get("urls")
    told = [*map(document.get, _URLS), links.get("get") if isinstance(links, dict) else None]
    urls = tuple(value for value in told if can_be_kept(value))
    names = (*_IDS, *_IDS_WITH_STATUS) if status or urls else _IDS
    identities = (_identity(document.get(name)) for name in names)
    return JobNamed(next(filter(None, identities), None), status, urls)


def can_be_kept(url: Any) -> TypeGuard[str]:
    """Whether a value is a string that a record can keep as an address."""
    return isinstance(url, str) and 0 < len(url) <= _LONGEST_URL and url.isprintable()


def _identity(value: Any) -> str | None:
    """An id as text, for a URL and for a record; some ids are numbers."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return str(value)
    # "." and ".." would change the path of the URL that the id goes into.
    if not isinstance(value, str) or not value.strip("."):
        return None
    return value if value.isprintable() and len(value) <= _LONGEST_ID else None
