# SPDX-License-Identifier: GPL-3.0-or-later
"""How one stand-in gateway behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from .pictures import Pictures

KEY_PREFIX = "sk-aig-"
TRELLIS = "microsoft/trellis"
PICTURES = "black-forest-labs/flux-schnell"

TextureFormat = Literal["png", "jpeg", "webp"]
Endpoint = Literal["chat", "jobs"]


class Behaviour(TypedDict, total=False):
    """What a stand-in gateway is told by name alone; see `Settings`."""

    triangles: int
    texture: int
    texture_format: TextureFormat
    faults: tuple[str, ...]
    min_poll: float
    endpoint: Endpoint
    job_result: str
    vision: bool
    picture_format: TextureFormat | None
    pictures: Pictures


@dataclass(frozen=True)
class Settings:
    """Settings of a stand-in gateway; none changes while it runs.

    answer: the shape of a 3D answer to a chat call, a name from `shapes.SHAPES`.
    delay: seconds until a chat answer, or until a job is completed.
    triangles, texture, texture_format: size of the meshes (triangles, pixels, image format).
    faults: what is wrong with the meshes, names from `meshes.ugly.FAULTS`; none by default.
    keys: accepted bearer keys; None accepts every key with the prefix `sk-aig-`.
    min_poll: seconds below which a second poll of a job is answered 304; 0 turns it off.
    endpoint: the endpoint that the model's schema names. With "jobs" the chat endpoint
        refuses 3D models with 400, as a gateway that serves 3D by jobs alone would.
    job_result: the form of a completed job, a name from `jobs.RESULTS`.
    vision: whether chat messages may be lists of parts with pictures.
    picture_format: the format of all pictures; None lets each call choose, else PNG.
    pictures: how the model takes reference pictures, as its schema says; "silent" takes any form
        and has a schema without them, "parts" takes them by the chat endpoint.
    api_url, media_url: what the server calls itself, and what its file links begin with.
    """

    answer: str = "link"
    delay: float = 0.0
    triangles: int = 20_000
    texture: int = 1024
    texture_format: TextureFormat = "png"
    faults: tuple[str, ...] = ()
    keys: frozenset[str] | None = None
    min_poll: float = 0.0
    endpoint: Endpoint = "chat"
    job_result: str = "file_url"
    vision: bool = False
    picture_format: TextureFormat | None = None
    pictures: Pictures = "silent"
    api_url: str = ""
    media_url: str = ""

    def key_is_good(self, key: str) -> bool:
        """Whether this bearer key opens the gateway."""
        if self.keys is None:
            return key.startswith(KEY_PREFIX) and len(key) > len(KEY_PREFIX)
        return key in self.keys
