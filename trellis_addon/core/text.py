# SPDX-License-Identifier: GPL-3.0-or-later
"""Small helpers for text: shortening, and names of folders and data-blocks."""

from __future__ import annotations

import re
import unicodedata


def shorten(text: str, limit: int = 200) -> str:
    """Shorten a text to one line of at most ``limit`` characters, to be quoted in a message.

    Invisible characters are removed: a terminal would obey an escape sequence in a server's text.
    """
    line = printable(" ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def printable(text: str) -> str:
    """The text without control characters, direction marks and lone surrogates."""
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


def without_article(text: str) -> str:
    """The text without a leading English article, so that "a red chair" is sorted under "red"."""
    return re.sub(r"^\s*(?:an?|the)\s+(?=\S)", "", text, flags=re.IGNORECASE)


def slug(text: str, limit: int = 40) -> str:
    """A folder name that every file system accepts: lower-case ASCII letters, digits and dashes.

    A prompt without any such letter (椅子) gives ``prop``.
    """
    text = without_article(text)
    # NFKD splits "ö" into "o" and a mark, which is then dropped. "ß" does not decompose.
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    # Lower case, since two names that differ only in case are one folder on Windows and macOS.
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
    line = line[:1].upper() + line[1:]  # before cutting, as a capital may be three characters
    line = line[: limit + 1]  # one more, so that a word that is cut here is dropped below
    # Blender counts bytes, and an East Asian character takes three.
    while len(line.encode("utf-8")) > limit:
        shorter = line.rsplit(" ", 1)[0]
        line = shorter if shorter != line else line[:-1]
    line = line.rstrip(" ,;:.-")
    return line or "Prop"


def collection_name(name: str, prompt: str, limit: int = 56) -> str:
    """The name of a prop's collection: the user's own as it is written, or a title of the prompt.

    A studio's ``prp_crate_a`` stays in lower case. A name without a prompt is that of an imported
    file, of which a title is made.
    """
    own = " ".join(printable(name).split()) if prompt else ""
    while len(own.encode("utf-8")) > limit:
        own = own[:-1].rstrip()
    return own or title(prompt or name, limit)


def fold(text: str) -> str:
    """The text without the differences that a search ignores: letter case, variants of a letter
    such as full-width forms, and kinds of space.
    """
    # NFKC for full-width Latin and half-width Katakana, casefold() for the German ß.
    return unicodedata.normalize("NFKC", " ".join(text.split())).casefold()
