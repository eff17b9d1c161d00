# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's tables of statuses and of answer shapes, made from the code that they describe.

From the checkout's folder ``python -m pytest tests/unit/gw/test_gw_tables.py`` says how they
differ, and ``PYTHONPATH=tests:. python -m support.gw_tables`` writes them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path

from gateway.shapes import SHAPES

from trellis_addon.core.errors import GatewayFailureError, RateLimitError
from trellis_addon.core.standing import certainly_refused
from trellis_addon.gateway.failures import BLOCKED, ROWS, Row, row_for
from trellis_addon.gateway.retrying import status_may_be_retried
from trellis_addon.gateway.taken import MAY_BE_CHARGED

README = Path(__file__).resolve().parents[2] / "README.md"
NO_MESH = {
    "text": "the words are shown; only if it cost nothing the jobs endpoint is asked",
    "refusal": "the content filter is named",
    "content_filter": "the content filter is named",
    "provider_nim_filtered": "the content filter is named",
    "error_in_200": "the reason is shown",
    "empty": "it is said that there is none; only if it cost nothing the jobs endpoint is asked",
}
"""What becomes of the shapes that hold no mesh; all others give a prop."""


def statuses() -> str:
    """One row for each status: what the panel says, what to do, and who tries again."""
    lines = ["| status | the panel says | do this | tried again by itself |", "|---|---|---|---|"]
    rows = {str(status): (row, status) for status, row in sorted(ROWS.items())}
    rows["520 to 524, 527"] = (row_for(520), 520)
    rows["525, 526"] = (row_for(525), 525)
    rows["401, 403 or 406 with a web page"] = (BLOCKED, 403)
    for name, (row, status) in rows.items():
        step = row.next_step.format(wait="the time that it tells")
        if not certainly_refused(status):
            step = MAY_BE_CHARGED
        lines.append(f"| {name} | {row.message} | {step} | {_again(status, row)} |")
    return "\n".join(lines)


def _again(status: int, row: Row) -> str:
    if status in (409, 425):
        return "yes, under the same key"
    if status_may_be_retried(status, submit=True):
        return "yes"
    if status_may_be_retried(status, submit=False):
        return "unless it could be paid twice"
    able = issubclass(row.kind, GatewayFailureError | RateLimitError)
    return "no, but you can" if able else "no"


def shapes(registry: Mapping[str, object] = SHAPES) -> str:
    """One row for each shape that an answer may have."""
    lines = ["| shape | what it is | what comes of it |", "|---|---|---|"]
    for name, shape in registry.items():
        lines.append(f"| `{name}` | {_first_line(shape)} | {NO_MESH.get(name, 'a prop')} |")
    return "\n".join(lines)


def _first_line(shape: object) -> str:
    text = inspect.getdoc(shape) or ""
    return text.splitlines()[0].rstrip(".").replace("|", "\\|")


def written(text: str) -> str:
    """The README with both tables as they should be."""
    for name, table in (("statuses", statuses()), ("shapes", shapes())):
        mark = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
        text, count = mark.subn(lambda found, table=table: found[1] + table + found[2], text)
        if count != 1:
            raise ValueError(f"README.md has {count} places for the table of {name}, not one")
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
