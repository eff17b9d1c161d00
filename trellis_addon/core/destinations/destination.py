# SPDX-License-Identifier: GPL-3.0-or-later
"""What one destination wants of a prop: how it is finished, and how it is exported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Final, get_type_hints

from ..errors import InputError
from ..generation.finishing import Finishing

FORMATS: Final = ("glb", "fbx", "obj", "usd", "usdz", "blend")

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "lods": ("none", "suffix"),
    "collision": ("none", "one", "few"),
    "packing": ("separate", "orm", "mask", "metallic_smoothness"),
    "normal_y": ("up", "down"),
    "unit": ("cm", "m"),
    "texture_place": ("inside", "beside"),
    "texture_format": ("as_is", "png", "jpeg", "webp", "ktx2"),
    "compression": ("none", "draco", "meshopt"),
}


@dataclass(frozen=True)
class Export:
    """How files are written for one destination. The defaults are a plain export.

    Name patterns have the fields ``{name}``, ``{level}`` (of detail, 0 is the full prop),
    ``{number}`` (of a hull, from 0), ``{mesh}`` (the full mesh) and ``{map}`` (the suffix of a
    texture map). In ``lod_name`` and ``collision_name``, ``{name}`` is what ``name`` made.
    """

    formats: tuple[str, ...] = ()
    """Of :data:`FORMATS`; one file for each."""
    name: str = "{name}"
    """The pattern for files and objects."""
    lods: str = "none"
    """Whether the levels of detail are in the file: ``none`` or ``suffix``."""
    lod_name: str = "{name}_LOD{level}"
    lod_group: bool = False
    """Whether an empty that FBX marks as LOD group is the parent of the levels."""
    join: bool = False
    """Whether the parts of a prop that does not move become one mesh."""
    collision: str = "none"
    """Convex hulls for collisions: ``none``, ``one`` or ``few``."""
    collision_name: str = "{name}_collision_{number:02}"
    hull_vertices: int = 32
    """The most vertices of one hull."""
    forward: str = "-Z"
    up: str = "Y"
    unit: str = "cm"
    """The unit of an FBX: ``cm`` is FBX's own, ``m`` is told in its header."""
    triangulate: bool = False
    tangents: bool = False
    texture_place: str = "inside"
    """Whether images are embedded, or files beside the model's: ``inside`` or ``beside``."""
    texture_name: str = "{name}_{map}"
    map_names: Mapping[str, str] = field(default_factory=dict)
    """The suffixes of the maps ``base_color``, ``normal``, ``orm``, ``emission`` and so on."""
    packing: str = "separate"
    """How occlusion, roughness and metallic share images."""
    normal_y: str = "up"
    """Where green points in normal maps: ``up`` (OpenGL, glTF) or ``down`` (DirectX)."""
    texture_format: str = "as_is"
    texture_pixels: int = 0
    """The longest side of a texture; 0 for no limit."""
    compression: str = "none"
    """The compression of the meshes of a GLB, where this Blender has it."""
    megabytes: float = 0.0
    """The most that each file may have, in MB (1,000,000 bytes); 0 for no limit."""

    def to_dict(self) -> dict[str, Any]:
        """The values as JSON keeps them, for the pipe to the background Blender."""
        return asdict(self) | {"formats": list(self.formats), "map_names": dict(self.map_names)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], where: str = "the export") -> Export:
        """Read a table. :raises InputError: it has an unknown name or a wrong value."""
        types = get_type_hints(cls)
        names = {each.name for each in fields(cls)}
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name not in names:
                raise InputError(f"{where}: there is no setting {name}", _known(names))
            read[name] = _checked(where, name, value, types[name])
        unknown = [each for each in read.get("formats", ()) if each not in FORMATS]
        if unknown:
            raise InputError(f"{where}: there is no format {unknown[0]}", _known(FORMATS))
        return cls(**read)


@dataclass(frozen=True)
class Destination:
    """One row of the table: such as an engine, the web, or AR."""

    id: str
    """The word for ``--for``."""
    label: str
    description: str
    use: str
    """The use by which quality is judged, a key of ``readiness.USES``."""
    finishing: Mapping[str, Any]
    """Settings of :class:`Finishing` that differ from those of the prop."""
    export: Export

    def finished(self, settings: Finishing) -> Finishing:
        """The finishing of a prop for this destination.

        :raises InvalidRequestError: a setting is out of range.
        """
        return Finishing.from_dict(settings.to_dict() | dict(self.finishing))

    def with_settings(self, given: Mapping[str, Any]) -> Destination:
        """The same, but with the user's own values for the settings that it would change."""
        own = {name: given.get(name, value) for name, value in self.finishing.items()}
        return replace(self, finishing=MappingProxyType(own))


def _checked(where: str, name: str, value: Any, kind: Any) -> Any:
    if name == "formats" and isinstance(value, (list, tuple)):
        return tuple(str(each) for each in value)
    if name == "map_names" and isinstance(value, Mapping):
        return {str(key): str(suffix) for key, suffix in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(kind, type) or type(value) is not kind:
        raise InputError(f"{where}: {name} cannot be {value!r}")
    choices = _CHOICES.get(name)
    if choices and value not in choices:
        raise InputError(f"{where}: {name} cannot be {value!r}", _known(choices))
    return value


def _known(names: Any) -> str:
    return f"Choose from {', '.join(sorted(names))}"
