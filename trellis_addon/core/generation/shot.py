# SPDX-License-Identifier: GPL-3.0-or-later
"""What a product shot is: every choice of the picture or turntable, with its default.

``shot_settings`` declares the setting of each field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from .declaration import check_values, defaults_of
from .shot_settings import SHOT_SETTINGS

_DEFAULTS: Final = defaults_of(SHOT_SETTINGS)


@dataclass(frozen=True)
class Shot:
    """The settings, as plain values, so that they can go through a pipe."""

    turntable: bool = _DEFAULTS["turntable"]
    width: int = _DEFAULTS["width"]
    height: int = _DEFAULTS["height"]
    angle_degrees: float = _DEFAULTS["angle_degrees"]
    backdrop: str = _DEFAULTS["backdrop"]
    engine: str = _DEFAULTS["engine"]
    samples: int = _DEFAULTS["samples"]
    frames: int = _DEFAULTS["frames"]
    fps: int = _DEFAULTS["fps"]
    film: str = _DEFAULTS["film"]

    @property
    def is_movie(self) -> bool:
        """Whether the result is one movie. H.264 has no transparency."""
        return self.turntable and self.film == "mp4" and self.backdrop != "transparent"

    def to_dict(self) -> dict[str, Any]:
        """The settings as values that survive JSON unchanged."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Shot:
        """Build the settings from the pipe, an operator or a command line.

        :raises InvalidRequestError: with the field named.
        """
        shot = cls(**{name: values[name] for name in SHOT_SETTINGS if name in values})
        shot.check()
        return shot

    def check(self) -> None:
        """Refuse values that are out of range.

        :raises InvalidRequestError: with the field named.
        """
        check_values(self, SHOT_SETTINGS)
