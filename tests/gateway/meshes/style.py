# SPDX-License-Identifier: GPL-3.0-or-later
"""What a prop takes from prompt and seed: chance, and colours named in words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import numpy as np

COLOURS = {
    "red": (0.72, 0.10, 0.09),
    "orange": (0.85, 0.42, 0.10),
    "yellow": (0.88, 0.72, 0.18),
    "green": (0.20, 0.48, 0.22),
    "teal": (0.10, 0.45, 0.45),
    "blue": (0.13, 0.27, 0.58),
    "purple": (0.42, 0.20, 0.55),
    "pink": (0.86, 0.48, 0.60),
    "white": (0.88, 0.87, 0.84),
    "black": (0.09, 0.09, 0.10),
    "grey": (0.48, 0.48, 0.48),
    "gray": (0.48, 0.48, 0.48),
    "brown": (0.38, 0.24, 0.13),
    "terracotta": (0.74, 0.38, 0.22),
    "golden": (0.83, 0.62, 0.22),
    "gold": (0.83, 0.62, 0.22),
}
WOODS = {
    "oak": (0.58, 0.40, 0.22),
    "pine": (0.74, 0.55, 0.32),
    "walnut": (0.36, 0.23, 0.14),
    "birch": (0.80, 0.68, 0.48),
    "mahogany": (0.45, 0.19, 0.11),
    "cherry": (0.50, 0.29, 0.18),
    "ebony": (0.17, 0.13, 0.11),
    "weathered": (0.47, 0.40, 0.32),
}

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Style:
    """Chance and colours for one prop."""

    prompt: str
    rng: np.random.Generator

    @classmethod
    def of(cls, prompt: str, seed: int) -> Style:
        """The style of a prompt and a seed; the same two give the same style everywhere."""
        digest = hashlib.sha256(f"{seed}\n{prompt}".encode()).digest()
        return cls(prompt, np.random.default_rng(int.from_bytes(digest[:16], "big")))

    def vary(self, value: float, share: float = 0.15) -> float:
        """A value, more or less."""
        return float(value * self.rng.uniform(1 - share, 1 + share))

    def pick(self, *choices: Rgb) -> Rgb:
        """One of some colours, a little varied."""
        colour = choices[int(self.rng.integers(len(choices)))]
        return self._near(colour)

    def colour(self, *defaults: Rgb) -> Rgb:
        """The first colour the prompt names, else one of the defaults."""
        named = [COLOURS[word] for word in self.words() if word in COLOURS]
        return self._near(named[0]) if named else self.pick(*defaults)

    def wood(self) -> Rgb:
        """The wood or colour the prompt names, else some wood."""
        named = [WOODS[word] for word in self.words() if word in WOODS]
        named += [COLOURS[word] for word in self.words() if word in COLOURS]
        woods = [WOODS[name] for name in ("oak", "pine", "walnut", "cherry")]
        return self._near(named[0]) if named else self.pick(*woods)

    def words(self) -> list[str]:
        """The words of the prompt."""
        return re.findall(r"[a-z]+", self.prompt.lower())

    def _near(self, colour: Rgb) -> Rgb:
        shift = self.rng.normal(0, 0.010, 3) + self.rng.normal(0, 0.03)
        r, g, b = (float(x) for x in np.clip(np.asarray(colour) + shift, 0.02, 0.95))
        return r, g, b
