# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out from a model's schema how it takes pictures: one, several, and in which field.

AIgateway documents ``image_url`` alone, as one text. Other hosts of the same models take a list:
fal ``image_urls``, Replicate ``images``. The chat endpoint takes OpenAI's form, parts of a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final


class PictureForm(StrEnum):
    """How pictures are sent."""

    UNKNOWN = "unknown"
    """The schema is silent. Several are sent as :attr:`LIST`."""
    ONE = "one"
    LIST = "image_url"
    """A list in the field of the single picture."""
    URLS = "image_urls"
    IMAGES = "images"
    PARTS = "parts"
    """As parts of the chat message."""

    @property
    def field(self) -> str:
        """The name of the list in the body of a job."""
        return self.value if self in _LISTS else PictureForm.LIST.value


REMEMBERED: Final = " pictures"
"""What is added to the key of a cached endpoint for how its model takes pictures."""

_LISTS: Final = (PictureForm.URLS, PictureForm.IMAGES, PictureForm.LIST)
_SINGLE: Final = ("image_url", "image")
_ANSWERS: Final = ("response", "answer", "output", "result")
"""The beginnings of fields that describe answers, whose pictures are previews."""
_DEEPEST: Final = 12


def picture_form(document: Any) -> PictureForm:
    """The form that a schema names, as an example or as a JSON schema."""
    found = set(_forms(document))
    # A schema with both names the list in addition to the single picture.
    for form in (PictureForm.PARTS, *_LISTS, PictureForm.ONE):
        if form in found:
            return form
    return PictureForm.UNKNOWN


def _forms(value: Any, depth: int = 0) -> Iterator[PictureForm]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _forms(item, depth + 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if str(name).startswith(_ANSWERS):
                continue
            if name in (PictureForm.URLS, PictureForm.IMAGES) and _is_list(inner):
                yield PictureForm.ONE if _holds_one(inner) else PictureForm(name)
            elif name in _SINGLE and _is_list(inner):
                yield PictureForm.LIST if name == PictureForm.LIST else PictureForm.UNKNOWN
            elif name in _SINGLE and _is_part(inner, value):
                yield PictureForm.PARTS
            elif name in _SINGLE and _is_text(inner):
                yield PictureForm.ONE
            else:
                yield from _forms(inner, depth + 1)


def _kinds(value: Any) -> set[str]:
    """The types that a JSON schema allows; empty if it is none."""
    if not isinstance(value, dict):
        return set()
    kind = value.get("type")
    own = {kind} if isinstance(kind, str) else set(map(str, kind)) if kind else set()
    either = (*_items(value.get("anyOf")), *_items(value.get("oneOf")))
    return own.union(*map(_kinds, either))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or "array" in _kinds(value)


def _holds_one(value: Any) -> bool:
    return isinstance(value, dict) and value.get("maxItems") == 1


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or "string" in _kinds(value)


def _is_part(value: Any, around: dict[str, Any]) -> bool:
    """Whether it is OpenAI's ``{"type": "image_url", "image_url": {"url": ...}}``."""
    return around.get("type") == "image_url" and isinstance(value, dict) and "url" in value
