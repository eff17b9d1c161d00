# SPDX-License-Identifier: GPL-3.0-or-later
"""A string that never prints itself, and that can be found in a text even in escaped form."""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Callable
from functools import cache
from html.entities import html5
from typing import Any, Final, NoReturn, TypeVar, cast

_SHORTEST: Final = 8
"""Characters that a secret needs to be searched for in escaped forms: a shorter one would be found
in unrelated texts."""

_MARK: Final = "***"
_MOST_ECHOES: Final = 8
"""The most occurrences in one text; if there are more, nothing of the text is shown."""

_PIECE: Final = 32 << 10
_LONGEST_ECHO: Final = 4096
"""Characters that are examined at a time, and the longest escaped form of a secret. One such step
holds the interpreter's lock for about 2 ms."""

_MOST_TIMES_ESCAPED: Final = 4
_ESCAPE: Final = re.compile(
    r"\\{1,8}+(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|U([0-9a-f]{8})|x([0-9a-f]{2})|([0-7]{3}))"
    r"|%([0-9a-f]{2})|&#([0-9]{1,7});?|&#x([0-9a-f]{1,6});?|&([a-z]{2,31};)",
    re.IGNORECASE,
)
"""A character as escaped by JSON, JavaScript, Python, URLs and HTML. The backslashes double each
time that JSON is put into a JSON string."""

_OCTAL, _DECIMAL, _NAME = 5, 7, 9
_TAG: Final = re.compile(rb"<[^<>]{0,60}>")
_LEFT_OUT: Final = bytes([*range(33), 92, 127])
"""Control characters, the space and the backslash, which our own messages may drop from a quoted
text."""

_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")

T = TypeVar("T")


class Secret:
    """An API key on its way from the preferences to the only header that may contain it.

    ``str()``, ``repr()``, formatting, logging and pickling never show the value: only
    :meth:`reveal` does, and only ``gateway/http/transport.py`` calls that.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()

    def reveal(self) -> str:
        """The value itself, for the ``Authorization`` header."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret('***')" if self._value else "Secret('')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    # Pickling is refused as well, as it would write the key out.
    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not to be stored")

    def __getstate__(self) -> Any:
        raise TypeError("a secret is not to be stored")

    def hide_in(self, text: str) -> str:
        """Replace every occurrence of the value in a text.

        This includes other letter case, characters that are escaped (once or several times) or
        separated, hexadecimal digits, and base64 (RFC 4648) of a longer text that contains the
        value.
        """
        if not self._value:
            return text
        text = text.replace(self._value, _MARK)
        if len(self._value) < _SHORTEST:
            return text
        # Bounded, because a hostile server could fill its answer with the key, and each search
        # costs milliseconds.
        shown = ""
        for _ in range(_MOST_ECHOES):
            place = _find_echo(self._value, text)
            if place is None:
                return shown + text
            shown, text = f"{shown}{text[: place[0]]}{_MARK}", text[place[1] :]
        return _MARK


def hidden(value: T, hide: Callable[[str], str]) -> T:
    """A copy of a value with ``hide`` applied to every string in it: in tuples, lists, dictionaries
    and the fields of frozen dataclasses, at any depth.
    """
    return cast("T", _hidden(value, hide))


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    # Not isinstance: a StrEnum such as a prop's state is a str as well, and has to keep its type.
    if type(value) is str:
        return hide(value)
    if isinstance(value, list | tuple):
        return type(value)(_hidden(item, hide) for item in value)
    if isinstance(value, dict):
        return {_hidden(key, hide): _hidden(item, hide) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # replace() refuses fields that are not arguments of the constructor.
        names = (field.name for field in dataclasses.fields(value) if field.init)
        return dataclasses.replace(
            value, **{name: _hidden(getattr(value, name), hide) for name in names}
        )
    return value


def _find_echo(value: str, text: str) -> tuple[int, int] | None:
    """The start and the end of the first occurrence."""
    # Pieces overlap by the longest echo, so that none is missed at a boundary.
    for begin in range(0, len(text), _PIECE):
        piece = text[begin : begin + _PIECE + _LONGEST_ECHO]
        if _echoes(value, piece):
            start, end = _within(value, piece)
            return begin + start, begin + end
    return None


def _within(value: str, text: str) -> tuple[int, int]:
    """The same for a text that is known to contain one, by bisection on both ends."""
    end = _first(lambda at: _echoes(value, text[:at]), len(text))
    start = end - _first(lambda size: _echoes(value, text[end - size : end]), end)
    while start and text[start - 1] == "\\":
        start -= 1  # half an escape before the mark would make the text invalid JSON
    return start, end


def _first(holds: Callable[[int], bool], most: int) -> int:
    """The smallest number from 0 to ``most`` for which ``holds`` is true; it is then true for all
    larger ones.
    """
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _echoes(value: str, text: str) -> bool:
    """Whether a text contains the value in any form. A regular expression with every form of every
    character would take ten times as long, and would never release the interpreter's lock.
    """
    plain, digits, encoded = _forms(value)
    for _ in range(_MOST_TIMES_ESCAPED):
        # Markup between the characters, such as <wbr>, does not hide a key; keys are ASCII, so all
        # else can go.
        bare = _TAG.sub(b"", text.encode("ascii", "ignore")).translate(None, _LEFT_OUT)
        lower = bare.lower()
        if plain in lower or digits in lower:
            return True
        letters = bare.translate(_URL_SAFE)
        if any(part in letters for part in encoded):
            return True
        # One level of escaping at a time, and all forms are tried after each: the text may have
        # been escaped several times.
        before, text = text, _ESCAPE.sub(_unescaped, text)
        if text == before:
            return False
    return False


def _unescaped(match: re.Match[str]) -> str:
    which = match.lastindex or 0
    if which == _NAME:
        return html5.get(match[which], "")
    code = int(match[which], {_OCTAL: 8, _DECIMAL: 10}.get(which, 16))
    return chr(code) if code < 128 else ""


@cache
def _forms(value: str) -> tuple[bytes, bytes, tuple[bytes, ...]]:
    """A secret in lower case, in hexadecimal digits, and the three strings of which one is in the
    base64 of any text that contains it. Base64 encodes groups of three bytes, so there is one
    string for each position within a group, without the characters at both ends, which depend on
    the neighbours.
    """
    raw = value.encode()
    encoded = []
    # Padding with zero bytes gives the position within a group of three; the characters that
    # contain bits of the padding are cut off.
    for before in range(3):
        letters = base64.b64encode(b"\0" * before + raw + b"\0\0")
        encoded.append(letters[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6])
    plain = raw.lower().translate(None, _LEFT_OUT)
    return plain, raw.hex().encode(), tuple(encoded)
