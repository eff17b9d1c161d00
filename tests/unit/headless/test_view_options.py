# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of several sides of one object, as options and as columns of a list."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest

from trellis_addon.core.errors import InputError
from trellis_addon.core.generation.request_key import key_of
from trellis_addon.headless.console.request_options import images
from trellis_addon.headless.prompts.prompt_list import Defaults, PromptList, read_batch

X = "https://x/"


def read(text: str, name: str = "props.csv", request: Any = None, **more: Any) -> PromptList:
    return read_batch(io.BytesIO(text.encode()), name, defaults=Defaults(request or {}), **more)


def test_option_names_the_side(tmp_path: Path) -> None:
    front = tmp_path / "back=front.png"
    front.write_bytes(b"picture")
    uri = f"data:image/png;base64,{base64.b64encode(b'picture').decode()}"
    assert images([]) == {"image_url": None, "views": ()}
    assert images([str(front)]) == {"image_url": uri, "views": ()}
    several = images([f"left={X}l", f"front={X}f", f"back={front}"])
    assert several == {"image_url": f"{X}f", "views": (("left", f"{X}l"), ("back", uri))}
    # No side is called that, so it is an address with an equals sign.
    assert images([f"{X}?top=1"])["image_url"] == f"{X}?top=1"


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([f"{X}a", f"{X}b"], "two images of the front"),
        ([f"{X}a", f"back={X}b", f"back={X}c"], "two images of the back"),
        ([f"back={X}b"], "no image of the front"),
        ([f"{X}a", "back=none.png"], "cannot be read: none.png"),
    ],
)
def test_options_that_cannot_be_meant(texts: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        images(texts)


def test_columns_of_the_sides() -> None:
    asked = []

    def picture(text: str) -> str:
        asked.append(text)
        return X + text

    table = "prompt,image,image_right,image_back\na,f.png,r.png,b.png\nb,f.png,,\nc,,,\n"
    several, single, none = (item.request for item in read(table, picture=picture).items)
    assert several.image_url == f"{X}f.png"
    assert several.views == (("back", f"{X}b.png"), ("right", f"{X}r.png"))
    assert (single.image_url, single.views) == (f"{X}f.png", ())
    assert (none.image_url, none.views) == (None, ())
    assert sorted(asked) == ["b.png", "f.png", "r.png"]


def test_record_is_a_row() -> None:
    request = read(f"prompt,image_front,image_left\na,{X}f,{X}l\n").items[0].request
    values = {name: value for name, value in request.to_dict().items() if value}
    again = read(json.dumps({"request": values}), "props.jsonl").items[0]
    assert again.request == request
    assert again.key == key_of(request)


def test_own_picture_of_a_row_has_none_of_the_command_lines_sides() -> None:
    given = {"image_url": f"{X}f", "views": (("back", f"{X}b"),)}
    batch = read(f"prompt,image,image_left\na,,\nb,{X}own,\nc,,{X}l\n", request=given)
    inherited, own, beside = (item.request for item in batch.items)
    assert (inherited.image_url, inherited.views) == (f"{X}f", (("back", f"{X}b"),))
    assert (own.image_url, own.views) == (f"{X}own", ())
    assert (beside.image_url, beside.views) == (f"{X}f", (("left", f"{X}l"),))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"image_back": f"{X}b"}, "picture of the front is missing"),
        ({"image": f"{X}f", "image_back": "b.gif"}, "write an https URL"),
        ({"image": f"{X}f", "image_back": 3}, "image of the back is not a text"),
        ({"image": f"{X}f", "views": "back.png"}, "not a list such as"),
        ({"image": f"{X}f", "views": [["back"]]}, "not a list such as"),
        ({"image": f"{X}f", "views": [["top", f"{X}t"]]}, "its sides are back, left and right"),
        ({"image": f"{X}f", "views": [["back", X], ["back", X]]}, "a side is there twice"),
        ({"image": f"{X}f", "views": [["back", X]], "image_back": X}, "exclude one another"),
        ({"image": f"{X}f", "image_top": X}, "no column"),
    ],
)
def test_rows_that_cannot_be_used(row: dict[str, Any], words: str) -> None:
    batch = read(json.dumps({"prompt": "a", **row}), "props.jsonl")
    assert words in " ".join(map(str, batch.faults))
