# SPDX-License-Identifier: GPL-3.0-or-later
"""A layout that takes what a panel draws, for tests without a window."""

from __future__ import annotations

from typing import Any

LAYOUTS = ("row", "column", "box", "split", "menu_pie", "grid_flow")


class Layout:
    """Takes what is drawn: every call with its words, its icon, and what is set on it."""

    def __init__(self, rows: list[dict[str, Any]], **state: Any) -> None:
        vars(self).update(rows=rows, state=state)

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any, **options: Any) -> Layout:
            row = {"call": name, "given": given, **options, "layout": self.state, "set": {}}
            self.rows.append(row)
            return Layout(self.rows, **self.state) if name in LAYOUTS else Layout([], to=row)

        return call

    def __setattr__(self, name: str, value: Any) -> None:
        (self.state["to"]["set"] if "to" in self.state else self.state)[name] = value

    def named(self, operator: str) -> list[dict[str, Any]]:
        """What was drawn of an operator."""
        return [row for row in self.rows if row["given"][:1] == (operator,)]

    def says(self, words: str) -> bool:
        """Whether it stands anywhere, perhaps broken into lines."""
        return words in " ".join(str(row.get("text", "")) for row in self.rows)
