# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a product shot, from which the dialog's property and the command line's option
are made. Apart from :class:`.shot.Shot`, which has a field for each, as in ``finishing_settings``.
"""

from __future__ import annotations

from typing import Final

from .declaration import Choice, Setting, named

MOST_PIXELS: Final = 8192
MOST_FRAMES: Final = 2000

SHOT_SETTINGS: Final = named(
    turntable=Setting(
        False,
        "Turntable",
        "Let the prop turn once around itself, as a movie or as numbered pictures, instead of one "
        "picture",
    ),
    width=Setting(
        1600,
        "Width",
        "The width of the picture",
        bounds=(16, MOST_PIXELS),
        unit="PIXELS",
        spoken="width in pixels",
    ),
    height=Setting(
        1200,
        "Height",
        "The height of the picture",
        bounds=(16, MOST_PIXELS),
        unit="PIXELS",
        spoken="height in pixels",
    ),
    angle_degrees=Setting(
        30.0,
        "Angle",
        "How far the camera stands to the right of the prop's front, which looks along -Y",
        bounds=(-180.0, 180.0),
        unit="DEGREES",
        spoken="angle in degrees",
        property_name="angle",
        option="angle",
    ),
    backdrop=Setting(
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
    ),
    engine=Setting(
        "cycles",
        "Render Engine",
        "What renders the picture",
        choices=(
            Choice("cycles", "Cycles", "Exact light and shadows, on the processor"),
            Choice("eevee", "EEVEE", "Faster, where there is a graphics card"),
        ),
    ),
    samples=Setting(
        96,
        "Samples",
        "The samples for each pixel: more of them take longer and leave less noise",
        bounds=(1, 4096),
        soft_bounds=(16, 512),
    ),
    frames=Setting(
        72,
        "Frames",
        "The number of pictures of one turn",
        bounds=(2, MOST_FRAMES),
        soft_bounds=(24, 240),
        spoken="number of frames",
    ),
    fps=Setting(
        24,
        "Frames per Second",
        "The speed of the movie of a turntable",
        bounds=(1, 120),
        spoken="number of frames per second",
    ),
    film=Setting(
        "mp4",
        "Turntable As",
        "What a turntable is written as",
        choices=(
            Choice("mp4", "MP4", "One movie, which every browser plays"),
            Choice("png", "PNG", "A folder with a numbered picture for each frame"),
        ),
    ),
)
"""Field of ``Shot`` -> its setting, in the order of the fields."""
