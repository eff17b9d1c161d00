# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists as spreadsheets of several countries and other programs write them: read as meant, or
refused in a sentence. Never something else.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.core.errors import InputError
from trellis_addon.headless.prompts.prompt_list import PromptList, read_batch
from trellis_addon.headless.prompts.rows import Format


def read(content: str | bytes, name: str, kind: Format | None = None) -> PromptList:
    raw = content.encode() if isinstance(content, str) else content
    return read_batch(io.BytesIO(raw), name, kind)


def prompts(batch: PromptList) -> list[str]:
    assert batch.faults == ()
    return [item.request.prompt for item in batch.items]


@dataclass(frozen=True)
class Sheet:
    """How a program saves a table."""

    name: str
    delimiter: str
    encoding: str
    point: str
    thousands: str
    ending: str = ".csv"

    def write(self, header: list[str], rows: list[list[str]]) -> bytes:
        told = io.StringIO()
        writer = csv.writer(told, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerows([header, *rows])
        return told.getvalue().encode(self.encoding)

    def number(self, value: float, decimals: int, *, grouped: bool) -> str:
        text = f"{value:,.{decimals}f}" if grouped else f"{value:.{decimals}f}"
        return text.replace(",", "~").replace(".", self.point).replace("~", self.thousands)


SHEETS = (
    Sheet("Excel, CSV UTF-8, English", ",", "utf-8-sig", ".", ","),
    Sheet("Excel, CSV UTF-8, German", ";", "utf-8-sig", ",", "."),
    Sheet("Excel, CSV UTF-8, French", ";", "utf-8-sig", ",", "\u202f"),
    Sheet("Excel, Unicode text, English", "\t", "utf-16", ".", ",", ".tsv"),
    Sheet("Excel, Unicode text, German", "\t", "utf-16", ",", ".", ".tsv"),
    Sheet("LibreOffice, English", ",", "utf-8", ".", ","),
    Sheet("LibreOffice, German, commas", ",", "utf-8", ",", "."),
    Sheet("LibreOffice, Swiss", ";", "utf-8", ".", "\u2019"),
    Sheet("Google Sheets, English", ",", "utf-8", ".", ","),
    Sheet("Google Sheets, German", ",", "utf-8", ",", "."),
    Sheet("Google Sheets, French, TSV", "\t", "utf-8", ",", "\u202f", ".tsv"),
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda text: text.strip() == text and not text.startswith("#") and text.strip("\ufeff") == text
)


@given(
    st.sampled_from(SHEETS),
    TEXT,
    st.integers(1, 9_999_999) | st.integers(1, 9_999).map(lambda number: number * 1000),
    st.integers(1, 2_000_000).map(lambda number: number / 1000),
    st.booleans(),
    st.sampled_from([0, 1, 2, 3, 6]),
)
def test_table_of_any_program_is_read_as_written_or_refused(
    sheet: Sheet, prompt: str, triangles: int, metres: float, grouped: bool, decimals: int
) -> None:
    shown = float(round(metres, decimals)) or 1.0
    cells = [
        prompt,
        sheet.number(triangles, 0, grouped=grouped),
        sheet.number(shown, decimals, grouped=grouped),
    ]
    content = sheet.write(["prompt", "triangles", "longest"], [cells])
    batch = read(content, f"list{sheet.ending}")
    if batch.faults:
        assert not batch.items
        return
    (item,) = batch.items
    assert item.request.prompt == prompt
    assert item.finishing.triangles == triangles
    assert item.finishing.metres == shown


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_plain_numbers_are_read_not_refused(sheet: Sheet) -> None:
    cells = ["old barrel", "20000", sheet.number(1.25, 2, grouped=False)]
    batch = read(sheet.write(["prompt", "triangles", "longest"], [cells]), f"a{sheet.ending}")
    assert batch.faults == ()
    assert (batch.items[0].finishing.triangles, batch.items[0].finishing.metres) == (20_000, 1.25)


@pytest.mark.parametrize(
    "cell", ["20.000", "20,000", "1.250.000", "20\u202f000", "20 000", "20'000"]
)
def test_whole_number_with_a_separator_is_asked_about(cell: str) -> None:
    batch = read(f'prompt\ttriangles\nbarrel\t"{cell}"\n', "a.tsv")
    (fault,) = batch.faults
    assert "can be read in two ways" in fault.reason
    assert fault.reason.partition("write ")[2].startswith(("20000 ", "1250000 "))


def test_parameter_of_the_host_is_asked_about_too() -> None:
    (fault,) = read("prompt,param.texture_size\nbarrel,20.000\n", "a.csv").faults
    assert "can be read in two ways" in fault.reason


@pytest.mark.parametrize(
    "error",
    ["#REF!", "#N/A", "#NAME?", "#DIV/0!", "#BEZUG!", "#WERT!", "#NV", "#VALEUR!", "#ERROR!"],
)
def test_errors_of_a_spreadsheet_are_told(error: str) -> None:
    batch = read(f"prompt,name\nbarrel,{error}\n{error},vase\nchair,\n", "a.csv")
    assert [str(fault) for fault in batch.faults] == [
        f"Line 2: the name is an error of the spreadsheet: {error}",
        f"Line 3: the prompt is an error of the spreadsheet: {error}",
    ]


def test_comments_stay_comments() -> None:
    assert prompts(read("prompt,name\n# a note,\n#12 is mine,\nbarrel,\n", "a.csv")) == ["barrel"]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "-"])
