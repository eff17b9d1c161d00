# SPDX-License-Identifier: GPL-3.0-or-later
"""How a received model becomes a prop: every step with its default.

``finishing_settings`` declares the setting of each field; property, option and column follow from
it. Finishing again with other settings starts from the received file and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from .declaration import check_values, defaults_of
from .finishing_settings import FINISHING_SETTINGS

MOST_LODS: Final = 8

_DEFAULTS: Final = defaults_of(FINISHING_SETTINGS)


@dataclass(frozen=True)
class Finishing:
    """The settings, as plain values, so that they can go through a pipe and into a record."""

    size: str = _DEFAULTS["size"]
    metres: float = _DEFAULTS["metres"]
    origin: str = _DEFAULTS["origin"]
    up: str = _DEFAULTS["up"]
    merge_distance: float = _DEFAULTS["merge_distance"]
    clean: str = _DEFAULTS["clean"]
    shading: str = _DEFAULTS["shading"]
    angle_degrees: float = _DEFAULTS["angle_degrees"]
    rebuild: str = _DEFAULTS["rebuild"]
    rebuild_triangles: int = _DEFAULTS["rebuild_triangles"]
    rebuild_quads: bool = _DEFAULTS["rebuild_quads"]
    map_size: int = _DEFAULTS["map_size"]
    triangles: int = _DEFAULTS["triangles"]
    lods: tuple[float, ...] = _DEFAULTS["lods"]
    opaque: bool = _DEFAULTS["opaque"]
    textures: str = _DEFAULTS["textures"]
    texture_pixels: int = _DEFAULTS["texture_pixels"]
    proxy: bool = _DEFAULTS["proxy"]
    proxy_above_triangles: int = _DEFAULTS["proxy_above_triangles"]
    proxy_above_pixels: int = _DEFAULTS["proxy_above_pixels"]

    def to_dict(self) -> dict[str, Any]:
        """The settings as values that survive JSON unchanged, for the pipe and the record."""
        # JSON has no tuples, and a record is compared with what was read back from the file.
        return asdict(self) | {"lods": list(self.lods)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finishing:
        """Build the settings from a record or from the command line. Unknown names are ignored.

        :raises InvalidRequestError: with the field named.
        """
        from ..errors import InvalidRequestError

        known = {name: values[name] for name in FINISHING_SETTINGS if name in values}
        try:
            if "lods" in known:
                known["lods"] = tuple(float(share) for share in known["lods"])
            finishing = cls(**known)
            finishing.check()
        except (TypeError, ValueError) as error:
            # Such as a record edited by hand, with a word in place of a number.
            raise InvalidRequestError(
                "finishing", f"The finishing settings are not usable: {error}"
            ) from error
        return finishing

    def check(self) -> None:
        """Refuse values that are out of range.

        :raises InvalidRequestError: with the field named.
        """
        from ..errors import InvalidRequestError

        check_values(self, FINISHING_SETTINGS)
        if any(not 0 < share < 1 for share in self.lods) or len(self.lods) > MOST_LODS:
            raise InvalidRequestError(
                "lods",
                f"Levels of detail are at most {MOST_LODS} shares, each between 0 and 1",
                "Change the levels of detail",
            )
