# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error status and every form of an error's body, through a real socket to a sentence."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway import actions as do
from hypothesis import given
from hypothesis import strategies as st
from support.gw_lines import CHAT, Bench, completion

from trellis_addon.core.errors import ErrorFacts
from trellis_addon.gateway.answers.status_errors import (
    ROWS,
    from_response,
    plain,
    read_error,
    row_for,
)
from trellis_addon.headless.console.exit_codes import exit_code


@pytest.fixture
def bench(stand_in: StandInGateway, tmp_path: Path) -> Bench:
    return Bench(stand_in.base_url, tmp_path, {"endpoint": "chat"})


@dataclass(frozen=True)
class Expected:
    """What becomes of a status: kind, may it be tried again, exit code, words to be found."""

    kind: str
    retryable: bool
    code: int
    message: str
    step: str


REFUSED, ACCOUNT, FAILED = (
    ("refused", False, 1),
    ("account", False, 3),
    ("gateway_failure", True, 1),
)
CHARGED = "may have been made and charged"
STATUSES = {
    400: Expected(*REFUSED, "does not accept the request", "Change the prompt"),
    401: Expected(*ACCOUNT, "does not accept the API key", "preferences"),
    402: Expected(*ACCOUNT, "no credit left", "free sign-up credit covers only some models"),
    403: Expected(*ACCOUNT, "may not use this model, or its limit", "limits"),
    404: Expected(*REFUSED, "does not know this model", "Check the model"),
    405: Expected(*REFUSED, "does not offer this way", "Automatic"),
    408: Expected(*FAILED, "stopped waiting", CHARGED),
    409: Expected("refused", True, 1, "has this request already", CHARGED),
    413: Expected(*REFUSED, "too large", "smaller image"),
    422: Expected(*REFUSED, "does not support one of the settings", "Reset"),
    425: Expected("refused", True, 1, "has this request already", CHARGED),
    429: Expected("rate_limit", True, 1, "Too many requests", "Try again in 7 s"),
    499: Expected(*FAILED, "cancelled", CHARGED),
    500: Expected(*FAILED, "The gateway failed", CHARGED),
    501: Expected(*REFUSED, "does not offer this way", "Automatic"),
    502: Expected(*FAILED, "service that makes the models failed", CHARGED),
    503: Expected(*FAILED, "overloaded", "Try again in 7 s"),
    504: Expected(*FAILED, "took too long", CHARGED),
    **dict.fromkeys(range(520, 528), Expected(*FAILED, "service cannot be reached", CHARGED)),
    # Cloudflare could not make a secure connection to the gateway, so nothing was handed on.
    **dict.fromkeys((525, 526), Expected(*FAILED, "service cannot be reached", "few minutes")),
    # Not in the list of the gateway's errors, but what a server may say.
    302: Expected(*REFUSED, "points to another address", "gateway URL"),
    418: Expected(*REFUSED, "does not accept the request", "Change"),
    507: Expected(*FAILED, "The gateway failed", CHARGED),
}
NAMES = (
    "invalid_request_error invalid_request authentication_error invalid_key insufficient_credits "
    "budget_exceeded payment_required scope_exceeded not_found model_not_found unknown_model "
    "timeout_error idempotency_conflict payload_too_large unsupported_parameter rate_limit_error "
    "rate_limited client_closed server_error internal_error provider_error provider_unavailable "
    "service_unavailable capacity_exceeded provider_timeout"
).split()


def assert_readable(facts: ErrorFacts) -> None:
    """Words for people: no markup, no JSON, not long, with something to do next."""
    assert facts.message
    assert facts.next_step
    assert not re.search(r"[{}<>\[\]\\]|\w+_\w+|\ufffd|\n", facts.sentence), facts.sentence
    assert len(facts.sentence) < 500
    assert len(facts.detail) < 1000
    assert not facts.sentence.endswith("..")


