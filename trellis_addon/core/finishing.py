# SPDX-License-Identifier: GPL-3.0-or-later
"""How a received model becomes a prop: every step of the finishing as a setting with a default.

Finishing again with other settings starts from the received file and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from .errors import InvalidRequestError

Size = Literal["longest", "height", "received"]
Origin = Literal["base", "volume"]
Up = Literal["Y", "Z"]
Shading = Literal["received", "smooth", "flat", "angle"]
Textures = Literal["beside", "packed"]


@dataclass(frozen=True)
class Finishing:
    """The settings. Plain values, so that they go through a pipe and into a record."""

    size: Size = "longest"
    """What is made ``metres`` long: the longest side, the height, or nothing."""
    metres: float = 1.0
    origin: Origin = "base"
    """The centre of the base (it stands on the ground), or the centre of the volume."""
    up: Up = "Y"
    """The source's up axis. glTF says Y; some hosts write Z all the same."""
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
    proxy: bool = False
    """Make a light stand-in for the viewport where the prop is above the next two. Off by default
    until it looks like the prop on meshes of open patches too."""
    proxy_above_triangles: int = 100_000
    proxy_above_pixels: int = 1024

    def to_dict(self) -> dict[str, Any]:
        """For the pipe and the record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finishing:
        """The settings of a record or of the command line; what is not known is left out.

        :raises InvalidRequestError: with the field named.
        """
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        if "lods" in known:
            known["lods"] = tuple(float(share) for share in known["lods"])
        finishing = cls(**known)
        finishing.check()
        return finishing

    def check(self) -> None:
        """Refuse what makes no sense.

        :raises InvalidRequestError: with the field named.
        """
        choices = {
            "size": ("longest", "height", "received"),
            "origin": ("base", "volume"),
            "up": ("Y", "Z"),
            "shading": ("received", "smooth", "flat", "angle"),
            "textures": ("beside", "packed"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise InvalidRequestError(name, f"The {name} must be one of {', '.join(allowed)}")
        bounds = {
            "metres": (0.0001, 10_000.0),
            "merge_distance": (0.0, 1000.0),
            "angle_degrees": (0.0, 180.0),
            "triangles": (0, 100_000_000),
            "texture_pixels": (0, 16_384),
            "proxy_above_triangles": (0, 100_000_000),
            "proxy_above_pixels": (0, 16_384),
        }
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                label = name.replace("_", " ")
                raise InvalidRequestError(name, f"The {label} must be {low:g} to {high:g}")
        if any(not 0 < share < 1 for share in self.lods) or len(self.lods) > 8:
            raise InvalidRequestError("lods", "Each level of detail must be between 0 and 1")
