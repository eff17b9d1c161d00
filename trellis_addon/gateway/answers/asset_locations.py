# SPDX-License-Identifier: GPL-3.0-or-later
"""The places where a mesh may be, and the order in which to try them.

The gateway does not document its 3D answers, so this reads every shape that any host of the model
is known to use. The order of trust is: bytes, MIME type, file extension, field name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final
from urllib.parse import unquote, urlsplit

MESH_FIELDS: Final = (
    "model_mesh model_glb model_file glb glb_url model_url model_urls mesh_url mesh pbr_model "
    "base_model file_url result_url asset asset_url download_url output_url artifacts b64_json "
    "glb_base64 base64 data output result results files file_data url uri href src"
).split()
"""Field names that other hosts use, the most specific first."""

# Replicate returns several files with each model; gaussian_ply is a point cloud of about 50 MB.
_NOT_THE_MESH: Final = frozenset(
    "color_video combined_video normal_video video no_background_image no_background_images "
    "thumbnail thumbnail_url preview preview_url rendered_image rendered_image_url image_preview "
    "gaussian_ply".split()
)
# Addresses that belong to the request or to the job, such as the reference image that an answer
# repeats.
_NO_RESULT: Final = frozenset(
    "poll_url status_url cancel_url webhook_url docs documentation docs_url logs logs_url "
    "request input inputs prompt help support terms".split()
)

_MESH_TYPES: Final = ("model/", "application/gltf", "application/vnd.usdz", "application/x-tgif")
_MESH_EXTENSIONS: Final = frozenset("glb gltf zip obj ply stl fbx usdz usd usdc".split())
_OTHER_EXTENSIONS: Final = frozenset(
    "png jpg jpeg webp gif avif svg mp4 webm mov mp3 wav json txt html htm pdf css js".split()
)


class Trust(IntEnum):
    """How certain it is that the mesh is at a location. Lower values are tried first."""

    BYTES = 0
    MIME = 1
    EXTENSION = 2
    FIELD = 3
    UNKNOWN = 4
    LAST_RESORT = 5
    NOT_A_MESH = 9


@dataclass(frozen=True)
class AssetLocation:
    """One place that an answer names: a URL, or a payload file extracted from the answer."""

    url: str = ""
    payload: int | None = None
    inline: bytes = b""
    field: str = ""
    mime: str = ""
    name: str = ""
    trust: Trust = Trust.UNKNOWN
    order: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """The sort key: trust, then the field's position in :data:`MESH_FIELDS`, then the position
        in the answer.
        """
        known = MESH_FIELDS.index(self.field) if self.field in MESH_FIELDS else len(MESH_FIELDS)
        return (int(self.trust), known, self.order)

    def to_record(self) -> dict[str, Any]:
        """What another process needs to fetch it again."""
        known = {"url": self.url, "payload": self.payload, "field": self.field, "mime": self.mime}
        return {key: value for key, value in known.items() if value not in (None, "")}

    @classmethod
    def from_record(cls, known: Mapping[str, Any]) -> AssetLocation | None:
        """The location that :meth:`to_record` has written; None for anything else."""
        url, payload = known.get("url", ""), known.get("payload")
        if not isinstance(url, str) or not (url or isinstance(payload, int)):
            return None
        return judged(
            cls(
                url=url,
                payload=payload if isinstance(payload, int) else None,
                field=str(known.get("field", "")),
                mime=str(known.get("mime", "")),
            )
        )


def judged(location: AssetLocation) -> AssetLocation:
    """The same location with its trust, judged by type, extension and field name."""
    return replace(location, trust=_trust(location))


def _trust(location: AssetLocation) -> Trust:
    field, mime = location.field.lower(), location.mime.lower()
    try:
        path = urlsplit(location.url).path
        location.url.encode("utf-8")
    except ValueError:
        return Trust.NOT_A_MESH  # a URL that cannot be parsed cannot be fetched either
    extension = extension_of(location.name) or extension_of(path) or _mesh_in_path(path)
    if field == "gaussian_ply" or (extension == "ply" and "gaussian" in location.url.lower()):
        return Trust.LAST_RESORT
    if mime.startswith(_MESH_TYPES):
        return Trust.MIME
    if field in _NO_RESULT:
        return Trust.NOT_A_MESH
    if mime.startswith(("image/", "video/", "audio/", "text/")):
        # The type contradicts the name, so only the bytes can decide.
        return Trust.LAST_RESORT if extension in _MESH_EXTENSIONS else Trust.NOT_A_MESH
    if extension in _MESH_EXTENSIONS:
        return Trust.EXTENSION
    if extension in _OTHER_EXTENSIONS or field in _NOT_THE_MESH:
        return Trust.NOT_A_MESH
    # The names after the first 24, such as "files" and "url", are too general to mean a mesh.
    return Trust.FIELD if field in MESH_FIELDS[:24] else Trust.UNKNOWN


def _mesh_in_path(path: str) -> str:
    """The mesh's extension anywhere in a path: the gateway's signed links have the form
    ``.../model.glb/public?token=...``.
    """
    extensions = (extension_of(segment) for segment in path.split("/"))
    return next((e for e in extensions if e in _MESH_EXTENSIONS), "")


def names_mesh(address: str) -> bool:
    """Whether the path of a URL, absolute or relative, names a mesh file."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return False
    return bool(_mesh_in_path(path))


def extension_of(path: str) -> str:
    """The extension without its dot, in lower case; "" where there is none."""
    name = unquote(path).rsplit("/", 1)[-1]
    match = re.search(r"\.([A-Za-z0-9]{2,5})$", name)
    return match[1].lower() if match else ""
