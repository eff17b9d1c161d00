# SPDX-License-Identifier: GPL-3.0-or-later
"""What a product shot is: every choice of the picture or turntable as a setting with a default.

Each field declares its setting; the dialog's property and the command line's option follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from .declaration import Choice, check_values, setting, settings_of

MOST_PIXELS: Final = 8192
MOST_FRAMES: Final = 2000


@dataclass(frozen=True)
class Shot:
    """The settings, as plain values, so that they can go through a pipe."""

    turntable: bool = setting(
        False,
        "Turntable",
        "Let the prop turn once around itself, as a movie or as numbered pictures, instead of one "
        "picture",
    )
    width: int = setting(
        1600,
        "Width",
        "The width of the picture",
        bounds=(16, MOST_PIXELS),
        unit="PIXELS",
        spoken="width in pixels",
    )
    height: int = setting(
        1200,
        "Height",
        "The height of the picture",
        bounds=(16, MOST_PIXELS),
        unit="PIXELS",
        spoken="height in pixels",
    )
    angle_degrees: float = setting(
        30.0,
        "Angle",
        "How far the camera stands to the right of the prop's front, which looks along -Y",
        bounds=(-180.0, 180.0),
        unit="DEGREES",
        spoken="angle in degrees",
        property_name="angle",
        option="angle",
    )
    backdrop: str = setting(
        "light",
        "Backdrop",
        "What the prop stands on and in front of",
        choices=(
            Choice("light", "Light Grey", "Light grey paper that curves up behind the prop"),
            Choice("white", "White", "White paper, for shops and catalogues"),
            Choice("dark", "Dark", "Dark grey paper, for light and shiny props"),
            Choice(
                "transparent",
                "Transparent",
                "Nothing but the prop and its shadow. A movie cannot be transparent: a turntable "
                "becomes numbered pictures",
            ),
        ),
    )
    engine: str = setting(
        "cycles",
        "Render Engine",
        "What renders the picture",
        choices=(
            Choice("cycles", "Cycles", "Exact light and shadows, on the processor"),
            Choice("eevee", "EEVEE", "Faster, where there is a graphics card"),
        ),
    )
    samples: int = setting(
        96,
        "Samples",
        "The samples for each pixel: more of them take longer and leave less noise",
        bounds=(1, 4096),
        soft_bounds=(16, 512),
    )
    frames: int = setting(
        72,
        "Frames",
        "The number of pictures of one turn",
        bounds=(2, MOST_FRAMES),
        soft_bounds=(24, 240),
        spoken="number of frames",
    )
    fps: int = setting(
        24,
        "Frames per Second",
        "The speed of the movie of a turntable",
        bounds=(1, 120),
        spoken="number of frames per second",
    )
    film: str = setting(
        "mp4",
        "Turntable As",
        "What a turntable is written as",
        choices=(
            Choice("mp4", "MP4", "One movie, which every browser plays"),
            Choice("png", "PNG", "A folder with a numbered picture for each frame"),
        ),
    )

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


SHOT_SETTINGS: Final = settings_of(Shot)
"""Field -> its setting, in the order of the fields."""
