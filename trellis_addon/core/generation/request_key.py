# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request is known by: a key of everything that decides which prop it makes."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Final

from .request import GenerationRequest
from .request_settings import SEEDS

MOST_VARIANTS: Final = 1000


_PAID: Final = (
    "prompt",
    "model",
    "system",
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "image_url",
    "parameters",
)
"""These are always in the key, whatever their values: if a default changes, so does the key. Fields
that are added later join the key only if they differ from their default, so that the keys of
existing props stay the same."""


_FREE: Final = frozenset(("name",))


def key_of(request: GenerationRequest) -> str:
    """Compute the key of an item. It is the same on every machine and in every version; see the
    module's docstring.
    """
    values = request.model_dump()
    kept = {name: values.pop(name) for name in _PAID}
    later = GenerationRequest.model_fields
    kept |= {n: v for n, v in values.items() if n not in _FREE and v != later[n].get_default()}
    # The order of a CSV file's columns, or of a JSON object's fields, means nothing.
    kept["parameters"] = sorted(map(list, kept["parameters"]))
    # "é" may be one character or two, depending on the keyboard and the editor; it is the same
    # prompt.
    kept["prompt"] = unicodedata.normalize("NFC", kept["prompt"])
    text = json.dumps(kept, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    # 128 bits: enough that no two of the 100,000 items of a file meet, and short enough for the
    # name of a claim's file.
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def variant(request: GenerationRequest, number: int) -> GenerationRequest:
    """The same request with another seed, for a variant; number 0 is the request itself.

    A given seed is counted up. Without one, the seeds are derived from the request's own hash. So a
    second run requests the same variants, and a larger count only adds new ones.
    """
    if not number:
        return request
    if request.seed is not None:
        seed = (request.seed + number) % SEEDS
    else:
        digest = hashlib.sha256(f"{key_of(request)} {number}".encode("ascii")).digest()
        seed = int.from_bytes(digest[:4], "big") % SEEDS
    return request.model_copy(update={"seed": seed})
