# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes absolute URLs of addresses in an answer that are relative or not escaped.

The base is the answer's own URL. By RFC 3986, section 5, ``/files/x.glb``, ``//cdn.example/x.glb``
and ``x.glb`` are all relative references.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin

from .asset_locations import MESH_FIELDS, names_mesh

_LONGEST: Final = 8192
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
WORDS: Final = frozenset({"", "content", "text", "message", "refusal", "transcript"})
"""Fields with the model's text, in which an address may be surrounded by other words."""
_ADDRESS_FIELDS: Final = frozenset(MESH_FIELDS) - {"data", "base64", "b64_json", "glb_base64"}


def whole_address(text: str, field: str) -> str:
    """The text as an address, if all of it is one that the search in prose does not find, else "".

    :param field: the name of the field that contains the text.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or not text.isprintable():
        return ""
    if text.lower().startswith(("http://", "https://")):
        alone = field in _ADDRESS_FIELDS or (field not in WORDS and names_mesh(text))
        # An absolute URL without spaces is found in prose; one with spaces would be cut there.
        return text if " " in text and alone else ""
    if _SCHEME.match(text) or text.startswith(("#", "?", "@", "{", "[", "<")):
        return ""
    rooted = text.startswith(("/", "./", "../"))
    if field in _ADDRESS_FIELDS and (rooted or (names_mesh(text) and " " not in text)):
        return text
    return text if rooted and names_mesh(text) and " " not in text else ""


def resolved(base: str, address: str) -> str:
    """The absolute URL; "" if the address is relative and the base is unknown."""
    if not _SCHEME.match(address):
        if not base:
            return ""
        try:
            address = urljoin(base, address)
        except ValueError:
            return ""
    return address.strip().replace(" ", "%20")
