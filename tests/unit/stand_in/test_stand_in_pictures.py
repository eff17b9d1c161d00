# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's pictures, as the official client of OpenAI sees them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import httpx
import openai
import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.meshes import kind_of
from gateway.meshes.drawing import Look, draw, seen_in
from gateway.settings import PICTURES, TRELLIS
from PIL import Image

ONE_A_CALL = "bria/fibo/generate"
GENERATIONS = "POST /v1/images/generations"
HEADERS = {"authorization": "Bearer sk-aig-test"}


@pytest.fixture
def client(stand_in: StandInGateway) -> Iterator[openai.OpenAI]:
    url = stand_in.base_url + "/v1"
    with openai.OpenAI(base_url=url, api_key="sk-aig-test", max_retries=0) as running:
        yield running


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_openai_client_takes_links(stand_in: StandInGateway, client: openai.OpenAI) -> None:
    answer = client.images.generate(model=PICTURES, prompt="a red chair", n=3, size="256x256")
    assert answer.created > 0
    assert answer.data is not None
    contents = [httpx.get(row.url or "").content for row in answer.data]
    assert len(set(contents)) == 3
    assert {opened(content).size for content in contents} == {(256, 256)}
    assert {kind_of(look.prompt) for content in contents if (look := seen_in(content))} == {"chair"}
    (payment,) = stand_in.payments
    assert payment.prompt == "a red chair"
    assert payment.cents == pytest.approx(0.9)


def test_openai_client_takes_base64_and_edits_it(
    stand_in: StandInGateway, client: openai.OpenAI
) -> None:
    first = client.images.generate(
        model=PICTURES, prompt="a vase", response_format="b64_json", size="256x256"
    )
    assert first.data is not None
    content = base64.b64decode(first.data[0].b64_json or "")
    edited = client.images.edit(
        model=PICTURES,
        image=("one.png", content, "image/png"),
        prompt="more like this",
        n=2,
        response_format="b64_json",
        size="256x256",
    )
    assert edited.data is not None
    looks = [seen_in(base64.b64decode(row.b64_json or "")) for row in edited.data]
    assert [look.prompt for look in looks if look] == ["a vase", "a vase"]
    assert len({content, *(row.b64_json for row in edited.data)}) == 3
    assert [p.cents for p in stand_in.payments] == [pytest.approx(0.3), pytest.approx(0.6)]


def test_openai_client_edits_several_pictures(client: openai.OpenAI) -> None:
    pictures = [(f"{n}.png", draw(Look("a lamp", n), 64, 64), "image/png") for n in range(2)]
    answer = client.images.edit(model=PICTURES, image=pictures, prompt="both", size="256x256")
    assert answer.data is not None
    assert len(answer.data) == 1


def test_openai_client_raises_the_documented_errors(
    stand_in: StandInGateway, client: openai.OpenAI
) -> None:
    with pytest.raises(openai.BadRequestError, match="n=1"):
        client.images.generate(model=ONE_A_CALL, prompt="a vase", n=2)
    with pytest.raises(openai.BadRequestError, match="not an image model"):
        client.images.generate(model=TRELLIS, prompt="a vase")
    with pytest.raises(openai.BadRequestError, match="PNG, JPEG or WebP"):
        client.images.edit(model=PICTURES, prompt="x", image=("a.txt", b"no", "text/plain"))
    stand_in.script.on(GENERATIONS, do.status(429, headers={"retry-after": "7"}))
    with pytest.raises(openai.RateLimitError) as limited:
        client.images.generate(model=PICTURES, prompt="a vase")
    assert limited.value.response.headers["retry-after"] == "7"
    assert stand_in.payments == ()


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_each_format_tells_what_it_shows(form: str) -> None:
    with StandInGateway(picture_format=form) as gateway:  # type: ignore[arg-type]
        body = {"model": PICTURES, "prompt": "a lantern", "size": "256x128", "seed": 4}
        url = gateway.base_url + "/v1/images/generations"
        (row,) = httpx.post(url, json=body, headers=HEADERS).json()["data"]
        answer = httpx.get(row["url"])
    assert answer.headers["content-type"] == f"image/{form}"
    assert opened(answer.content).size == (256, 128)
    assert seen_in(answer.content) == Look("a lantern", 4)


def test_a_chosen_picture_leads_to_the_prop_in_it(stand_in: StandInGateway) -> None:
    look = Look("a blue vase", 7)
    picture = base64.b64encode(draw(look, 128, 128)).decode()
    url = stand_in.base_url + "/v1/"
    body = {"model": TRELLIS, "image_url": f"data:image/png;base64,{picture}"}
    job = httpx.post(url + "3d/generations", json=body, headers=HEADERS).json()["id"]
    received = httpx.get(f"{url}files/jobs/{job}/model.glb", headers=HEADERS).content
    assert received == stand_in._store.meshes.glb(look.prompt, look.seed)


def test_a_key_is_paid_once_and_the_answer_repeated(stand_in: StandInGateway) -> None:
    url = stand_in.base_url + "/v1/images/generations"
    body = {"model": PICTURES, "prompt": "a rock", "n": 2}
    headers = {**HEADERS, "idempotency-key": "one"}
    stand_in.script.on(GENERATIONS, do.cut_at(10))
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(url, json=body, headers=headers)
    again = httpx.post(url, json=body, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(again.json()["data"]) == 2
    assert len(stand_in.payments) == 1
    assert httpx.post(url, json={**body, "n": 1}, headers=headers).status_code == 409


def test_models_of_pictures_tell_their_price(stand_in: StandInGateway) -> None:
    answer = httpx.get(f"{stand_in.base_url}/v1/models?modality=image", headers=HEADERS).json()
    prices = {row["id"]: row["pricing"].get("per_image") for row in answer["data"]}
    assert prices == {PICTURES: 0.003, ONE_A_CALL: 0.04, "openai/gpt-image-1": None}
