# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges what a prop is ready for: one traffic light for each use, by one table of limits.

All limits are in :data:`RULES`, each with its reason. They are rules of thumb for one prop among
others, not requirements of any program.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from .finishing_settings import FINISHING_SETTINGS
from .quality import IN_RECORD, Quality


class Light(StrEnum):
    """How far a prop is ready for a use."""

    READY = "ready"
    USABLE = "usable"
    NOT_YET = "not_yet"


USES: Final[Mapping[str, str]] = {"render": "Render", "web": "Web", "game": "Game", "ar": "AR"}
"""The uses and their labels."""

_NEVER: Final = float("inf")


@dataclass(frozen=True)
class Step:
    """What improves a prop: finishing it again with some settings, which is free."""

    label: str
    finishing: Mapping[str, Mapping[str, Any]]
    """The settings by use; "" for all other uses."""

    def settings(self, use: str) -> Mapping[str, Any]:
        """The settings for a use."""
        return self.finishing.get(use, self.finishing[""])


STEPS: Final[Mapping[str, Step]] = {
    "rebuild": Step(
        "Rebuild",
        {
            "": {"rebuild": "hero"},
            "game": {"rebuild": "standard"},
        },
    ),
    "clean": Step("Clean", {"": {"clean": "full"}}),
    "textures": Step("Limit Textures", {"": {"texture_pixels": 2048}}),
}


@dataclass(frozen=True)
class Rule:
    """A limit for a use: up to ``ready`` the light is green, up to ``usable`` it is yellow."""

    use: str
    fact: str
    """A field or property of :class:`Quality`."""
    ready: float
    usable: float
    step: str
    """A key of :data:`STEPS`."""
    why: str


RULES: Final = (
    Rule(
        "render",
        "triangles",
        2_000_000,
        10_000_000,
        "rebuild",
        "A linked prop of 1 M triangles takes 137 MB and 33 ms (measured with Blender 5.2); ten "
        "times that is felt in every scene",
    ),
    Rule(
        "render",
        "largest_texture",
        8192,
        16_384,
        "textures",
        "Two textures of 4096 px take 0.6 s to decode (measured), and those of twice the side "
        "four times that",
    ),
    Rule(
        "web",
        "triangles",
        100_000,
        250_000,
        "rebuild",
        "Guidelines of web viewers name 50,000 to 200,000 triangles, most of them 100,000",
    ),
    Rule(
        "web",
        "largest_texture",
        2048,
        4096,
        "textures",
        "Google's Scene Viewer recommends at most 2048 px; several of 4096 px have made WebGL run "
        "out of memory (model-viewer, discussion 2921)",
    ),
    Rule(
        "web",
        "megabytes",
        10,
        30,
        "textures",
        "Google's Scene Viewer recommends at most 10 MB, as a visitor waits for all of it",
    ),
    Rule(
        "game",
        "triangles",
        20_000,
        60_000,
        "rebuild",
        "Props of games have 1,000 to 20,000 triangles, and those seen from near up to 50,000",
    ),
    Rule(
        "game",
        "hidden_share",
        0.05,
        0.3,
        "clean",
        "Hidden faces are paid for in every frame; a twentieth is left by any solid of several "
        "parts, such as boards that overlap",
    ),
    Rule(
        "game",
        "flipped_edges",
        0,
        _NEVER,
        "clean",
        "Engines do not draw back faces, so a flipped island is a hole",
    ),
    Rule(
        "game",
        "non_manifold_edges",
        0,
        _NEVER,
        "clean",
        "Tools for collision shapes and levels of detail expect at most two faces at an edge",
    ),
    Rule("game", "floaters", 0, _NEVER, "clean", "They widen the bounds and the collision shape"),
    Rule(
        "game",
        "uv_overlap",
        0.05,
        0.5,
        "rebuild",
        "Baked light needs every texel for one place; borders of charts share a few of them",
    ),
    Rule(
        "game",
        "largest_texture",
        2048,
        4096,
        "textures",
        "A texture of 4096 px takes 85 MB of video memory uncompressed, with mipmaps",
    ),
    Rule(
        "ar",
        "triangles",
        100_000,
        200_000,
        "rebuild",
        "Apple recommends at most 100,000 polygons for AR Quick Look (WWDC 2018), and more for "
        "newer devices only",
    ),
    Rule(
        "ar",
        "largest_texture",
        2048,
        4096,
        "textures",
        "Apple recommends one set of textures of 2048 px for AR Quick Look (WWDC 2018)",
    ),
    Rule(
        "ar",
        "megabytes",
        10,
        25,
        "textures",
        "Google's Scene Viewer recommends at most 10 MB (I/O 2019)",
    ),
    Rule(
        "ar",
        "flipped_edges",
        0,
        _NEVER,
        "clean",
        "Viewers that draw one side only show a hole there",
    ),
)
"""The limits, for each use the most important first."""

