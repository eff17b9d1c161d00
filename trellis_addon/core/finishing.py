# SPDX-License-Identifier: GPL-3.0-or-later
"""How a received model becomes a prop: every step of the finishing as a setting with a default.

Finishing again with other settings starts from the received file and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, get_args

from .errors import InvalidRequestError

Size = Literal["longest", "height", "received"]
Origin = Literal["base", "volume"]
Up = Literal["Y", "Z"]
Shading = Literal["received", "smooth", "flat", "angle"]
Textures = Literal["beside", "packed"]


_CHOICES: Final = {
    "size": Size,
    "origin": Origin,
    "up": Up,
    "shading": Shading,
    "textures": Textures,
}
BOUNDS: Final = {
    "metres": (0.0001, 10_000.0),
    "merge_distance": (0.0, 1000.0),
    "angle_degrees": (0.0, 180.0),
    "triangles": (0, 100_000_000),
    "texture_pixels": (0, 16_384),
    "proxy_above_triangles": (0, 100_000_000),
    "proxy_above_pixels": (0, 16_384),
}
"""The smallest and the largest that is taken."""

_LABELS: Final = {
    "metres": "size in metres",
    "angle_degrees": "angle in degrees",
    "triangles": "number of triangles",
    "texture_pixels": "texture size in pixels",
}
MOST_LODS: Final = 8


@dataclass(frozen=True)
class Finishing:
    """The settings. Plain values, so that they go through a pipe and into a record."""

    size: Size = "longest"
    """What is made ``metres`` long: the longest side, the height, or nothing."""
    metres: float = 1.0
    origin: Origin = "base"
    """The centre of the base (it stands on the ground), or the centre of the volume."""
    up: Up = "Y"
    """The up axis of a glTF, which says Y while some hosts write Z all the same, or of an OBJ,
    which says nothing. Other formats are upright as Blender's importers take them."""
    merge_distance: float = 0.0
    """Vertices nearer than this (metres, after scaling) become one; 0 merges none."""
    shading: Shading = "received"
    angle_degrees: float = 30.0
    """With ``angle``: edges sharper than this are hard."""
    triangles: int = 0
    """At the most so many triangles, by decimation; 0 keeps all."""
    lods: tuple[float, ...] = ()
    """Further levels of detail as shares of the triangles, such as 0.5, 0.25, 0.1."""
    opaque: bool = True
    """Make a material opaque whose alpha is all but opaque (TRELLIS.2's makes holes)."""
    textures: Textures = "beside"
    """Files beside the .blend, which link faster and are shared, or packed into it."""
    texture_pixels: int = 0
    """The longest side of a texture; 0 keeps them as received."""
    proxy: bool = True
    """Make a light stand-in for the viewport where the prop is above one of the next two; renders
    use the full prop."""
    proxy_above_triangles: int = 100_000
    proxy_above_pixels: int = 1024

    def to_dict(self) -> dict[str, Any]:
        """For the pipe and the record: what JSON gives back as it was."""
        return asdict(self) | {"lods": list(self.lods)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finishing:
        """The settings of a record or of the command line; what is not known is left out.

        :raises InvalidRequestError: with the field named.
        """
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        try:
            if "lods" in known:
                known["lods"] = tuple(float(share) for share in known["lods"])
            finishing = cls(**known)
            finishing.check()
        except (TypeError, ValueError) as error:
            # A record that was edited by hand: a word where a number belongs.
            raise InvalidRequestError(
                "finishing", f"The finishing settings are not usable: {error}"
            ) from error
        return finishing

    def check(self) -> None:
        """Refuse what makes no sense.

        :raises InvalidRequestError: with the field named.
        """
        for name, kind in _CHOICES.items():
            allowed = get_args(kind)
            if getattr(self, name) not in allowed:
                raise InvalidRequestError(name, f"The {name} must be one of {', '.join(allowed)}")
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                label = _LABELS.get(name, name.replace("_", " "))
                raise InvalidRequestError(
                    name, f"The {label} must be {low:,g} to {high:,g}", f"Change the {label}"
                )
        if any(not 0 < share < 1 for share in self.lods) or len(self.lods) > MOST_LODS:
            raise InvalidRequestError(
                "lods",
                f"Levels of detail are at most {MOST_LODS} shares, each between 0 and 1",
                "Change the levels of detail",
            )
