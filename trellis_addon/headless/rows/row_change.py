# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a row of a list with what it said when it was last applied to its prop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ...core.generation.finishing import Finishing
from ...core.generation.finishing_settings import FINISHING_SETTINGS
from ...core.generation.request_settings import REQUEST_SETTINGS
from ..prompts.prompt_list import PromptItem
from .applied_row import AppliedRow

_WORDS: Final[Mapping[str, str]] = {
    **{setting.name: setting.words for setting in REQUEST_SETTINGS},
    **{name: setting.words for name, setting in FINISHING_SETTINGS.items()},
    "metres": "size",
    "lods": "levels of detail",
    "image_url": "reference image",
    "views": "further views",
}


_PLURAL: Final = frozenset(("lods", "textures"))


@dataclass(frozen=True)
class RowChange:
    """What has changed in a row and is free to apply. It is false if that is nothing."""

    settings: tuple[str, ...] = ()
    """The settings of the finishing, by their names."""
    is_renamed: bool = False
    is_rerouted: bool = False
    """Whether the row names other destinations."""

    @classmethod
    def between(cls, before: AppliedRow, item: PromptItem) -> RowChange:
        """The difference between what was applied and what a row says now."""
        now = AppliedRow.of(item, before.source)
        return cls(
            settings=differing(before.settings, now.settings, FINISHING_SETTINGS),
            is_renamed=before.name != now.name,
            is_rerouted=before.destinations != now.destinations,
        )

    @classmethod
    def from_prop(cls, item: PromptItem, name: object, finishing: Finishing) -> RowChange:
        """The difference between a prop as it is and what a row says of it.

        :param name: what the prop is called. :param finishing: its settings, without those of a
            destination.
        """
        row = item.own or item.finishing
        wanted = item.request.name
        return cls(
            settings=tuple(n for n in item.given if getattr(row, n) != getattr(finishing, n)),
            is_renamed=wanted is not None and wanted != name,
        )

    def __bool__(self) -> bool:
        return bool(self.settings) or self.is_renamed or self.is_rerouted

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, for programs."""
        more = {"name": self.is_renamed, "for": self.is_rerouted}
        return (*self.settings, *(name for name, changed in more.items() if changed))

    @property
    def sentence(self) -> str:
        """The reason why a prop is finished again: ``its size and shading have changed``."""
        words = list(dict.fromkeys(_WORDS.get(name, name) for name in self.settings))
        words += ["name"] * self.is_renamed + ["destinations"] * self.is_rerouted
        many = len(words) > 1 or self.is_rerouted or _PLURAL.intersection(self.settings)
        return f"its {in_sentence(words)} {'have' if many else 'has'} changed"

    def applied(self, settings: Finishing, item: PromptItem) -> Finishing:
        """Settings of a prop, with those of the row that have changed. What was set by hand in
        Blender and is not among these stays.
        """
        row = item.own or item.finishing
        return replace(settings, **{name: getattr(row, name) for name in self.settings})


def differing(
    before: Mapping[str, Any], now: Mapping[str, Any], names: Iterable[str]
) -> tuple[str, ...]:
    """The names whose values differ, or that only one side has."""
    return tuple(name for name in names if before.get(name) != now.get(name))


def in_words(names: Iterable[str]) -> str:
    """Fields of a request as a sentence names them."""
    return in_sentence([_WORDS.get(name, name) for name in names])


def in_sentence(words: list[str]) -> str:
    """Words as a list in a sentence: ``size, name and shading``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
