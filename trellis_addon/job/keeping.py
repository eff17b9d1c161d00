# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer has brought stays in the prop's folder: a model that was in it, and an answer that
is not understood, as it may be paid for.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from ..gateway.client import Gateway
from ..gateway.lifting import MARK
from ..gateway.reply import Reply
from ..library.atomic import sync_file
from .fetching import MOST_LOCATIONS, PAYLOAD

_NAME: Final = "answer-{}.kept"
MOST_KEPT: Final = 3
"""A prop that is resumed again and again gets the same answer again and again."""
_LONGEST: Final = 64 << 20


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
    content = _content(reply)
    if not content or gateway.quotes_key(content):
        return ""
    for number in range(1, MOST_KEPT + 1):
        path = folder / _NAME.format(number)
        if not path.exists() or path.read_bytes() == content:
            path.write_bytes(content)
            return path.name
    return ""


def drop_kept(folder: Path) -> None:
    """Remove what was kept, once the model is there."""
    for path in folder.glob(_NAME.format("*")):
        path.unlink(missing_ok=True)


def _content(reply: Reply) -> bytes:
    text, payloads = reply.body.text, reply.body.payloads
    if MARK.fullmatch(text.strip()) and payloads:
        size = payloads[0].stat().st_size
        return payloads[0].read_bytes() if size <= _LONGEST else b""
    return text.encode("utf-8")
