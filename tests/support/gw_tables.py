# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents' tables of statuses and of answer shapes, made from the code that they describe.

From the checkout's folder ``python -m pytest tests/unit/gateway/answers/test_answer_tables.py``
says how they differ, and ``PYTHONPATH=tests:. python -m support.gw_tables`` writes them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from gateway.shapes import SHAPES

from trellis_addon.core.billing_state import certainly_refused
from trellis_addon.core.errors import GatewayFailureError, RateLimitError
from trellis_addon.gateway.answers.status_errors import BLOCKED, ROWS, StatusRow, row_for
from trellis_addon.gateway.charge_certainty import MAY_BE_CHARGED
from trellis_addon.gateway.http.retry_policy import status_may_be_retried

DOCS = Path(__file__).resolve().parents[2] / "docs"
TROUBLESHOOTING = DOCS / "troubleshooting.md"
GATEWAYS = DOCS / "gateways.md"
NO_MESH = {
    "text": "the text is shown; the jobs endpoint is tried only if this cost nothing",
    "refusal": "the panel names the content filter",
    "content_filter": "the panel names the content filter",
    "provider_nim_filtered": "the panel names the content filter",
    "error_in_200": "the reason is shown",
    "empty": "the panel says so; the jobs endpoint is tried only if this cost nothing",
}
"""The result of the shapes that hold no mesh; all others give a prop."""


def statuses() -> str:
    """One row for each status: what the panel says, what to do, and who tries again."""
    lines = ["| status | the panel says | do this | retried automatically |", "|---|---|---|---|"]
    rows = {str(status): (row, status) for status, row in sorted(ROWS.items())}
    rows["520 to 524, 527"] = (row_for(520), 520)
    rows["525, 526"] = (row_for(525), 525)
    rows["401, 403 or 406 with a web page"] = (BLOCKED, 403)
    for name, (row, status) in rows.items():
        step = row.step.window.format(wait="the time that it tells")
        if not certainly_refused(status):
            step = MAY_BE_CHARGED
        lines.append(f"| {name} | {row.message} | {step} | {_again(status, row)} |")
    return "\n".join(lines)


def _again(status: int, row: StatusRow) -> str:
    if status in (409, 425):
        return "yes, under the same key"
    if status_may_be_retried(status, submit=True):
        return "yes"
    if status_may_be_retried(status, submit=False):
        return "unless it could be charged twice"
    able = issubclass(row.kind, GatewayFailureError | RateLimitError)
    return "no, but you can" if able else "no"


def shapes(registry: Mapping[str, object] = SHAPES) -> str:
    """One row for each shape that an answer may have."""
    lines = ["| shape | what it is | result |", "|---|---|---|"]
    for name, shape in registry.items():
        lines.append(f"| `{name}` | {_first_line(shape)} | {NO_MESH.get(name, 'a prop')} |")
    return "\n".join(lines)


def _first_line(shape: object) -> str:
    text = inspect.getdoc(shape) or ""
    return text.splitlines()[0].rstrip(".").replace("|", "\\|")


def _between(table: str, found: re.Match[str]) -> str:
    """The two marks, with the table between them."""
    return found[1] + table + found[2]


def written(text: str) -> str:
    """The text of ``docs/troubleshooting.md`` with both tables as they should be."""
    for name, table in (("statuses", statuses()), ("shapes", shapes())):
        mark = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", re.DOTALL)
        text, count = mark.subn(partial(_between, table), text)
        if count != 1:
            raise ValueError(
                f"troubleshooting.md has {count} places for the table of {name}, not one"
            )
    return text


if __name__ == "__main__":
    page = written(TROUBLESHOOTING.read_text(encoding="utf-8"))
    TROUBLESHOOTING.write_text(page, encoding="utf-8", newline="\n")
