# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a batch: what is written down, merged, and shown to a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.core.errors import InputError
from trellis_addon.headless.report.lines import Line, ReportFile, Status, merge, read_reports
from trellis_addon.headless.report.page import Totals, duration, page, write_page

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
KEY = "0123456789abcdef" * 2
FULL = Line(
    KEY, "done", 3, "a barrel", "Barrel", "microsoft/trellis", 7, "barrel-00000001",
    "2026-11-22T03:00:10.000Z", 10.0, 2.1, 1234, (0.5, 0.5, 1.0), "req_1", "", "", None,
    ("A note",), "1/4",
)  # fmt: skip


def line(status: Status = "done", key: str = KEY, **more: Any) -> Line:
    return replace(Line(key, status), **more)


class Seen(HTMLParser):
    """What a browser would make of a page: elements with attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(*lines: Line, picture: bytes | None = None, heading: str = "Barrels") -> str:
    return "".join(page(lines, heading, lambda _line: picture))


def test_lines_come_back_as_they_were(tmp_path: Path) -> None:
    report = ReportFile(tmp_path / "new" / "report.jsonl")
    report.add(FULL)
    report.add(line("failed", "f" * 32))
    assert list(read_reports([report.path])) == [FULL, line("failed", "f" * 32)]
    assert list(read_reports([report.path.parent])) == [FULL, line("failed", "f" * 32)]


def test_report_goes_on_behind_a_half_line(tmp_path: Path) -> None:
    report = ReportFile(tmp_path / "report.jsonl")
    report.path.write_bytes(FULL.to_json().encode()[:40])
    report.add(FULL)
    assert list(read_reports([report.path])) == [FULL]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"key": 3, "status": "done"}',
        b'{"key": "a", "status": "great"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"key": "", "status": "done"}',
    ],
)
def test_what_is_no_line_is_left_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(content + b"\n" + FULL.to_json().encode())
    assert list(read_reports([tmp_path])) == [FULL]


def test_values_of_the_wrong_kind_are_left_out() -> None:
    raw = json.loads(FULL.to_json())
    raw |= {"seed": "x", "seconds": float("inf"), "cost_cents": True, "size_metres": [1, "a", 2]}
    raw |= {"notes": [1, "b"], "prompt": None, "triangles": 1e300, "time": 5, "error": "\ud800"}
    found = Line.from_raw(raw)
    assert found
    assert (found.seed, found.seconds, found.cost_cents, found.triangles) == (None,) * 4
    assert (found.size_metres, found.notes, found.prompt, found.time) == (None, ("b",), "", "")
    found.to_json().encode()
    assert found.ended is None
    assert found.started is None


def test_report_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read: (no such file|file not found)"):
        list(read_reports([tmp_path / "none.jsonl"]))
    with pytest.raises(InputError, match="There is no report in"):
        list(read_reports([tmp_path]))
    with pytest.raises(InputError, match="cannot be written"):
        ReportFile(tmp_path).add(FULL)


def test_merged_is_the_last_that_became_of_an_item() -> None:
    failed = line("failed", time="2026-11-22T03:00:00Z", id="a", cost_cents=2.0)
    done = line("done", time="2026-11-22T04:00:00Z", id="b", cost_cents=2.5)
    skipped = line("skipped", time="2026-11-22T05:00:00Z", id="b")
    for order in ([failed, done, skipped], [skipped, done, failed], [done, failed, skipped]):
        (found,) = merge(order)
        assert found.status == "done"
        # Both were paid for.
        assert found.cost_cents == 4.5
    assert merge([skipped]) == [skipped]
    # A prop that goes on in a second run costs what its record says, once.
    again = replace(done, time="2026-11-22T06:00:00Z", cost_cents=3.0)
    assert merge([done, again])[0].cost_cents == 3.0


def test_merged_is_in_the_order_of_the_file() -> None:
    lines = [line(key=f"{n:032x}", line=n, time="2026") for n in (5, 1, 3)]
    assert [one.line for one in merge(lines)] == [1, 3, 5]


def test_totals() -> None:
    totals = Totals.of(
        [
            line(time="2026-11-22T03:00:10Z", seconds=10, cost_cents=2.0),
            line(time="2026-11-22T03:01:00Z", seconds=5, cost_cents=1.0),
            line("skipped", time="2026-11-22T09:00:00Z"),
        ]
    )
    assert (totals.counts["done"], totals.counts["skipped"]) == (2, 1)
    assert (totals.cost_cents, totals.seconds) == (3.0, 60.0)
    assert Totals.of([]).seconds is None


@pytest.mark.parametrize(
    ("costs", "words", "each"),
    [
        ([2.0, 4.0], "6 ¢", 3.0),
        ([2.1, 2.1, None], "4.2 ¢ for 2 of 3; 1 not told", 2.1),
        ([None, None], "cost not told", None),
        ([0.0, None], "0 ¢ for 1 of 2; 1 not told", 0.0),
        ([], "", None),
    ],
)
def test_costs_that_are_not_told_are_said(
    costs: list[float | None], words: str, each: float | None
) -> None:
    totals = Totals.of([line(cost_cents=cents) for cents in costs])
    assert (totals.cost_words, totals.each_cents) == (words, each)


def test_average_is_of_what_is_ready() -> None:
    totals = Totals.of([line(cost_cents=2.0), line("failed", cost_cents=4.0), line("skipped")])
    assert (totals.cost_words, totals.each_cents) == ("6 ¢", 2.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90061, "25 h 01 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


EVIL = "<script>alert(1)</script>\" onerror=alert(1) ' </title></style>&lt;\u202e\x00\x07 &amp;"


def test_page_holds_every_text_and_runs_none() -> None:
    evil = Line(
        KEY, "failed", 1, EVIL, EVIL, EVIL, 1, EVIL, EVIL, 1.0, 2.0, 3, (1, 2, 3), EVIL, EVIL, EVIL,
        500, (EVIL,), EVIL,
    )  # fmt: skip
    text = shown(evil, FULL, picture=PNG, heading=EVIL)
    seen = Seen(text)
    kinds = {tag for tag, _ in seen.elements}
    assert not kinds & {"iframe", "object", "embed", "link", "form", "svg", "base", "a"}
    for _, attributes in seen.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("src", "data:image/png;base64,") or "").startswith(
            "data:image/png;base64,"
        )
    assert "url(" not in text
    assert not re.search(r"https?:", text)
    readable = EVIL.replace("\u202e", "").replace("\x00", "\ufffd").replace("\x07", "\ufffd")
    assert seen.text.count(readable) >= 8
    assert {c for c in text if ord(c) < 32} == {"\n"}
    assert "default-src 'none'" in text
    # One script, and it is the one whose hash the policy allows.
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'\"" in text
    assert [tag for tag, _ in seen.elements].count("script") == 1


def test_page_can_be_searched_and_sorted() -> None:
    costs = [line(key="a" * 32, cost_cents=2.125, triangles=900), line(key="b" * 32)]
    seen = Seen(shown(*costs))
    cards = [attributes for tag, attributes in seen.elements if tag == "article"]
    assert (cards[0]["data-cost"], cards[0]["data-triangles"]) == ("2.125", "900")
    assert "data-cost" not in cards[1]
    (tools,) = (a for tag, a in seen.elements if a.get("class") == "tools")
    assert "hidden" in tools  # until the script runs, which mails and some viewers forbid
    sorts = [a["value"] for tag, a in seen.elements if tag == "option"]
    assert sorts == ["order", "name", "cost", "triangles", "seconds"]
    assert "<script>" not in shown(costs[0])


def test_card_leads_to_the_folder() -> None:
    text = "".join(page([FULL], "Barrels", lambda _line: None, lambda _line: 'a%20b/"x/'))
    assert '<a href="a%20b/&quot;x/" title="Open the folder">' in text


def test_page_fits_a_phone_and_the_dark() -> None:
    text = shown(FULL)
    assert 'name="viewport" content="width=device-width' in text
    assert "prefers-color-scheme:dark" in text


def test_page_tells_the_facts() -> None:
    seen = Seen(shown(FULL, line("failed", "f" * 32, error="It broke. Try again", http_status=503)))
    facts = ["Barrel", "a barrel", "2.1 ¢", "10 s", "1,234", "A note", "It broke. Try again", "503"]
    facts += ["0.5 \N{MULTIPLICATION SIGN} 0.5", "req_1", "2026-11-22 03:00:10 UTC", "1/4"]
    for fact in facts:
        assert fact in seen.text, fact
    assert [a["value"] for tag, a in seen.elements if a.get("type") == "radio"] == [
        "all",
        "done",
        "failed",
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0" + b"x" * 20, "jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"<svg onload=alert(1)>", ""),
        (b"", ""),
        (None, ""),
        (PNG + b"x" * 70_000, ""),
    ],
)
def test_only_small_pictures_are_shown(content: bytes | None, kind: str) -> None:
    text = shown(FULL, picture=content)
    assert (f'src="data:image/{kind};base64,' in text) is bool(kind)
    assert ("picture none" in text) is not bool(kind)


@given(st.text(st.characters(blacklist_categories=()), max_size=200))
def test_any_prompt_can_be_written_and_is_no_element(prompt: str) -> None:
    text = shown(line(prompt=prompt, error=prompt), heading=prompt)
    text.encode("utf-8")
    assert [tag for tag, _ in Seen(text).elements].count("article") == 1
    assert {tag for tag, _ in Seen(text).elements} <= {tag for tag, _ in Seen(shown(FULL)).elements}


def test_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "new" / "report.html"
    write_page(target, [FULL], "Barrels", lambda _line: None)
    before = target.read_bytes()

    def broken(_line: Line) -> bytes:
        raise RuntimeError("no picture today")

    with pytest.raises(RuntimeError):
        write_page(target, [FULL], "Barrels", broken)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


JUDGED = line(
    ready_for=("render", "web"),
    readiness="Ready for: render, web. Not yet for: game (250,000 triangles → Rebuild)",
    open_edges=12,
    non_manifold_edges=0,
    flipped_edges=3,
    floaters=18,
    hidden_share=0.47,
    uv_overlap=0.002,
    uv_coverage=0.6,
    textures=2,
    largest_texture=2048,
    file_bytes=12_300_000,
)


def test_quality_comes_back_as_it_was(tmp_path: Path) -> None:
    report = ReportFile(tmp_path / "report.jsonl")
    report.add(JUDGED)
    assert list(read_reports([report.path])) == [JUDGED]
    raw = json.loads(JUDGED.to_json())
    assert (raw["ready_for"], raw["floaters"]) == (["render", "web"], 18)
    for value in ("x", True, 1e300, -1e300):
        edited = Line.from_raw({**raw, "floaters": value, "ready_for": value})
        assert edited is not None
        assert (edited.floaters, edited.ready_for) == (None, ())


def test_page_tells_the_quality() -> None:
    text = Seen(shown(JUDGED)).text
    assert "Not yet for: game (250,000 triangles → Rebuild)" in text
    for words in ("12 open, 0 non-manifold, 3 flipped", "47%", "60.0% used, 0.2% overlap"):
        assert words in text
    assert "2, up to 2,048 px" in text
    assert "12.3 MB" in text


def test_page_is_filtered_by_use() -> None:
    other = line(key="f" * 32, readiness="Ready for: render", ready_for=("render", "<b>"))
    page = shown(JUDGED, other)
    elements = Seen(page).elements
    values = [found.get("value") for _, found in elements if found.get("type") == "radio"]
    assert values == ["any", "for-render", "for-web", "for-game", "for-ar"]
    classes = [attributes.get("class") for name, attributes in elements if name == "article"]
    assert classes == ["card done for-render for-web", "card done for-render"]
    assert "Ready for Render 2" in Seen(page).text
    for value in values[1:]:
        assert f"body:has([value={value}]:checked) .card:not(.{value})" in page
    assert "for-web" not in shown(line()).partition("<body>")[2]
