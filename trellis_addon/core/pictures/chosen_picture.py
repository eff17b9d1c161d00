# SPDX-License-Identifier: GPL-3.0-or-later
"""One picture of a set, as the user names it: ``ID:NUMBER``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"(?P<set>[a-z0-9][a-z0-9-]*):(?P<number>[1-9][0-9]?)")


@dataclass(frozen=True)
class ChosenPicture:
    """The number of a picture in its set."""

    set_id: str
    number: int

    def __str__(self) -> str:
        return f"{self.set_id}:{self.number}"

    @classmethod
    def of(cls, text: str) -> ChosenPicture | None:
        """The picture that a text names; None if it is something else, such as a file's path."""
        found = _NAME.fullmatch(text.strip())
        return cls(found["set"], int(found["number"])) if found else None
