# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in as the official clients see it."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest
from aigateway import AIgateway, AIgatewayError  # type: ignore[import-untyped]
from gateway import StandInGateway
from gateway import actions as do
from openai.types import Model

KEY = "sk-aig-test"
TRELLIS = "microsoft/trellis"


@pytest.fixture
def gateway() -> Iterator[StandInGateway]:
    with StandInGateway(triangles=2000, texture=64) as running:
        yield running


def openai_client(gateway: StandInGateway, key: str = KEY) -> openai.OpenAI:
    return openai.OpenAI(base_url=gateway.base_url + "/v1", api_key=key, max_retries=0)


def test_openai_client_parses_a_completion(gateway: StandInGateway) -> None:
    with openai_client(gateway) as client:
        answer = client.chat.completions.create(
            model=TRELLIS,
            messages=[
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": "an oak barrel"},
            ],
            temperature=0.7,
            top_p=0.95,
            max_tokens=1024,
            stream=False,
        )
        assert answer.id.startswith("chatcmpl-")
        assert answer.object == "chat.completion"
        assert answer.model == TRELLIS
        assert answer.created > 0
        (choice,) = answer.choices
        assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
        assert choice.message.content is not None
        assert choice.message.content.startswith(gateway.base_url + "/v1/files/jobs/")
        assert answer.usage is not None
        assert answer.usage.total_tokens == (
            answer.usage.prompt_tokens + answer.usage.completion_tokens
        )


def test_openai_client_lists_models_and_runs_a_batch(gateway: StandInGateway) -> None:
    line = (
        b'{"custom_id": "one", "method": "POST", "url": "/v1/chat/completions", "body":'
        b' {"model": "microsoft/trellis", "messages": [{"role": "user", "content": "a rock"}]}}\n'
        b'{"custom_id": "two", "method": "POST", "url": "/v1/chat/completions", "body": {}}\n'
    )
    with openai_client(gateway) as client:
        assert TRELLIS in [model.id for model in client.models.list()]
        upload = client.files.create(file=("in.jsonl", line), purpose="batch")
        assert upload.bytes == len(line)
        assert client.files.content(upload.id).read() == line
        batch = client.batches.create(
            input_file_id=upload.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        batch = client.batches.retrieve(batch.id)
        assert batch.status == "completed"
        assert batch.request_counts is not None
        counts = batch.request_counts
        assert (counts.total, counts.completed, counts.failed) == (2, 1, 1)
        assert batch.output_file_id is not None
        output = client.files.content(batch.output_file_id).text
        assert '"custom_id": "one"' in output
        assert "/v1/files/jobs/" in output
        assert [b.id for b in client.batches.list()] == [batch.id]
        assert client.files.delete(upload.id).deleted


def test_openai_client_takes_the_models_as_they_are(gateway: StandInGateway) -> None:
    """Field by field, as the client itself reads whatever comes without a check."""
    with openai_client(gateway) as client:
        listed = client.models.list()
        assert listed.object == "list"
        one = client.models.retrieve(TRELLIS)
        for model in [*listed.data, one]:
            checked = Model.model_validate(model.model_dump(), strict=True)
            assert checked.object == "model"
            assert checked.created > 0
        assert (one.id, one.owned_by) == (TRELLIS, "microsoft")
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("no/such")


def test_a_slow_batch_is_cancelled() -> None:
    line = b'{"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {}}'
    with StandInGateway(delay=3600) as gateway, openai_client(gateway) as client:
        upload = client.files.create(file=("in.jsonl", line), purpose="batch")
        batch = client.batches.create(
            input_file_id=upload.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        assert batch.status == "in_progress"
        assert client.batches.cancel(batch.id).status == "cancelled"


def test_openai_client_raises_the_documented_errors(gateway: StandInGateway) -> None:
    with openai_client(gateway, "sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError) as wrong_key:
            client.models.list()
        assert isinstance(wrong_key.value.body, dict)
        assert wrong_key.value.body["type"] == "authentication_error"
        assert wrong_key.value.body["code"] == 401
    with openai_client(gateway) as client:
        hello = {"role": "user", "content": "hi"}
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="no/such", messages=[hello])  # type: ignore[list-item]
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model=TRELLIS, messages=[])
        gateway.script.on("POST /v1/chat/completions", do.status(429, headers={"retry-after": "7"}))
        with pytest.raises(openai.RateLimitError) as limited:
            client.chat.completions.create(model=TRELLIS, messages=[hello])  # type: ignore[list-item]
        assert limited.value.response.headers["retry-after"] == "7"


def aig_client(gateway: StandInGateway, key: str = KEY) -> AIgateway:
    return AIgateway(api_key=key, base_url=gateway.base_url, media_base_url=gateway.base_url)


def test_official_client_submits_waits_and_downloads() -> None:
    with (
        StandInGateway(delay=0.05, triangles=2000, texture=64) as gateway,
        aig_client(gateway) as client,
    ):
        job = client.jobs.create_3d(prompt="a mushroom", model=TRELLIS, seed=3)
        assert (job.status, job.modality, job.model) == ("queued", "3d", TRELLIS)
        done = client.jobs.wait(job.id, timeout_seconds=60, poll_interval_seconds=0.01)
        assert done.status == "completed"
        assert done.result is not None
        assert done.result["file_url"].startswith(gateway.base_url)
        content = client.files.download(job.id, "model.glb")
        assert content[:4] == b"glTF"
        link = client.files.signed_url(job.id, "model.glb", expires_in=60)
        assert set(link) >= {"url", "expires_at"}
        statuses = [r.route for r in gateway.requests_to("GET /v1/jobs/")]
        assert len(statuses) >= 2


def test_official_client_sees_cancel_errors_and_models(gateway: StandInGateway) -> None:
    with aig_client(gateway) as client:
        gateway.script.on("POST /v1/3d/*", do.never_ends())
        job = client.jobs.create_3d(prompt="a rock")
        assert client.jobs.get(job.id).status in ("queued", "running")
        assert client.jobs.cancel(job.id).status == "cancelled"
        assert client.jobs.get(job.id).status == "cancelled"
        with pytest.raises(AIgatewayError) as missing:
            client.jobs.get("job_none")
        assert (missing.value.status_code, missing.value.type) == (404, "not_found")
        assert [model["id"] for model in client.models.list(provider="microsoft")] == [TRELLIS]
        assert client.models.get(TRELLIS)["schema"]["method"] == "POST"
    with aig_client(gateway, "sk-nope") as client:
        with pytest.raises(AIgatewayError) as refused:
            client.models.list()
        assert (refused.value.status_code, refused.value.type) == (401, "authentication_error")
