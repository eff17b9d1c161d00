# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of pictures, apart from their request, which needs pydantic."""

from __future__ import annotations

from typing import Final

from ..generation.declaration import Setting
from ..generation.request_settings import SEEDS

MOST_PICTURES: Final = 10
"""The most that OpenAI's interface, which the gateway follows, takes in one call."""
DEFAULT_SIZE: Final = "1024x1024"
"""TRELLIS shrinks a reference to 518 pixels, so larger ones bring nothing."""
DEFAULT_SUFFIX: Final = (
    "one whole object, centred, seen slightly from above, plain light background, even soft light, "
    "no shadows"
)
"""What a picture needs so that a model of it has no light, ground or second object baked in."""

PLAIN_SUFFIX: Final = (
    "the same object as in the picture, not changed, whole and centred, plain light background, "
    "no shadows"
)
"""What is asked for to have a reference image's object before a plain background."""

COUNT: Final = Setting(
    4,
    "Pictures",
    "How many pictures of the prompt are made to choose from",
    name="count",
    kind=int,
    bounds=(1, MOST_PICTURES),
)
SUFFIX: Final = Setting(
    DEFAULT_SUFFIX,
    "Added to the Prompt",
    "Words that are added to the prompt of every picture, so that the model made from it has no "
    "light and no background in it. Empty adds none",
    name="suffix",
)
PICTURE_MODEL: Final = Setting(
    "",
    "Picture Model",
    "The gateway's name of the image model. Empty takes the cheapest that tells its price",
    name="model",
    default_words="the cheapest that tells its price",
)
SIZE: Final = Setting(
    DEFAULT_SIZE,
    "Picture Size",
    "Width and height of the pictures in pixels, as 1024x1024",
    name="size",
)
PICTURE_SEED: Final = Setting(
    None,
    "Picture Seed",
    "Any number; another one gives other pictures, as far as the model keeps to it",
    name="seed",
    kind=int,
    bounds=(0, SEEDS - 1),
    default_words="the model chooses",
)
