# SPDX-License-Identifier: GPL-3.0-or-later
"""How jobs ended, until somebody has told it."""

from __future__ import annotations

from collections.abc import Sequence

from .jobs import Report


class Reports(dict[str, Report]):
    """By the id of the prop. An operator that watches its jobs tells their ends itself; all
    others are told by the session. Main thread only.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watched: list[Sequence[str]] = []

    def watch(self, prop_ids: Sequence[str]) -> None:
        """Leave the reports of these (and of those that are added to the list) to the caller."""
        self._watched.append(prop_ids)

    def unwatch(self, prop_ids: Sequence[str]) -> None:
        """From now on the session tells how they end. Safe to call again."""
        self._watched = [each for each in self._watched if each is not prop_ids]

    @property
    def untold(self) -> list[str]:
        """The props whose reports nobody else will tell."""
        watched = {prop_id for prop_ids in self._watched for prop_id in prop_ids}
        return [prop_id for prop_id in self if prop_id not in watched]

    def take_untold(self) -> list[Report]:
        """These reports. They are given once."""
        return [self.pop(prop_id) for prop_id in self.untold]
