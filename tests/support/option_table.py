# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the options' variables in ``docs/environment.md``, made from the parser.

From the checkout's folder ``python -m pytest tests/unit/headless/config/test_option_table.py``
says whether it is current, and ``PYTHONPATH=tests:. python -m support.option_table`` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from trellis_addon.headless.commands.parser import COMMANDS, parser
from trellis_addon.headless.config.config_file import ONLY_BY_HAND
from trellis_addon.headless.config.option import Option, options_of

ENVIRONMENT = Path(__file__).resolve().parents[2] / "docs" / "environment.md"
_MARK = re.compile(r"(<!-- options -->\n).*?(\n<!-- /options -->)", re.DOTALL)


def rows() -> Iterator[str]:
    """One row for each option of each command; options before the command come first."""
    main = parser()
    for option in options_of(main).values():
        yield _row(option, "before the command")
    found: dict[str, list[str]] = {}
    options: dict[str, Option] = {}
    for name, command in main.commands.items():
        for option in options_of(command).values():
            found.setdefault(option.name, []).append(name)
            options.setdefault(option.name, option)
    for name, commands in found.items():
        everywhere = len(commands) == len(COMMANDS)
        yield _row(options[name], "all" if everywhere else ", ".join(f"`{c}`" for c in commands))


def _row(option: Option, commands: str) -> str:
    value = "1 or 0" if option.is_flag else str(option.action.metavar or "").replace("|", "\\|")
    if option.action.choices is not None:
        value = ", ".join(map(str, option.action.choices))
    name = f"`{option.name}`" if option.name not in ONLY_BY_HAND else "not in the file"
    return f"| `{option.variable}` | {value} | {name} | {commands} |"


def table() -> str:
    """The whole table."""
    head = ["| variable | value | in `trellis.toml` | commands |", "|---|---|---|---|"]
    return "\n".join([*head, *rows()])


def written(text: str) -> str:
    """The text of ``docs/environment.md`` with the table as it should be.

    :raises ValueError: there is not exactly one place for it.
    """
    text, count = _MARK.subn(partial(_between, table()), text)
    if count != 1:
        raise ValueError(f"environment.md has {count} places for the table of options, not one")
    return text


def _between(inside: str, found: re.Match[str]) -> str:
    return found[1] + inside + found[2]


if __name__ == "__main__":
    page = written(ENVIRONMENT.read_text(encoding="utf-8"))
    ENVIRONMENT.write_text(page, encoding="utf-8", newline="\n")
