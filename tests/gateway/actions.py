# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of the fault script; `script` documents each with an example."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .replies import error_body
from .script import Action, Effect, Gate

Body = bytes | str | Mapping[str, Any]


def _encode(body: Body) -> tuple[bytes, str]:
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return json.dumps(body).encode(), "application/json"


def _action(name: str, **changes: Any) -> Action:
    def apply(effect: Effect, use: int) -> Effect:
        return replace(effect, **changes)

    return Action(name, apply)


def status(code: int, body: Body | None = None, headers: Mapping[str, str] | None = None) -> Action:
    """Answer with this status; without a body, with the documented error body."""
    if body is None:
        text = error_body(code, f"Scripted answer {code}.") if code >= 400 else b""
        data, kind = text, "application/json"
    else:
        data, kind = _encode(body)

    def apply(effect: Effect, use: int) -> Effect:
        keeps_body = effect.body is not None and body is None
        return replace(
            effect,
            status=code,
            body=effect.body if keeps_body else data,
            content_type=effect.content_type or kind,
            headers=(*effect.headers, *(headers or {}).items()),
        )

    return Action(f"status({code})", apply)


def body(content: bytes, content_type: str = "application/octet-stream") -> Action:
    """Answer 200 with these bytes."""

    def apply(effect: Effect, use: int) -> Effect:
        code = effect.status or 200
        return replace(effect, status=code, body=content, content_type=content_type)

    return Action(f"body({len(content)} bytes)", apply)


def redirect(url: str, code: int = 302) -> Action:
    """Answer with a redirect to `url`."""
    return status(code, b"", {"location": url})


def not_modified() -> Action:
    """Answer 304 with an empty body."""
    return status(304, b"")


def content_type(text: str) -> Action:
    """Send the true body under another Content-Type."""
    return _action(f"content_type({text})", content_type=text)


def header(name: str, value: str) -> Action:
    """Send the true answer with one more header."""

    def apply(effect: Effect, use: int) -> Effect:
        return replace(effect, headers=(*effect.headers, (name, value)))

    return Action(f"header({name})", apply)


def delay(seconds: float) -> Action:
    """Let the endpoint do its work, and send the answer so many seconds later."""

    def apply(effect: Effect, use: int) -> Effect:
        return replace(effect, seconds=effect.seconds + seconds)

    return Action(f"delay({seconds})", apply)


def hold(gate: Gate, at: int | None = None) -> Action:
    """Wait for `gate`: before the answer, or after its headers and `at` bytes of its body."""
    return _action("hold", gate=gate, gate_at=at)


def drip(bytes_per_second: float) -> Action:
    """Send the body in small pieces, no faster than this."""
    return _action(f"drip({bytes_per_second})", bytes_per_second=bytes_per_second)


def cut_at(byte: int, reset: bool = False) -> Action:
    """Close the connection after so many bytes of the body; with 0, before the status line."""
    return _action(f"cut_at({byte})", cut_at=byte, reset=reset)


def close_early(byte: int) -> Action:
    """End the body at this byte without a word of its length, as a dying proxy does."""
    return _action(f"close_early({byte})", cut_at=byte, no_length=True)


def first_lines(count: int) -> Action:
    """Give this number of lines of an uploaded or made file, as if it had no more."""
    return _action(f"first_lines({count})", most_lines=count)


def results_late(*, counted: bool = True) -> Action:
    """Call a batch completed without naming its file yet; without its counts, too."""
    return _action("results_late", results_late=True, results_counted=counted)


def wrong_length(delta: int) -> Action:
    """Announce a Content-Length that is off by `delta`."""
    return _action(f"wrong_length({delta:+})", length_delta=delta)


def expire_links() -> Action:
    """Make the links of this answer expired ones; refuse the link when the request is for one."""
    return _action("expire_links", links_expired=True)


def job_status(*spellings: str) -> Action:
    """Give a job's status in these words, one poll after the other; the last one stays."""

    def apply(effect: Effect, use: int) -> Effect:
        return replace(effect, job_status=spellings[min(use, len(spellings) - 1)])

    return Action(f"job_status{spellings}", apply)


def job_result(form: str) -> Action:
    """Give a completed job in another form; the names are in `jobs.RESULTS`."""
    return _action(f"job_result({form})", job_result=form)


def never_ends() -> Action:
    """On a job's route the job stays running; on any other the answer never comes."""
    return _action("never_ends", never_ends=True)


def mask(code: int, body: Body | None = None) -> Action:
    """Let the endpoint do its work, and charge it, and answer this in place of what it says.

    Without a body: the documented error body from 400 on, else the true one.
    """
    data = None if body is None else _encode(body)[0]
    if body is None and code >= 400:
        data = error_body(code, f"Masked by {code}.")
    return _action(f"mask({code})", mask_status=code, mask_body=data)


def recode(form: str) -> Action:
    """Send the true answer in other bytes; the names are in `recoding.FORMS`."""
    return _action(f"recode({form})", recode=form)


def job_form(form: str) -> Action:
    """Tell of the job that is made, now and at each poll, in a form of `job_forms.FORMS`."""
    return _action(f"job_form({form})", job_form=form)


def link_form(form: str) -> Action:
    """Write the links of this answer in a form of `context.LINK_FORMS`."""
    return _action(f"link_form({form})", link_form=form)


def answer(kind: str) -> Action:
    """Answer a chat call in this shape; the names are in `shapes.SHAPES`."""
    return _action(f"answer({kind})", answer=kind)