def test_json_list(name: str) -> None:
    listed = [{"prompt": "barrel", "seed": 7}, "vase", {"prompt": "chair, [old] \u00e4"}]
    for indent in (None, 2):
        batch = read(json.dumps(listed, indent=indent), name)
        assert prompts(batch) == ["barrel", "vase", "chair, [old] \u00e4"]
        assert batch.items[0].request.seed == 7


def test_lines_of_a_json_list_are_counted() -> None:
    batch = read('[\n{"prompt": "a"},\n\n{"prompt": "a", "seed": "x"},\n7]', "a.json")
    assert [str(fault) for fault in batch.faults] == [
        "Line 4: The seed is not a number: x",
        "Line 5: not a JSON object",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["a" "b"]', "a comma or the end of the list is missing"),
        ('["a",,"b"]', "not usable JSON"),
        ('["a"', "a comma or the end of the list is missing"),
        ('["a"] more', "after the end of the list: more"),
        ('[{"prompt": NaN}]', "NaN is no number"),
        ('[{"prompt": "a", "prompt": "b"}]', "is there twice"),
    ],
)
def test_broken_json_list(text: str, words: str) -> None:
    assert words in str(read(text, "a.json").faults[-1])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_of_a_text(encoding: str) -> None:
    text = "a weathered barrel\nGr\u00f6\u00dfe \u6905\u5b50\n"
    assert prompts(read(text.encode(encoding), "a.txt")) == text.splitlines()


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("prompt,name\nbarrel,Fass\n", "a table"),
        ("Prompt\tName\r\nbarrel\tFass\r\n", "a table"),
        ("old barrel\t7\nred vase\t8\n", "a table"),
        ("Fass;7;1,5\nVase;8;2,5\n", "a table"),
        ('{"prompt": "barrel"}\n{"prompt": "vase"}\n', "JSON"),
        ('[\n  "barrel",\n  "vase"\n]\n', "JSON"),
    ],
)
def test_text_that_looks_like_something_else_is_refused(text: str, looks: str) -> None:
    with pytest.raises(InputError, match=f"list.txt looks like {looks}") as caught:
        read(text, "list.txt")
    assert "--format txt" in caught.value.facts.next_step
    assert read(text, "list.txt", "txt").items


@pytest.mark.parametrize(
    "text",
    [
        "a barrel; old\na vase\n",
        "[red] barrel\n[blue] vase\n",
        "prompt\n",
        "a chair, wooden\na table, round\n",
        "{old} barrel\n",
    ],
)
def test_prompts_with_signs_are_prompts(text: str) -> None:
    assert prompts(read(text, "list.txt")) == text.splitlines()
