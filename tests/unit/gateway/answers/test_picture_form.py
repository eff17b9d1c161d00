# SPDX-License-Identifier: GPL-3.0-or-later
"""How a model's schema says that it takes pictures."""

from __future__ import annotations

from typing import Any

import pytest

from trellis_addon.gateway.answers.picture_form import PictureForm, picture_form

FRONT = "https://example.org/front.png"
PART = {"type": "image_url", "image_url": {"url": FRONT}}


@pytest.mark.parametrize(
    ("schema", "form"),
    [
        ({}, "unknown"),
        ([], "unknown"),
        ({"request_example": {"prompt": "a chair"}}, "unknown"),
        ({"request_example": {"image_url": FRONT}}, "one"),
        ({"request_example": {"image": FRONT}}, "one"),
        ({"request_example": {"image_url": [FRONT]}}, "image_url"),
        ({"request_example": {"image_url": FRONT, "image_urls": [FRONT]}}, "image_urls"),
        ({"request_example": {"images": [FRONT]}}, "images"),
        ({"properties": {"image_url": {"type": "string"}}}, "one"),
        ({"properties": {"image_url": {"type": ["string", "null"]}}}, "one"),
        ({"properties": {"image_url": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}, "one"),
        ({"properties": {"image_url": {"oneOf": [{"type": "string"}, {"type": "array"}]}}},
         "image_url"),
        ({"properties": {"image_urls": {"type": "array", "items": {"type": "string"}}}},
         "image_urls"),
        ({"properties": {"images": {"type": "array", "maxItems": 1}}}, "one"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, PART]}]},
         "parts"),
        # What an answer holds says nothing about requests.
        ({"response_example": {"images": [FRONT], "image_url": FRONT}}, "unknown"),
        ({"response_examples": [{"images": [FRONT]}], "image_url": FRONT}, "one"),
        ({"image_url": 3, "images": "many", "image_urls": None}, "unknown"),
    ],
)  # fmt: skip
def test_form_of_a_schema(schema: Any, form: str) -> None:
    assert picture_form(schema) == form


def test_deep_schema_ends() -> None:
    document: Any = {"image_url": FRONT}
    for _ in range(500):
        document = {"inner": [document]}
    assert picture_form(document) is PictureForm.UNKNOWN
