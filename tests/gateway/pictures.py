# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference pictures: the forms in which a model takes them, and what its schema says of them."""

from __future__ import annotations

from typing import Any, Literal, get_args

from .replies import GatewayError

Pictures = Literal["silent", "one", "image_url", "image_urls", "images", "parts"]
LISTS = ("image_url", "image_urls", "images")
MOST = 4
EXAMPLE = "https://example.org/front.png"

assert set(LISTS) < set(get_args(Pictures))


def pictures_in(data: dict[str, Any], form: Pictures) -> tuple[str, ...]:
    """The pictures of a job's body, the front first. Raises `GatewayError` (400) where they are not
    in the form that the model takes; with "silent" any of them will do.
    """
    given = [name for name in LISTS if data.get(name) is not None]
    if len(given) > 1:
        raise GatewayError(400, f"Only one of {', '.join(given)} is allowed.", given[1])
    if not given:
        return ()
    name, value = given[0], data[given[0]]
    many = isinstance(value, list)
    if form != "silent" and name != (form if many else "image_url"):
        raise GatewayError(400, f"{name} must be {'a string' if many else 'a list'}.", name)
    found = tuple(value) if many else (value,)
    if not all(isinstance(url, str) for url in found) or (many and not 0 < len(found) <= MOST):
        raise GatewayError(400, f"prompt must be a string and {name} 1 to {MOST} strings.", name)
    for url in filter(None, found):
        if not url.startswith(("https://", "http://", "data:image/")):
            raise GatewayError(400, f"{name} must be a URL or an image data URI.", name)
    return tuple(filter(None, found))


def parts_in(content: Any) -> tuple[str, ...]:
    """The pictures among the parts of a chat message. Raises `GatewayError` (400) for a part of
    another form than OpenAI's.
    """
    found = []
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict) or part.get("type") not in ("text", "image_url"):
            raise GatewayError(400, "A part must be text or image_url.", "messages")
        if part["type"] == "image_url":
            url = part.get("image_url")
            if not isinstance(url, dict) or not isinstance(url.get("url"), str):
                raise GatewayError(400, "image_url must be an object with a url.", "messages")
            found.append(url["url"])
    return tuple(found)


def in_schema(form: Pictures, example: dict[str, Any]) -> dict[str, Any]:
    """The example of a request in a model's schema, with the pictures that the model takes."""
    if form == "silent":
        return example
    if form == "parts":
        picture = {"type": "image_url", "image_url": {"url": EXAMPLE}}
        text = {"type": "text", "text": "a wooden barrel"}
        return {**example, "messages": [{"role": "user", "content": [text, picture]}]}
    if form == "one":
        return {**example, "image_url": EXAMPLE}
    return {**example, form: [EXAMPLE, EXAMPLE]}
