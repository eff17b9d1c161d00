# SPDX-License-Identifier: GPL-3.0-or-later
"""A glTF's textures, settled before anybody reads them: each shows a picture that this Blender can
decode, or is taken out of the materials, which then show their factors. No bpy.

Without this Blender would paint the places magenta. A texture may name a picture in several formats
(``KHR_texture_basisu``, ``EXT_texture_avif``, ``EXT_texture_webp``: their specifications have
``source`` in the extension, and the plain ``source`` as a fallback).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..core.errors import BadFileError
from ..core.text import shorten
from ..job.beside import last_name
from .extensions import TEXTURES

WEBP: Final = "EXT_texture_webp"
"""The one that Blender's importer reads by itself in every version."""


@dataclass(frozen=True)
class Settled:
    """The document, and the names of the pictures that were left out."""

    document: dict[str, Any]
    left_out: tuple[str, ...]


def settle(
    document: dict[str, Any], usable: Callable[[int], bool], extensions: frozenset[str]
) -> Settled | None:
    """Have every texture show a usable picture, or none, and the importer know every extension that
    is required.

    :param usable: whether the picture with this index can be shown.
    :param extensions: what the importer reads where a file requires it.
    :returns: None where all is well already. The document that was given stays as it is.
    :raises BadFileError: its lists are broken.
    """
    try:
        return _settled(document, usable, extensions)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadFileError(
            "The model's structure is broken", detail=f"{type(error).__name__}: {error}"
        ) from error


def _settled(
    document: dict[str, Any], usable: Callable[[int], bool], extensions: frozenset[str]
) -> Settled | None:
    textures = [dict(texture) for texture in document.get("textures", [])]
    images = document.get("images", [])
    gone: set[int] = set()
    left_out: dict[str, None] = {}
    changed = False
    for index, texture in enumerate(textures):
        sources = _sources(texture, len(images))
        chosen = next((source for source in sources.values() if usable(source)), None)
        if chosen is None:
            gone.add(index)
            left_out |= {name_of(images[source], source): None for source in sources.values()}
        elif chosen != sources.get("", sources.get(WEBP)):
            changed = True
            texture["source"] = chosen
            texture.pop("extensions", None)
    lists = _extensions(document, extensions)
    changed = changed or any(names != (document.get(key) or []) for key, names in lists.items())
    if not (changed or gone):
        return None
    made = {key: part for key, part in document.items() if key not in lists}
    made |= {key: names for key, names in lists.items() if names}
    if textures:
        made["textures"] = textures
    if gone and "materials" in made:
        made["materials"] = _without(made["materials"], gone)
    return Settled(made, tuple(left_out))


def _extensions(document: dict[str, Any], known: frozenset[str]) -> dict[str, list[str]]:
    """The lists of extensions as Blender's importer takes them: it requires what it reads, and
    names that among what it uses, without which the importer fails (glTF 2.0, section 3.12).
    """
    required = [name for name in document.get("extensionsRequired", []) if name in known]
    used = document.get("extensionsUsed") or []
    undeclared = [name for name in required if name not in used]
    return {"extensionsRequired": required, "extensionsUsed": [*used, *undeclared]}


def name_of(image: dict[str, Any], index: int) -> str:
    """What a user calls a picture of a glTF."""
    uri = str(image.get("uri", ""))
    if uri and not uri.startswith("data:"):
        return last_name(uri)
    return shorten(str(image.get("name") or ""), 60) or f"picture {index + 1}"


def _sources(texture: dict[str, Any], count: int) -> dict[str, int]:
    """The pictures that a texture names, by the extension that does; "" for itself, first."""
    extensions = texture.get("extensions", {})
    holders = {"": texture} | {name: extensions.get(name, {}) for name in sorted(TEXTURES)}
    named = {name: holder.get("source") for name, holder in holders.items()}
    return {name: at for name, at in named.items() if isinstance(at, int) and 0 <= at < count}


def _without(part: Any, gone: set[int]) -> Any:
    """A part of the materials but for what shows one of these textures."""
    if isinstance(part, list):
        return [_without(inner, gone) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _without(inner, gone)
        for name, inner in part.items()
        if not (name.lower().endswith("texture") and _shows(inner, gone))
    }


def _shows(info: Any, gone: set[int]) -> bool:
    return isinstance(info, dict) and info.get("index") in gone
