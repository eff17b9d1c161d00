# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer has brought stays in the prop's folder: a model that was in it, and an answer that
is not understood, as it may be paid for.
"""

from __future__ import annotations

import dataclasses
import filecmp
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..gateway.client import Gateway
from ..gateway.lifting import MARK
from ..gateway.reply import Reply
from ..library.atomic import replace, sync_file
from .fetching import MOST_LOCATIONS, PAYLOAD

_NAME: Final = "answer-{}.kept"
MOST_KEPT: Final = 3
"""A prop that is resumed again and again gets the same answer again and again."""
_NEW: Final = "answer.part"
_LONGEST: Final = 4 << 20
"""Bytes. A key is looked for in all of them, which takes 60 ms a MiB."""
_PIECE: Final = 1 << 20
_OVERLAP: Final = 4096


def on_disk(folder: Path, reply: Reply) -> Reply:
    """The same with every model that the answer held in a file, so that it is not lost."""
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
    """Write an answer down as it came; the name of its file, or "" where it cannot be kept.

    :raises OSError: when the folder cannot be written.
    """
    text, payloads = reply.body.text, reply.body.payloads
    source = folder / _NEW
    if MARK.fullmatch(text.strip()) and payloads:
        source = payloads[0]
    else:
        source.write_text(text, "utf-8")
    try:
        size = source.stat().st_size
        if not 0 < size <= _LONGEST or any(map(gateway.quotes_key, _pieces(source))):
            return ""
        for number in range(1, MOST_KEPT + 1):
            path = folder / _NAME.format(number)
            if not path.exists() or filecmp.cmp(path, source, shallow=False):
                replace(source, path)
                return path.name
        return ""
    finally:
        source.unlink(missing_ok=True)


def drop_kept(folder: Path) -> None:
    """Remove what was kept, once the model is there."""
    for path in folder.glob(_NAME.format("*")):
        path.unlink(missing_ok=True)


def _pieces(path: Path) -> Iterator[bytes]:
    """A file in pieces that overlap by more than a key is long: never all of it in memory."""
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            yield before + piece
            before = piece[-_OVERLAP:]
