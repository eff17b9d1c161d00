# SPDX-License-Identifier: GPL-3.0-or-later
"""A string that does not print itself."""

from __future__ import annotations

from typing import Any, NoReturn


class Secret:
    """An API key on its way from the preferences to the one header that may hold it.

    ``str()``, ``repr()``, formatting, logging and pickling never show the value: only
    :meth:`reveal` does, and only ``gateway/transport.py`` calls that.
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

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not to be stored")

    def __getstate__(self) -> Any:
        raise TypeError("a secret is not to be stored")

    def hide_in(self, text: str) -> str:
        """The text with every occurrence of the value replaced."""
        return text.replace(self._value, "***") if self._value else text
