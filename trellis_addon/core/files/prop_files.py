# SPDX-License-Identifier: GPL-3.0-or-later
"""File names: those in a prop's folder, and a safe way to store other files' names in a record.

Both Blenders import this module, and the background one has no pydantic.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

RECORD: Final = "prop.json"
MODEL: Final = "model.glb"
"""The model as received. Other formats keep their own extension: ``model.obj``, ``model.zip``
..."""
MODEL_STEM: Final = "model."
# Used with fullmatch: no separator and no second dot can get in.
_MODEL_NAME: Final = re.compile(r"model\.[A-Za-z0-9]{1,10}")
FIRST_IS_MODEL: Final = b"Trellis: the first file is the model, the others belong to it"
"""The comment of a ZIP that an import created from a model and the files beside it."""
_URI: Final = "file://"
BLEND: Final = "prop.blend"
THUMBNAIL: Final = "thumbnail.png"
PICTURE_SAMPLES: Final = "TRELLIS_PICTURE_SAMPLES"
"""The environment variable with the number of samples for each pixel of it."""


def is_model_name(name: str) -> bool:
    """Whether a file in a prop's folder is the received model.

    A record may come from an untrusted source and call ``model./../../elsewhere`` its model.
    """
    return _MODEL_NAME.fullmatch(name) is not None


def readable(name: str) -> str:
    """A file's name as text that can be stored.

    On Linux a name is bytes. Names that are not UTF-8 are mostly Windows-1252. Python represents
    their bytes as lone surrogates (PEP 383), which neither JSON nor ZIP accepts.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        # "replace", since five of the 256 bytes mean nothing in Windows-1252.
        return name.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return name


def path_as_text(path: Path) -> str:
    """An absolute path for a record. If it is not valid UTF-8, it is written as a ``file:`` URI
    (RFC 8089), which keeps its bytes.
    """
    text = str(path.absolute())
    return text if readable(text) == text else path.absolute().as_uri()


def path_from_text(text: str) -> Path:
    """The inverse of :func:`path_as_text`."""
    if not text.startswith(_URI):
        return Path(text)
    return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_URI))))