FACTS: Final[Mapping[str, str]] = {
    "triangles": "{} triangles",
    "largest_texture": "Textures of {} px",
    "megabytes": "{} MB",
    "hidden_share": "{}% hidden faces",
    "flipped_edges": "{} flipped edges",
    "non_manifold_edges": "{} non-manifold edges",
    "floaters": "{} floaters",
    "uv_overlap": "{}% of the UVs overlap",
}
"""How a reason names a fact."""


@dataclass(frozen=True)
class Verdict:
    """The light of one use, with the reason if it is not green."""

    use: str
    light: Light
    template: str = ""
    """The reason with {} for its number; "" for a green light."""
    number: str = ""
    step: str = ""
    """The next step, a key of :data:`STEPS`; "" if there is none."""

    @property
    def reason(self) -> str:
        """The reason, such as ``250,000 triangles``."""
        return self.template.format(self.number)

    @property
    def words(self) -> str:
        """The reason and the next step, such as ``250,000 triangles → Rebuild``."""
        step = f" \N{RIGHTWARDS ARROW} {STEPS[self.step].label}" if self.step else ""
        return f"{self.reason}{step}"


def judge(
    quality: Quality,
    finishing: Mapping[str, Any],
    known: Iterable[str] = FINISHING_SETTINGS,
) -> tuple[Verdict, ...]:
    """One verdict for each use, in the order of :data:`USES`.

    :param finishing: the settings that the prop was finished with. A step that they contain already
        is not offered again. :param known: the names of all settings; a step that needs another
        one is not offered either.
    """
    settings = frozenset(known)
    return tuple(_verdict(use, quality, finishing, settings) for use in USES)


def of_prop(prop: Mapping[str, Any]) -> tuple[Quality | None, tuple[Verdict, ...]]:
    """The facts and verdicts of a prop by what its record says about what was made of it.

    Both are empty for props that an earlier version has finished.
    """
    quality = Quality.from_raw(prop.get(IN_RECORD))
    if quality is None:
        return None, ()
    finishing = prop.get("finishing")
    return quality, judge(quality, finishing if isinstance(finishing, Mapping) else {})


def _verdict(
    use: str, quality: Quality, finishing: Mapping[str, Any], known: frozenset[str]
) -> Verdict:
    found: dict[Light, Rule] = {}
    for rule in RULES:
        value = getattr(quality, rule.fact)
        if rule.use == use and value is not None and value > rule.ready:
            found.setdefault(Light.USABLE if value <= rule.usable else Light.NOT_YET, rule)
    if not found:
        return Verdict(use, Light.READY)
    light = Light.NOT_YET if Light.NOT_YET in found else Light.USABLE
    rule = found[light]
    wanted = STEPS[rule.step].settings(use)
    offered = wanted.keys() <= known and any(finishing.get(k) != v for k, v in wanted.items())
    number = number_text(rule.fact, getattr(quality, rule.fact))
    return Verdict(use, light, FACTS[rule.fact], number, rule.step if offered else "")


def number_text(fact: str, value: float) -> str:
    """A fact's value for people: shares in per cent, MB with a digit, all else as it is counted."""
    if fact in ("hidden_share", "uv_overlap", "uv_coverage"):
        return f"{value * 100:.0f}" if value >= 0.01 else f"{value * 100:.1f}"
    return f"{value:.1f}" if fact == "megabytes" else f"{round(value):,}"


_TITLES: Final = {
    Light.READY: "Ready for",
    Light.USABLE: "Usable for",
    Light.NOT_YET: "Not yet for",
}


def sentence(verdicts: Iterable[Verdict]) -> str:
    """All verdicts in one line: ``Ready for: render, web. Not yet for: game (250,000 triangles →
    Rebuild)``.
    """
    kept = tuple(verdicts)
    parts = []
    for light, words in _TITLES.items():
        named = [_named(verdict) for verdict in kept if verdict.light is light]
        if named:
            parts.append(f"{words}: {', '.join(named)}")
    return ". ".join(parts)


def _named(verdict: Verdict) -> str:
    label = USES[verdict.use]
    name = label if label.isupper() else label.lower()
    return f"{name} ({verdict.words})" if verdict.words else name
