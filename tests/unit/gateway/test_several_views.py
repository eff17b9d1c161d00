# SPDX-License-Identifier: GPL-3.0-or-later
"""Several pictures of one object: in which form they are sent, and when nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from gateway import StandInGateway
from gateway import actions as do
from gateway.pictures import Pictures
from support.gw_lines import CHAT, JOBS, SCHEMA, Bench

FRONT, BACK, LEFT = (f"https://example.org/{side}.png" for side in ("front", "back", "left"))
SEVERAL = {"prompt": "a chair", "image_url": FRONT, "views": (("left", LEFT), ("back", BACK))}
IN_ORDER = [FRONT, BACK, LEFT]


@contextmanager
def gateway_with(
    pictures: Pictures, folder: Path, *, jobs: bool = True
) -> Iterator[tuple[StandInGateway, Bench]]:
    """A gateway whose model takes pictures in this form."""
    with StandInGateway(
        triangles=2000, texture=64, pictures=pictures, endpoint="jobs" if jobs else "chat"
    ) as gateway:
        yield gateway, Bench(gateway.base_url, folder)


def sent(gateway: StandInGateway, route: str) -> list[dict[str, object]]:
    """The bodies of the requests to an endpoint."""
    return [request.json for request in gateway.requests_to(route)]


@pytest.mark.parametrize("form", ["image_url", "image_urls", "images"])
def test_pictures_go_in_the_field_that_the_schema_names(form: Pictures, tmp_path: Path) -> None:
    with gateway_with(form, tmp_path) as (gateway, bench):
        assert bench.run(**SEVERAL).finished
        (body,) = sent(gateway, JOBS)
        assert body[form] == IN_ORDER
        assert {"image_url", "image_urls", "images"} & set(body) == {form}


def test_silent_schema_gets_a_list_of_addresses(tmp_path: Path) -> None:
    with gateway_with("silent", tmp_path) as (gateway, bench):
        assert bench.run(**SEVERAL).finished
        assert [body["image_url"] for body in sent(gateway, JOBS)] == [IN_ORDER]


@pytest.mark.parametrize("form", ["silent", "one", "image_url", "image_urls", "images"])
def test_single_picture_is_always_one_address(form: Pictures, tmp_path: Path) -> None:
    with gateway_with(form, tmp_path) as (gateway, bench):
        assert bench.run(prompt="a chair", image_url=FRONT).finished
        (body,) = sent(gateway, JOBS)
        assert body["image_url"] == FRONT
        assert not {"image_urls", "images"} & set(body)


def test_model_that_takes_one_picture_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with gateway_with("one", tmp_path) as (gateway, bench):
        ran = bench.run(**SEVERAL)
        assert "takes one picture" in ran.error.message
        assert "Remove the further views" in ran.error.step.window
        assert "Give the front alone" in ran.error.step.at_command_line
        assert gateway.requests_to("POST") == ()
        assert gateway.payments == ()
        assert ran.calls == []


def test_model_that_takes_pictures_by_chat_gets_parts(tmp_path: Path) -> None:
    with gateway_with("parts", tmp_path, jobs=False) as (gateway, bench):
        assert bench.run(**SEVERAL).finished
        assert bench.run(prompt="a chair", image_url=FRONT).finished
        assert sent(gateway, JOBS) == []
        several, single = (body["messages"] for body in sent(gateway, CHAT))
        parts = [{"type": "image_url", "image_url": {"url": url}} for url in IN_ORDER]
        text = {"type": "text", "text": "a chair"}
        assert several == [{"role": "user", "content": [text, *parts]}]
        assert single == [{"role": "user", "content": [text, parts[0]]}]


def test_refused_list_is_not_charged_and_says_why(tmp_path: Path) -> None:
    with gateway_with("silent", tmp_path) as (gateway, bench):
        gateway.script.on(JOBS, do.status(400), times=None)
        ran = bench.run(**SEVERAL)
        assert ran.error.status == 400
        assert gateway.payments == ()


def test_model_without_settings_still_gets_every_picture(tmp_path: Path) -> None:
    with gateway_with("image_urls", tmp_path) as (gateway, bench):
        gateway.script.on(JOBS, do.status(422))
        assert bench.run(**SEVERAL, seed=3, parameters=(("texture_size", 512),)).finished
        full, bare = sent(gateway, JOBS)
        assert "texture_size" in full
        assert "texture_size" not in bare
        assert full["image_urls"] == bare["image_urls"] == IN_ORDER


def test_repetition_has_the_same_body_when_the_schema_has_changed(tmp_path: Path) -> None:
    """A lost answer is asked for again under its key, which another body would make a conflict."""
    with gateway_with("image_urls", tmp_path) as (gateway, bench):
        gateway.script.on(JOBS, do.mask(504))
        ran = bench.run(**SEVERAL)
        assert ran.error
        (tmp_path / ".gateway.json").unlink()
        gateway.script.on(SCHEMA, do.status(404), times=None)
        assert bench.go_on(ran.folder).finished
        bodies = sent(gateway, JOBS)
        assert len(bodies) > 1
        assert all(body["image_urls"] == IN_ORDER for body in bodies)
        assert len(gateway.payments) == 1
