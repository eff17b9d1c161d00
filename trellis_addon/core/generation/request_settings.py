# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a request: what is asked of the model. Apart from the request itself, which needs
pydantic. The defaults of the sampling are those of the model's page
(aigateway.sh/models/microsoft/trellis).
"""

from __future__ import annotations

from typing import Final

from ..identity import MODEL
from .declaration import Setting, Switch

SEEDS: Final = 2**31
"""How many seeds there are, from 0 on."""

MODEL_ID: Final = Setting(
    MODEL,
    "Model",
    "The gateway's name of the 3D model. The list is the gateway's; another name may be typed",
    name="model",
)
TEMPERATURE: Final = Setting(
    0.7,
    "Temperature",
    "How freely the model samples, 0 to 2: lower keeps nearer to the prompt, higher varies more. "
    "Models that do not know it ignore it",
    name="temperature",
    kind=float,
    bounds=(0, 2),
    digits=2,
)
TOP_P: Final = Setting(
    0.95,
    "Top P",
    "The share of likely choices that the model samples from, 0 to 1: lower is more ordinary. "
    "Models that do not know it ignore it",
    name="top_p",
    kind=float,
    bounds=(0, 1),
    digits=2,
)
MAX_TOKENS: Final = Setting(
    1024,
    "Max Tokens",
    "The longest text answer that is asked for, in tokens. It does not bound the mesh; models that "
    "do not know it ignore it",
    name="max_tokens",
    kind=int,
    bounds=(1, 1_000_000),
    soft_bounds=(None, 16_384),
)
SEED: Final = Setting(
    None,
    "Seed",
    "Any number; another one gives another prop of the same prompt",
    name="seed",
    kind=int,
    bounds=(0, SEEDS - 1),
    switch=Switch(
        "use_seed",
        "Use Seed",
        "Ask for the same result again: same prompt and seed, same prop, as far as the model keeps "
        "to it",
        offered=0,
    ),
    default_words="the model chooses",
)
SYSTEM: Final = Setting(
    None,
    "System Text",
    "An instruction in front of every prompt, such as a style that all props share. Goes by the "
    "chat endpoint only; empty sends none",
    name="system",
    default_words="none",
)

REQUEST_SETTINGS: Final = (MODEL_ID, TEMPERATURE, TOP_P, MAX_TOKENS, SEED, SYSTEM)
