# SPDX-License-Identifier: GPL-3.0-or-later
"""Small jobs on text: shortening, folder names, counting what the model reads."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MODEL_READS_TOKENS: Final = 77
"""What TRELLIS's text encoder (CLIP) reads, its two marker tokens included; longer prompts
are cut by the model without a word (reference code of microsoft/TRELLIS, 2025-08)."""

_WORD_OR_MARK = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_")


def shorten(text: str, limit: int = 200) -> str:
    """One line of at most ``limit`` characters, for sentences that quote something long.

    Without what no reader sees: a terminal would obey an escape character of a stranger's.
    """
    line = printable(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def printable(text: str) -> str:
    """The text without control characters, marks of direction and halves of characters."""
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


def without_article(text: str) -> str:
    """The text without an English article in front: "a red chair" is filed under red."""
    return re.sub(r"^\s*(?:an?|the)\s+(?=\S)", "", text, flags=re.IGNORECASE)


def slug(text: str, limit: int = 40) -> str:
    """A folder name that every file system takes: lower-case ASCII letters, digits, dashes.

    A prompt without any such letter (椅子) gives ``prop``.
    """
    text = without_article(text)
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    words = re.findall(r"[a-z0-9]+", plain.decode("ascii").lower())
    name = ""
    for word in words:
        if name and len(name) + 1 + len(word) > limit:
            break
        name = f"{name}-{word}" if name else word[:limit]
    return name or "prop"


def title(text: str, limit: int = 56) -> str:
    """A name for a data-block. Blender's own limit is 63 bytes (255 from 5.0)."""
    line = without_article(" ".join(printable(text).split()))
    line = line[:1].upper() + line[1:]  # first, as a capital may be three characters
    line = line[: limit + 1]  # one too many, so that a word which was cut here is left out below
    while len(line.encode("utf-8")) > limit:
        shorter = line.rsplit(" ", 1)[0]
        line = shorter if shorter != line else line[:-1]
    line = line.rstrip(" ,;:.-")
    return line or "Prop"


def estimated_tokens(prompt: str) -> int:
    """About how many tokens the model's text encoder makes of a prompt, markers included.

    An estimate without the encoder's vocabulary (49,408 entries): a word of up to eight
    letters counts one, each further six one more; digits and marks count one; letters
    outside Latin one and a half each.
    """
    count = 2.0
    for piece in _WORD_OR_MARK.findall(prompt):
        if ord(piece[0]) > 0x24F and piece[0].isalpha():
            count += 1.5 * len(piece)
        else:
            count += 1 + max(0, len(piece) - 8 + 5) // 6
    return round(count)


def prompt_warning(prompt: str) -> str:
    """A sentence when the prompt is likely longer than what the model reads, else ""."""
    tokens = estimated_tokens(prompt)
    if tokens <= MODEL_READS_TOKENS:
        return ""
    return (
        f"The prompt has about {tokens} tokens; the model reads the first "
        f"{MODEL_READS_TOKENS} and ignores the rest"
    )
