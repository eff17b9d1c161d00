# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds locations in text: links, Markdown, HTML, data URIs, raw base64, JSON in a code fence."""

from __future__ import annotations

import binascii
import html
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from ..http.base64_extraction import MARK
from .asset_locations import AssetLocation, names_mesh

_HTML: Final = re.compile(r"\s*(?:<!doctype html|<html|<head|<body)", re.IGNORECASE)
# A server chooses the text, so no expression may take more than linear time: repetitions are
# possessive (`++`, `*+`), so they never backtrack, and they stop at the character with which the
# expression begins.
_HOST6: Final = r"(?://\[[0-9a-fA-F:.]{2,45}\])?"
_MARKDOWN: Final = re.compile(
    r"(!?)\[([^\[\]\n]{0,300}+)\]\(\s{0,20}+<?+"
    rf"((?:https?:{_HOST6}|data:|\.{{0,2}}/)[^)\s>\[]++)>?+([^)\[]{{0,300}}+)\)"
)
_ATTRIBUTE: Final = re.compile(
    r"""<([a-zA-Z-]{1,30})\b[^<>]{0,2000}?\b(?:src|href)\s*=\s*["']?([^"'\s>]+)""", re.DOTALL
)
_URL: Final = re.compile(r"https?://[^\s<>\"'`\\)\]}|]+", re.IGNORECASE)
_DATA: Final = re.compile(
    r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.=+-]+)*),(@payload:[0-9]{1,6}@|[A-Za-z0-9+/=_%-]+)"
)
_BASE64_MESH: Final = re.compile(r"(?<![A-Za-z0-9+/])((?:Z2xURg|UEsDB)[A-Za-z0-9+/\r\n]+={0,2})")
_FENCE: Final = re.compile(r"```[a-zA-Z0-9]*+\s*+(.*?)```", re.DOTALL)
_PICTURE_TAGS: Final = frozenset({"img", "video", "source", "audio", "script", "link", "iframe"})
_MOST: Final = 200


def looks_like_html(text: str) -> bool:
    """Whether an answer as a whole is a web page."""
    return _HTML.match(text) is not None


def embedded_json(text: str) -> Iterator[Any]:
    """The JSON documents in code fences, or one JSON object surrounded by words."""
    blocks = [match[1] for match in _FENCE.finditer(text)]
    start, end = text.find("{"), text.rfind("}")
    if not blocks and 0 < start < end:
        blocks = [text[start : end + 1]]
    for block in blocks[:_MOST]:
        try:
            document = json.loads(block.strip())
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict | list):
            yield document


def in_prose(text: str, *, bare: bool = True) -> Iterator[AssetLocation]:
    """Find every location in a text.

    :param bare: whether a URL may be surrounded by other words; otherwise the text must be a URL.
    """
    text = text.strip()
    yield from islice(_all(text, bare), _MOST)


def _all(text: str, bare: bool) -> Iterator[AssetLocation]:
    taken: set[str] = set()
    for match in _MARKDOWN.finditer(text):
        taken.add(match[3])
        url = _unescaped(match[3], match[4])
        if url.startswith("http") or (names_mesh(url) and not url.startswith("data:")):
            picture = "image/" if match[1] and not _names_mesh(url) else ""
            yield AssetLocation(url=url, name=_file_name(match[2]), mime=picture)
    for match in _ATTRIBUTE.finditer(text):
        url, tag = html.unescape(match[2]), match[1].lower()
        relative = url.startswith(("/", "./", "../")) and names_mesh(url)
        if url.startswith("http") or relative:
            taken.add(url)
            is_picture = tag in _PICTURE_TAGS and not _names_mesh(url)
            yield AssetLocation(
                url=url,
                mime="image/" if is_picture else "",
                field="mesh" if tag == "model-viewer" else "",
            )
    yield from _data_uris(text)
    if bare or _URL.fullmatch(text):
        for match in _URL.finditer(text):
            # A full stop after a URL belongs to the sentence.
            url = html.unescape(match[0].rstrip(".,;:!?*"))
            if url not in taken:
                taken.add(url)
                yield AssetLocation(url=url)


def _data_uris(text: str) -> Iterator[AssetLocation]:
    covered = set()
    for match in _DATA.finditer(text):
        mime, content = match[1] or "", match[3]
        if mark := MARK.fullmatch(content):
            covered.add(mark[0])
            yield AssetLocation(payload=int(mark[1]), mime=mime)
        elif "base64" in match[2] and (data := _decoded(content)):
            yield AssetLocation(inline=data, mime=mime)
    # Marks that no data URI accounts for: base64 without a prefix.
    for mark in MARK.finditer(text):
        if mark[0] not in covered:
            yield AssetLocation(payload=int(mark[1]))
    for match in _BASE64_MESH.finditer(text):
        if data := _decoded(match[1]):
            yield AssetLocation(inline=data)


def _decoded(content: str) -> bytes:
    # Data URIs may be percent-encoded, wrapped, URL-safe, and without padding.
    plain = "".join(unquote(content).split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


def _names_mesh(url: str) -> bool:
    return re.search(r"\.(?:glb|gltf|obj|fbx|stl|ply|usdz)\b", url, re.IGNORECASE) is not None


def _unescaped(url: str, rest: str) -> str:
    """The whole URL of a link that contains spaces. What else may follow a link's URL is a title in
    quotes.
    """
    more = rest.rstrip("> ")
    return url + more if more.strip()[:1] not in ("", '"', "'", "(") else url


def _file_name(label: str) -> str:
    return label if re.fullmatch(r"[\w .()-]+\.\w{2,5}", label) else ""
