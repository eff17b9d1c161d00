# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps answers in the prop's folder: the models that they contain, and those that are not
understood, as they may be paid for.
"""

from __future__ import annotations

import dataclasses
import filecmp
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ...core.files import held_files
from ...gateway.answers.reply import Reply
from ...gateway.client import Gateway
from ...gateway.http.base64_extraction import MARK
from ...library.disk.atomic_files import replace, sync_file
from .fetch_model import MOST_LOCATIONS, PAYLOAD

_NAME: Final = "answer-{}.kept"
MOST_KEPT: Final = 3
"""A prop that is resumed repeatedly may get the same answer every time."""
_NEW: Final = "answer.part"
_LONGEST: Final = 4 << 20
"""In bytes. All of them are searched for the key, which takes 60 ms per MiB."""
_PIECE: Final = 1 << 20
_OVERLAP: Final = 4096


def on_disk(folder: Path, reply: Reply) -> Reply:
    """Write every model that an answer contains to a file, so that it is not lost, and return the
    reply with these files.
    """
    payloads, assets = list(reply.body.payloads), []
    for asset in reply.answer.assets[:MOST_LOCATIONS]:
        if not asset.inline:
            assets.append(asset)
            continue
        path = folder / PAYLOAD.format(len(payloads))
        path.write_bytes(asset.inline)
        sync_file(path)
        assets.append(dataclasses.replace(asset, payload=len(payloads), inline=b""))
        payloads.append(path)
    return dataclasses.replace(
        reply,
        answer=dataclasses.replace(reply.answer, assets=tuple(assets)),
        body=dataclasses.replace(reply.body, payloads=tuple(payloads)),
    )


def keep_answer(folder: Path, reply: Reply, gateway: Gateway) -> str:
    """Store an answer as it is, and return the name of its file, or "" if it cannot be kept.

    :raises OSError: the folder cannot be written.
    """
    text, payloads = reply.body.text, reply.body.payloads
    source = folder / _NEW
    if MARK.fullmatch(text.strip()) and payloads:
        source = payloads[0]
    else:
        source.write_text(text, "utf-8")
    try:
        size = source.stat().st_size
        # The file stays in the library, which users copy and share, so it must not contain the key.
        if not 0 < size <= _LONGEST or any(map(gateway.quotes_key, _pieces(source))):
            return ""
        for number in range(1, MOST_KEPT + 1):
            path = folder / _NAME.format(number)
            # An answer that is there already is not stored a second time.
            if not path.exists() or filecmp.cmp(path, source, shallow=False):
                replace(source, path)
                return path.name
        return ""
    finally:
        held_files.discard(source)


def drop_kept(folder: Path) -> None:
    """Remove the kept answers, once the model is here."""
    for path in folder.glob(_NAME.format("*")):
        held_files.discard(path)


def _pieces(path: Path) -> Iterator[bytes]:
    """A file in pieces that overlap by more than the length of a key, so that it is never in memory
    as a whole.
    """
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = piece[-_OVERLAP:]
