# SPDX-License-Identifier: GPL-3.0-or-later
"""Any answer of any server is understood, or at least survived."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trellis_addon.gateway.answers.answer_parser import Answer, understand
from trellis_addon.gateway.http.base64_extraction import Body

GLB = "https://media.aigateway.sh/v1/files/jobs/job_1/model.glb?token=a&exp=1"
PNG = "https://media.aigateway.sh/preview.png"


def said(document: Any, content_type: str = "application/json") -> Answer:
    """What an answer of this JSON (or text) means."""
    text = document if isinstance(document, str) else json.dumps(document)
    return understand(Body(text, (), content_type))


def chat(content: Any, finish: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"total_tokens": 20},
    }


@pytest.mark.parametrize(
    "content",
    [
        GLB,
        f"Your model: {GLB}.",
        f"<{GLB}>",
        f"![preview]({PNG})\n[Download GLB]({GLB})",
        f'![preview]({PNG}) [model.glb]({GLB} "the model")',
        json.dumps({"thumbnail": PNG, "model_url": GLB}),
        f"Done:\n```json\n{json.dumps({'preview': PNG, 'mesh': {'url': GLB}})}\n```",
        f'Here is {{"url": "{GLB}"}}, enjoy!',
        f'<model-viewer src="{GLB}" poster="{PNG}"></model-viewer>'.replace("&", "&amp;"),
        [{"type": "text", "text": "done"}, {"type": "model_url", "model_url": {"url": GLB}}],
        json.dumps(json.dumps({"output": {"model_file": GLB}})),
    ],
)
def test_the_mesh_is_found_before_the_picture(content: Any) -> None:
    answer = said(chat(content))
    assert answer.assets
    assert answer.assets[0].url == GLB
    assert all(asset.url != PNG for asset in answer.assets)
    assert answer.usage == {"total_tokens": 20}


@pytest.mark.parametrize(
    "document",
    [
        {"model_mesh": {"url": GLB, "content_type": "model/gltf-binary"}},
        {"output": {"model_file": GLB, "color_video": "https://x.example/a.mp4"}},
        {"status": "FINISHED", "results": [{"asset": GLB, "asset_type": "3D_MODEL"}]},
        {"data": [{"url": GLB}]},
        {"id": "job_1", "status": "completed", "result": {"file_url": GLB}},
        {"id": "job_1", "status": "done", "result_url": GLB},
    ],
)
def test_shapes_of_other_hosts(document: Any) -> None:
    assert said(document).assets[0].url == GLB


def test_stream_of_events_is_joined() -> None:
    pieces = ["Your model: ", GLB[:40], GLB[40:]]
    lines = [": a comment", ""]
    for piece in pieces:
        lines += ["data: " + json.dumps({"choices": [{"delta": {"content": piece}}]}), ""]
    answer = said("\n".join([*lines, "data: [DONE]", ""]), "text/event-stream")
    assert answer.assets[0].url == GLB


def test_job_is_followed() -> None:
    answer = said({"id": "job_42", "object": "job", "status": "queued"})
    assert (answer.job_id, answer.job_status, answer.assets) == ("job_42", "queued", ())


def test_job_in_a_sentence() -> None:
    assert said(chat("Your job job_4f2a is queued.")).job_id == "job_4f2a"


def test_text_alone() -> None:
    answer = said(chat("Hello! How can I help you today?"))
    assert answer.text == "Hello! How can I help you today?"
    assert (answer.assets, answer.job_id, answer.error, answer.filtered) == ((), None, None, False)


def test_web_page() -> None:
    answer = said("<!DOCTYPE html><html><body>busy</body></html>", "text/html")
    assert answer.page
    assert not answer.assets


@pytest.mark.parametrize(
    "document",
    [
        chat("", "content_filter"),
        chat(None, refusal="I cannot help with that."),
        {"artifacts": [{"base64": "", "finishReason": "CONTENT_FILTERED"}]},
    ],
)
def test_filtered(document: Any) -> None:
    answer = said(document)
    assert answer.filtered
    assert not answer.assets


def test_error_in_an_answer() -> None:
    answer = said({"error": {"message": "no GPU", "type": "provider_error"}, "choices": []})
    assert answer.error == "no GPU"
    failed = said({"id": "job_1", "status": "failed", "error": "no GPU"})
    assert (failed.job_status, failed.error) == ("failed", "no GPU")


BREAK_URLSPLIT = [
    "see http://[x for more",
    "https://[::1/model.glb",
    "https://ex\u2100mple.com/model.glb",
]
ODD_LINKS = [
    "https://example.com:port/model.glb",
    "https://example.com:99999/model.glb",
    "https:///model.glb",
    "https://%zz/model.glb",
    "data:model/gltf-binary;base64,%%%",
    "data:;base64,",
    "@payload:0@ @payload:77@",
]


@pytest.mark.parametrize("content", BREAK_URLSPLIT)
def test_addresses_that_cannot_be_taken_apart_are_survived(content: str) -> None:
    assert isinstance(said(chat(f"{content} {GLB}")), Answer)


@pytest.mark.parametrize("content", ODD_LINKS)
def test_odd_links_are_survived(content: str) -> None:
    assert isinstance(said(chat(content)), Answer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "true",
        "[]",
        "{}",
        '""',
        "{",
        "[" * 20_000,
        '{"a":' * 20_000,
        "data:",
        "\ufeff{}",
    ],
)
def test_no_answer_at_all(text: str) -> None:
    answer = said(text)
    assert answer.assets == ()
    assert answer.job_id is None


KEYS = st.sampled_from(
    "choices message content delta text refusal error code artifacts finishReason finish_reason "
    "usage id job_id status stream url model_url data base64 images mime_type name".split()
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        [GLB, PNG, "queued", "failed", "http://x", "{}", "[1]", *ODD_LINKS, *BREAK_URLSPLIT]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(VALUES)
@example({"choices": "x"})
@example({"choices": [{"message": "x"}]})
@example({"choices": [{"message": {"content": [{"text": 1}]}}]})
@example({"error": [1]})
@example({"error": {"message": ["a"]}})
@example({"status": 200, "id": "x"})
def test_any_json_is_survived(document: Any) -> None:
    answer = said(document)
    assert isinstance(answer, Answer)
    assert all(asset.url or asset.inline or asset.payload is not None for asset in answer.assets)


@given(st.text(), st.sampled_from(["application/json", "text/html", "text/event-stream", ""]))
def test_any_text_is_survived(text: str, content_type: str) -> None:
    assert isinstance(said(text, content_type), Answer)