def test_every_status_of_the_table_is_looked_at() -> None:
    # A proxy's 407 is no answer of the gateway's; see test_gw_connections.
    assert set(ROWS) - {407} <= set(STATUSES)


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_status(stand_in: StandInGateway, bench: Bench, status: int) -> None:
    expected = STATUSES[status]
    headers = {"retry-after": "7", "x-request-id": "req-42"}
    # The first with a key that is in use would be waited for.
    body = {"error": "The key was used with another request"} if status in (409, 425) else None
    stand_in.script.on(CHAT, do.status(status, body, headers), times=None)
    facts = bench.run(prompt="a chair").error
    assert (facts.kind, facts.status) == (expected.kind, status)
    assert facts.retryable is expected.retryable
    assert exit_code(facts.kind) == expected.code
    assert expected.message in facts.message
    assert expected.step in facts.next_step
    assert facts.request_id == "req-42"
    assert_readable(facts)


@pytest.mark.parametrize("status", [500, 503, 520])
def test_support_is_told_the_request(stand_in: StandInGateway, bench: Bench, status: int) -> None:
    stand_in.script.on(CHAT, do.status(status, headers={"x-request-id": "req-42"}), times=None)
    assert "req-42" in bench.run().error.next_step


def test_wait_without_a_time(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(CHAT, do.status(429), times=None)
    assert "Try again in a minute" in bench.run().error.next_step


def test_model_is_named(stand_in: StandInGateway, bench: Bench) -> None:
    assert "(acme/none)" in bench.run(model="acme/none").error.message


BODIES: dict[str, Any] = {
    "integer code": {"error": {"message": "No GPU.", "type": "provider_error", "code": 400}},
    "string code": {"error": {"message": "No GPU.", "code": "no_gpu", "param": None}},
    "plain string": {"error": "No GPU."},
    "message": {"message": "No GPU."},
    "detail": {"detail": "No GPU."},
    "detail list": {"detail": [{"loc": ["body", "seed"], "msg": "No GPU.", "type": "x"}]},
    "detail of strings": {"detail": ["No GPU."]},
    "error with detail": {"error": {"detail": "No GPU."}},
    "JSON string": '"No GPU."',
    "words": "No GPU.",
    "passed on JSON": {"error": {"message": '{"error": {"message": "No GPU.", "code": 5}}'}},
    "passed on JSON behind words": {"error": {"message": 'No GPU: {"a": [1, {"b": 2}]}'}},
    "HTML behind words": {"message": "No GPU. <p>Contact <a href='x'>us</a>"},
    "cut JSON": '{"error": {"message": "No GPU.", "trace": "' + "x" * 5_000_000,
}


@pytest.mark.parametrize("name", sorted(BODIES))
def test_body_that_says_why(stand_in: StandInGateway, bench: Bench, name: str) -> None:
    stand_in.script.on(CHAT, do.status(400, BODIES[name]), times=None)
    facts = bench.run().error
    assert facts.message == "The gateway does not accept the request: No GPU"
    assert_readable(facts)


MUTE: dict[str, Any] = {
    "empty": b"",
    "HTML": b"<!DOCTYPE html><html><body>busy</body></html>",
    "HTML without a type": b"  <center><h1>502 Bad Gateway</h1></center>",
    "XML": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "bytes": bytes(range(128, 256)) * 20,
    "zeros": bytes(3000),
    "5 MB of HTML": b"<html>" + b"<p>busy</p>" * 450_000,
    "5 MB of JSON": b'{"a": "' + b"x" * 5_000_000,
    "list": b"[1, 2]",
    "number": b"5",
    "null": b"null",
    "deep": b"[" * 100_000,
    "error is a list": b'{"error": [1]}',
    "error is empty": b'{"error": {}}',
    "message is an object": b'{"error": {"message": {"a": 1}}}',
    "code is odd": b'{"error": {"message": null, "code": [1], "type": 5}}',
}


@pytest.mark.parametrize("status", [400, 502])
@pytest.mark.parametrize("name", sorted(MUTE))
def test_body_that_says_nothing(
    stand_in: StandInGateway, bench: Bench, name: str, status: int
) -> None:
    stand_in.script.on(CHAT, do.status(status, MUTE[name]), times=None)
    facts = bench.run().error
    assert facts.message == row_for(status).message
    assert facts.status == status
    assert_readable(facts)


def test_text_that_is_not_utf_8(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(CHAT, do.status(400, "Ungültiger Prompt, bitte ändern".encode("latin-1")))
    facts = bench.run().error
    assert "bitte" in facts.message


def test_long_words_are_shortened(stand_in: StandInGateway, bench: Bench) -> None:
    stand_in.script.on(CHAT, do.status(400, {"error": {"message": "No GPU. " * 600_000}}))
    facts = bench.run().error
    assert facts.message.count("No GPU.") > 3
    assert_readable(facts)


@pytest.mark.parametrize("status", [401, 402])
def test_account_errors_do_not_quote(stand_in: StandInGateway, bench: Bench, status: int) -> None:
    stand_in.script.on(CHAT, do.status(status, {"error": {"message": "key sk-a***9"}}))
    facts = bench.run().error
    assert "sk-a" not in facts.sentence
    assert "sk-a" in facts.detail


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_documents(name: str) -> None:
    for error in ({"code": name}, {"type": name}, {"code": 400, "type": name}):
        facts = from_response(400, {}, json.dumps({"error": error})).facts
        assert name in facts.detail
        assert_readable(facts)


def test_status_counts_before_the_name() -> None:
    body = json.dumps({"error": {"message": "x", "code": "rate_limited"}})
    assert from_response(402, {}, body).facts.kind == "account"


@given(st.text(), st.integers(400, 599))
def test_any_body_becomes_a_sentence(text: str, status: int) -> None:
    facts = from_response(status, {"x-request-id": "r"}, text).facts
    assert facts.message.startswith(row_for(status).message)
    assert len(facts.sentence) < 600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("error message detail code type msg".split()), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_read(document: Any) -> None:
    body = read_error(json.dumps(document))
    assert all(isinstance(value, str) for value in (body.message, body.code, body.type))


@given(st.text())
def test_words_have_no_json_or_markup_in_them(text: str) -> None:
    assert not re.search(r'<[a-zA-Z!/?]|\{\s*"', plain(text))


# --- errors inside a good answer


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"error": {"message": "No GPU."}}, "gateway_failure", "failed at the gateway: No GPU."),
        ({"error": '{"detail": "No GPU."}'}, "gateway_failure", "failed at the gateway: No GPU."),
        ({"error": {"message": "<html>x</html>"}}, "gateway_failure", "failed at the gateway"),
        ({"choices": []}, "gateway_failure", "failed at the gateway"),
        (completion("", refusal="No."), "no_model", "content filter"),
        (completion(""), "no_model", "no model in the gateway's answer"),
        (completion(None), "no_model", "no model in the gateway's answer"),
        (completion("Hello! How can I help?"), "no_model", "“Hello! How can I help?”"),
        ("<!DOCTYPE html><html></html>", "no_model", "a web page"),
        (b"", "no_model", "no model in the gateway's answer"),
        (b"null", "no_model", ""),
        (b"[[[[", "no_model", ""),
    ],
)
def test_good_status_without_a_model(
    stand_in: StandInGateway, bench: Bench, answer: Any, kind: str, words: str
) -> None:
    stand_in.script.on(CHAT, do.status(200, answer, {"x-request-id": "req-42"}))
    facts = bench.run().error
    assert facts.kind == kind
    assert words in facts.message
    assert facts.request_id == "req-42"
    assert facts.next_step
    assert not re.search(r"[{}<>\\]", facts.sentence)


@pytest.mark.parametrize("reason", ["content_filter", "error"])
def test_finish_reason(stand_in: StandInGateway, bench: Bench, reason: str) -> None:
    answer = completion("")
    answer["choices"][0]["finish_reason"] = reason
    stand_in.script.on(CHAT, do.status(200, answer))
    facts = bench.run().error
    assert facts.kind == {"content_filter": "no_model", "error": "gateway_failure"}[reason]
    assert facts.next_step
