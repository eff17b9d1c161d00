# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the images of a glTF's textures before the import. Each texture gets an image that this
Blender can decode, or is removed from the materials, which then show their factors. No bpy.

Otherwise, Blender would show magenta there. A texture may name images in several formats
(``KHR_texture_basisu``, ``EXT_texture_avif``, ``EXT_texture_webp``: by their specifications,
``source`` is in the extension, and the texture's own ``source`` is a fallback).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ...core.errors import BadFileError
from ...core.text import shorten
from ...job.model_files.sibling_files import last_name
from ..check.gltf_extensions import TEXTURES

WEBP: Final = "EXT_texture_webp"
"""The extension that Blender's importer reads by itself in every version."""


@dataclass(frozen=True)
class Settled:
    """The changed document, and the names of the images that were left out."""

    document: dict[str, Any]
    left_out: tuple[str, ...]


def settle(
    document: dict[str, Any], usable: Callable[[int], bool], extensions: frozenset[str]
) -> Settled | None:
    """Make every texture show a usable image or none, and require only extensions that the importer
    knows.

    :param usable: whether the image with this index can be shown.
    :param extensions: those that the importer can read if a file requires them.
    :returns: None if nothing has to change. The given document is not modified.
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
        # Blender's importer already takes the plain source, or WebP if there is none.
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
    """The lists of extensions in the form that Blender's importer accepts: only known ones are
    required, and these are also listed as used, as section 3.12 of glTF 2.0 demands. Without that,
    the importer fails.
    """
    required = [name for name in document.get("extensionsRequired", []) if name in known]
    used = document.get("extensionsUsed") or []
    undeclared = [name for name in required if name not in used]
    return {"extensionsRequired": required, "extensionsUsed": [*used, *undeclared]}


def name_of(image: dict[str, Any], index: int) -> str:
    """The name of a glTF's image for messages to the user."""
    uri = str(image.get("uri", ""))
    if uri and not uri.startswith("data:"):
        return last_name(uri)
    return shorten(str(image.get("name") or ""), 60) or f"picture {index + 1}"


def _sources(texture: dict[str, Any], count: int) -> dict[str, int]:
    """The images that a texture names, by the extension; first its own one, under ""."""
    extensions = texture.get("extensions", {})
    holders = {"": texture} | {name: extensions.get(name, {}) for name in sorted(TEXTURES)}
    named = {name: holder.get("source") for name, holder in holders.items()}
    return {name: at for name, at in named.items() if isinstance(at, int) and 0 <= at < count}


def _without(part: Any, gone: set[int]) -> Any:
    """Copy a part of the materials, except for references to these textures."""
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
