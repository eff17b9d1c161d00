# SPDX-License-Identifier: GPL-3.0-or-later
"""The request for a set of pictures: validated, frozen, and with a key by which it is known.

The same request is the same set: it is made and paid for once, however often it is asked for.
"Again" is the same request with the next number in ``again``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..errors import InvalidRequestError
from ..generation.request import Words, refused
from ..generation.request_settings import SEEDS
from .picture_settings import DEFAULT_SIZE, DEFAULT_SUFFIX, MOST_PICTURES

MOST_SOURCE_BYTES: Final = 25 << 20
"""The gateway's limit for a picture that is sent along (its specification of /v1/images/edits)."""
_SIZE: Final = re.compile(r"auto|[1-9][0-9]{1,3}x[1-9][0-9]{1,3}")
ENDINGS: Final = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
"""The formats of pictures, and how the names of their files end."""
DATA_URI: Final = re.compile(r"data:image/(png|jpeg|webp);base64,")


class PictureRequest(BaseModel):
    """Pictures of one prompt, or like one picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Words
    """What the prop is, in words, as it is also sent for the model of the prop."""
    model: Words
    """The gateway's id of the image model."""
    suffix: str = Field(default=DEFAULT_SUFFIX, max_length=2000)
    """Added to the prompt of every picture; "" adds nothing."""
    count: int = Field(default=4, ge=1, le=MOST_PICTURES)
    size: str = DEFAULT_SIZE
    seed: int | None = Field(default=None, ge=0, le=SEEDS - 1)
    source: str | None = Field(default=None, repr=False)
    """"More like this": a picture as a data URI of PNG, JPEG or WebP."""
    again: int = Field(default=0, ge=0, le=9999)
    """Another set of the same request: 0 for the first one, then 1, 2 and so on."""

    @field_validator("suffix")
    @classmethod
    def _trimmed(cls, value: str) -> str:
        return " ".join(value.split()).strip(" ,")

    @field_validator("size")
    @classmethod
    def _sides(cls, value: str) -> str:
        if not _SIZE.fullmatch(value):
            raise ValueError("write width and height as 1024x1024, or auto")
        return value

    @field_validator("source")
    @classmethod
    def _picture(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not DATA_URI.match(value):
            raise ValueError("choose a PNG, JPEG or WebP picture")
        if len(value) * 3 // 4 > MOST_SOURCE_BYTES:
            raise ValueError("choose a picture of at most 25 MB")
        return value

    @classmethod
    def checked(cls, **values: Any) -> PictureRequest:
        """Build a request from a user's values.

        :raises InvalidRequestError: with the field's name and the reason in words.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            # "from None": see GenerationRequest.
            raise refused(error) from None

    @property
    def text(self) -> str:
        """What is sent as the prompt: the words with the suffix."""
        return f"{self.prompt}, {self.suffix}" if self.suffix else self.prompt

    @property
    def source_kind(self) -> str:
        """The format of the source: ``png``, ``jpeg`` or ``webp``; "" without one."""
        found = DATA_URI.match(self.source or "")
        return found[1] if found else ""

    @property
    def source_bytes(self) -> bytes:
        """The source's file; empty without one. :raises InvalidRequestError: it is no base64."""
        try:
            return base64.b64decode((self.source or "").partition(",")[2], validate=True)
        except binascii.Error:
            raise InvalidRequestError("source", "The source picture is damaged") from None

    @property
    def key(self) -> str:
        """What the request is known by, the same on every machine and in every version."""
        values = self.model_dump()
        source = values.pop("source")
        values["source"] = hashlib.sha256(source.encode("ascii")).hexdigest() if source else None
        for name in ("prompt", "suffix"):
            values[name] = unicodedata.normalize("NFC", values[name])
        text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]

    def once_more(self) -> PictureRequest:
        """The request for other pictures of the same."""
        return self.model_copy(update={"again": self.again + 1})


def as_data_uri(content: bytes, kind: str) -> str:
    """A picture's file as a data URI. :param kind: ``png``, ``jpeg`` or ``webp``."""
    if kind not in ENDINGS:
        raise InvalidRequestError("image", "The picture is not a PNG, JPEG or WebP file")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def picture_kind(head: bytes) -> str:
    """The format of a picture by its first 12 bytes: ``png``, ``jpeg``, ``webp``, or "" for any
    other.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ""
