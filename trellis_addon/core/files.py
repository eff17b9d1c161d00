# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files: those in a prop's folder, and those of others as a record can hold them.

Both Blenders use them, one without pydantic.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

RECORD: Final = "prop.json"
MODEL: Final = "model.glb"
"""The model as received. Other formats keep their own ending: ``model.obj``, ``model.zip`` ..."""
MODEL_STEM: Final = "model."
_MODEL_NAME: Final = re.compile(r"model\.[A-Za-z0-9]{1,10}")
FIRST_IS_MODEL: Final = b"Trellis: the first file is the model, the others belong to it"
"""The comment of a ZIP that an import has made of a model and what lies beside it."""
_URI: Final = "file://"
BLEND: Final = "prop.blend"
THUMBNAIL: Final = "thumbnail.png"


def is_model_name(name: str) -> bool:
    """Whether a file of a prop's folder is the received model.

    A record may come from anywhere, and call ``model./../../elsewhere`` its model.
    """
    return _MODEL_NAME.fullmatch(name) is not None


def readable(name: str) -> str:
    """A file's name as words that can be written down.

    On Linux a name is bytes. Those that are no UTF-8 come from Windows-1252 more often than from
    anywhere else; Python holds them as halves of characters, which no JSON and no ZIP takes.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return name


def path_as_text(path: Path) -> str:
    """An absolute path for a record; where its name is no UTF-8, as a ``file:`` URI (RFC 8089)."""
    text = str(path.absolute())
    return text if readable(text) == text else path.absolute().as_uri()


def path_from_text(text: str) -> Path:
    """What :func:`path_as_text` was given."""
    if not text.startswith(_URI):
        return Path(text)
    return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_URI))))
