# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch files as people write them: by hand, by Excel, by a script, by somebody with bad intent."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trellis_addon.core.errors import InputError
from trellis_addon.core.generation.finishing import Finishing
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.core.generation.request_key import key_of, variant
from trellis_addon.headless.batch.options import COLUMNS as HELP
from trellis_addon.headless.prompts import prompt_list, row, rows
from trellis_addon.headless.prompts.prompt_list import (
    COLUMNS,
    Defaults,
    PromptList,
    in_shard,
    read_batch,
    shard,
)


def read(content: str | bytes, name: str = "props.csv", **more: Any) -> PromptList:
    raw = content.encode() if isinstance(content, str) else content
    return read_batch(io.BytesIO(raw), name, **more)


def prompts(batch: PromptList) -> list[str]:
    return [item.request.prompt for item in batch.items]


def faults(batch: PromptList) -> list[str]:
    return list(map(str, batch.faults))


def request(prompt: str = "a barrel", **more: Any) -> GenerationRequest:
    return GenerationRequest.checked(prompt=prompt, **more)


def test_lines_of_a_text_file() -> None:
    batch = read("# barrels\n\na barrel \r\n  an oak chair\n   # more\nstool # 3", "props.txt")
    assert [(i.line, i.request.prompt) for i in batch.items] == [
        (3, "a barrel"),
        (4, "an oak chair"),
        (6, "stool # 3"),
    ]
    assert batch.items[0].finishing == Finishing(metres=0.9), "as large as a barrel"


def test_form_feeds_and_line_separators_end_no_line() -> None:
    batch = read("a\u2028b\nc\n", "props.txt")
    assert [(i.line, i.request.prompt) for i in batch.items] == [(1, "a\u2028b"), (2, "c")]


EXCEL = (
    "Prompt;Seed;Top P;Lods;Height;param.texture_size\r\n"
    '"Fass, ""alt""\r\nEiche";7;0,5;"0,5 0,25";2,1;1024\r\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_excel_saves(encoding: str, delimiter: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    batch = read(mark + EXCEL.replace(";", delimiter).encode(encoding))
    assert faults(batch) == []
    (item,) = batch.items
    assert item.line == 2
    assert item.request.prompt == 'Fass, "alt"\r\nEiche'
    assert (item.request.seed, item.request.top_p) == (7, 0.5)
    assert item.request.parameters == (("texture_size", 1024),)
    assert item.finishing == Finishing(size="height", metres=2.1, lods=(0.5, 0.25))


def test_excels_own_line_about_the_delimiter() -> None:
    batch = read("sep=;\nprompt;seed\nan oak barrel, old;3\n")
    assert [(i.line, i.request.seed) for i in batch.items] == [(3, 3)]


def test_empty_cells_and_rows_are_defaults_and_nothing() -> None:
    batch = read("prompt,seed,metres,name\na,,,\n,,,\n\nb,,2,,,\n")
    assert [(i.line, i.request.prompt, i.finishing.metres) for i in batch.items] == [
        (2, "a", 1.0),
        (5, "b", 2.0),
    ]
    assert batch.items[0].request == request("a")


@pytest.mark.parametrize("name", [f.name for f in fields(Finishing)])
def test_every_field_of_the_finishing_is_a_column(name: str) -> None:
    words = {"size": "height", "origin": "Volume", "up": "z", "shading": "flat", "lods": "0.5 0.1"}
    words |= {"textures": "packed", "clean": "full", "rebuild": "Hero"}
    words |= {f.name: "No" if f.default else "yes" for f in fields(Finishing) if f.type == "bool"}
    batch = read(f"prompt,{name}\na,{words.get(name, '3')}\n")
    assert faults(batch) == []
    assert getattr(batch.items[0].finishing, name) != getattr(Finishing(), name)


@pytest.mark.parametrize("name", GenerationRequest.model_fields)
def test_every_field_of_the_request_is_a_column(name: str) -> None:
    words = {"image_url": "https://example.org/a.png", "parameters": '{"a":1}', "temperature": "1"}
    words["views"] = '[["back", "https://example.org/b.png"]]'
    words |= {"top_p": "0.5", "seed": "5", "max_tokens": "9"}
    cells = {"prompt": "a", name: words.get(name, "another")}
    if name == "views":
        cells["image"] = "https://example.org/a.png"
    out = io.StringIO()
    table = csv.writer(out)
    table.writerows([cells.keys(), cells.values()])
    batch = read(out.getvalue())
    assert faults(batch) == []
    assert getattr(batch.items[0].request, name) != getattr(request(), name)


def test_no_column_has_two_meanings() -> None:
    assert len(COLUMNS) == len(set(COLUMNS))


def test_json_lines() -> None:
    lines: list[Any] = [
        {"prompt": "a", "seed": 1, "lods": [0.5], "parameters": {"x": True}},
        {"request": {"prompt": "b"}, "finishing": {"opaque": False}, "name": None},
        "c",
    ]
    batch = read("\n".join(map(json.dumps, lines)) + "\n\n", "-")
    assert faults(batch) == []
    assert prompts(batch) == ["a", "b", "c"]
    assert batch.items[0].finishing.lods == (0.5,)
    assert batch.items[0].request.parameters == (("x", True),)
    assert batch.items[1].finishing.opaque is False


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"prompt": "a"}', "jsonl"),
        ("prompt,seed\na,1", "csv"),
        ("seed;prompt\n1;a", "csv"),
        ("a barrel, old; with iron", "txt"),
        ("prompt\na", "txt"),
        ("# comment\n{not json", "txt"),
        ("", "txt"),
    ],
)
def test_standard_input_is_known_by_its_beginning(text: str, kind: str) -> None:
    assert rows.format_of("-", text, COLUMNS) == kind
    assert rows.format_of("a.CSV", text, COLUMNS) == "csv"


BAD = """prompt,seed,metres,count,opaque,temperature,image
a,1,1,,,,
b,x,,,,,
,1,,,,,
c,,-1,,,,
d,,,0,,,
e,,,,perhaps,,
f,,,,,9,
g,,,,,,picture.png
h,1,1,1,yes,1,,too many
i,-3,,,,,
"""


def test_every_bad_line_is_named_at_once() -> None:
    def picture(text: str) -> str:
        raise InputError(f"There is no picture {text}")

    batch = read(BAD, picture=picture)
    assert prompts(batch) == ["a"]
    assert [fault.line for fault in batch.faults] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    told = {fault.line: fault.reason for fault in batch.faults}
    assert told[3] == "The seed is not a number: x"
    assert told[4] == "there is no prompt"
    assert "must be" in told[5]
    assert "count" in told[6]
    assert "yes nor no" in told[7]
    assert "temperature must be at most 2" in told[8]
    assert told[9] == "There is no picture picture.png"
    assert "8 cells" in told[10]
    with pytest.raises(InputError, match=r"9 lines of props\.csv cannot") as caught:
        batch.check()
    assert caught.value.facts.detail.splitlines() == faults(batch)


def test_unknown_column_is_named_with_the_nearest_once() -> None:
    batch = read("prompt,sed\na,1\nb,2\n")
    assert faults(batch) == ['Line 1: there is no column "sed"; did you mean "seed"?']
    batch = read('{"prompt":"a","zzzzzz":1}', "x.jsonl")
    assert faults(batch)[0].startswith('Line 1: there is no column "zzzzzz"; there are prompt,')


def test_header_without_a_prompt_is_one_fault() -> None:
    assert faults(read("seed,name\n1,x\n2,y\n")) == ['Line 1: the header has no column "prompt"']
    assert faults(read("prompt,Prompt\na,b\n"))[0] == 'Line 1: the column "prompt" is there twice'


def test_quote_that_is_never_closed_is_named_where_it_opens() -> None:
    batch = read('prompt\na\n"b\nc\nd\n')
    assert faults(batch) == ["Line 3: a quote is opened and never closed"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON, at character 2"),
        ("7", "not a JSON object"),
        ("{}", "an empty object"),
        ('{"prompt": NaN}', "NaN is no number"),
        ('{"prompt": 3}', "The prompt is not a text"),
        ('{"prompt": "a", "prompt": "b"}', "is there twice"),
        ('{"prompt": "a", "image": "https://x/a", "image_url": "https://x/b"}', "is there twice"),
        ('{"prompt": "\\ud800"}', "U+D800"),
        ('{"prompt": "a\\u0000b"}', "U+0000"),
        ('{"prompt": ' + "[" * 100_000, "nested too deeply"),
        ('{"seed": ' + "9" * 5000 + "}", "not usable JSON"),
        ('{"prompt": "a", "seed": 1e400}', "not a number"),
        ('{"prompt": "a", "finishing": 3}', "finishing is not an object"),
        ('{"prompt": "a", "parameters": [1]}', "parameters are not an object"),
        ('{"prompt": "a", "parameters": {"x": [1]}}', 'parameter "x"'),
    ],
)
def test_bad_json_line(line: str, words: str) -> None:
    batch = read(line + '\n{"prompt":"ok"}\n', "x.jsonl")
    assert prompts(batch) == ["ok"]
    assert len(batch.faults) == 1
    assert words in faults(batch)[0]


def test_wrong_encoding_names_the_line() -> None:
    with pytest.raises(InputError, match=r"Line 3 of props\.csv is not UTF-8"):
        read("prompt\na\nFäßchen\n".encode("cp1252"))


def test_size_is_bounded_before_anything_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        """One line that never ends."""

        given = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "reads without a bound"
            self.given += size
            return b"a" * size

    monkeypatch.setattr(rows, "MOST_LIST_BYTES", 1000)
    endless = Endless()
    with pytest.raises(InputError, match="is larger than"):
        read_batch(endless, "-")  # type: ignore[arg-type]
    assert endless.given == 1001


@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.jsonl"])
def test_a_long_line_is_a_fault_of_that_line(name: str) -> None:
    long = "a" * (row.MOST_LINE + 10)
    head = "prompt,seed\n" if name.endswith("csv") else ""
    ok = '"ok"' if name.endswith("jsonl") else "ok"
    batch = read(f"{head}{long}\n{ok}\n", name)
    assert prompts(batch) == ["ok"]
    assert "longer than" in faults(batch)[0]


def test_number_of_items_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_list, "MOST_ITEMS", 3)
    batch = read("a\nb\nc\nd\n", "x.txt")
    assert len(batch.items) == 3
    assert "more than 3 props" in faults(batch)[0]


def test_empty_file_is_refused() -> None:
    with pytest.raises(InputError, match=r"There is no prompt in x\.txt"):
        read("# nothing\n", "x.txt").check()


def test_same_line_twice_is_one_item_and_told() -> None:
    batch = read("prompt,name,metres,seed\na,One,1,\na,Two,2,\na,Three,1,5\n")
    assert [(item.line, item.request.name) for item in batch.items] == [(2, "One"), (4, "Three")]
    assert [(one.line, one.of_line) for one in batch.duplicates] == [(3, 2)]
    assert "Line 3 asks for the same prop as line 2" in str(batch.duplicates[0])
    assert "name, size and finishing do not make another prop" in str(batch.duplicates[0])
    batch.check()


def test_count_makes_variants_that_stay_the_same() -> None:
    three = read("prompt,count\na,3\n").items
    five = read("prompt,variants\na,5\n").items
    assert [item.key for item in five[:3]] == [item.key for item in three]
    assert three[0].request.seed is None
    assert len({item.request.seed for item in five}) == 5
    assert [item.request.seed for item in read("prompt,count,seed\na,3,7").items] == [7, 8, 9]
    last = read(f"prompt,count,seed\na,2,{2**31 - 1}").items
    assert [item.request.seed for item in last] == [2**31 - 1, 0]


def test_options_of_the_command_line_are_the_defaults() -> None:
    finishing = Finishing(metres=3.0, origin="volume")
    defaults = Defaults({"model": "x/y", "seed": 4}, finishing, sized=True)
    batch = read("prompt,seed,metres\na,,\nb,5,2\n", defaults=defaults)
    first, second = batch.items
    assert (first.request.model, first.request.seed, second.request.seed) == ("x/y", 4, 5)
    assert first.finishing == defaults.finishing
    assert second.finishing == Finishing(metres=2.0, origin="volume")


def test_picture_is_asked_for_once() -> None:
    asked = []

    def picture(text: str) -> str:
        asked.append(text)
        return "data:image/png;base64,AA=="

    batch = read("prompt,image\na,x.png\nb,x.png\nc,\n", picture=picture)
    assert asked == ["x.png"]
    assert batch.items[1].request.image_url == "data:image/png;base64,AA=="


def test_key_is_the_same_for_ever() -> None:
    # Libraries hold them. If one changes, everybody pays for the same props again.
    assert key_of(request()) == "d7fa08715ae7807252910b77f95e7b70"
    full = request(
        seed=3, system="s", temperature=1, image_url="https://x/y.png", parameters=(("a", 1),)
    )
    assert key_of(full) == "850a28b279d3f137f128744c4d0a71f5"


def test_further_views_are_part_of_the_key_and_their_order_is_not() -> None:
    front = {"image_url": "https://x/front.png"}
    back, left = ("back", "https://x/b.png"), ("left", "https://x/l.png")
    without, both = key_of(request(**front)), key_of(request(**front, views=(back, left)))
    assert key_of(request(**front, views=())) == without
    assert key_of(request(**front, views=(left, back))) == both
    assert len({without, both, key_of(request(**front, views=(back,)))}) == 3


def test_record_without_further_views_is_as_before() -> None:
    front = request(image_url="https://x/front.png")
    assert "views" not in front.to_dict()
    several = front.model_copy(update={"views": (("back", "https://x/b.png"),)})
    again = GenerationRequest.checked(**json.loads(json.dumps(several.to_dict())))
    assert key_of(again) == key_of(several) != key_of(front)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"parameters": (("texture_size", 1024), ("mesh_simplify", 0.9))},
        {"image_url": "https://x/a.png", "views": (("back", "https://x/b.png"),)},
    ],
    ids=["prompt", "parameters", "views"],
)
def test_a_record_is_a_row_of_the_same_request(more: dict[str, Any]) -> None:
    asked = request(**more)
    record = {"request": asked.to_dict(), "finishing": Finishing().to_dict()}
    batch = read(json.dumps(record), "props.jsonl")
    assert faults(batch) == []
    assert [item.request for item in batch.items] == [asked]
    assert batch.items[0].key == key_of(asked)


def test_key_is_of_what_is_paid_for() -> None:
    base = key_of(request())
    assert key_of(request(name="Another")) == base
    assert key_of(request("  a barrel ")) == base
    assert key_of(request(temperature=0.7)) == base
    two = (("a", 1), ("b", 2))
    assert key_of(request(parameters=two)) == key_of(request(parameters=two[::-1]))
    assert key_of(request("caf\u00e9")) == key_of(request("cafe\u0301"))
    others: list[dict[str, Any]] = [
        {"seed": 0},
        {"temperature": 0.8},
        {"system": "x"},
        {"model": "a/b"},
        {"top_p": 0.9},
    ]
    others += [{"max_tokens": 9}, {"image_url": "https://x/y"}, {"parameters": two}]
    assert len({base, *(key_of(request(**other)) for other in others)}) == len(others) + 1
    assert set(COLUMNS) >= set(GenerationRequest.model_fields)


def test_shards_part_the_items() -> None:
    keys = [key_of(request(f"barrel {number}")) for number in range(400)]
    for count in (1, 2, 3, 7):
        parts = [[k for k in keys if in_shard(k, index, count)] for index in range(1, count + 1)]
        assert sorted(key for part in parts for key in part) == sorted(keys)
        assert min(map(len, parts)) > 400 / count / 2
    assert shard(" 2/4") == (2, 4)


@pytest.mark.parametrize(
    "text", ["", "0/4", "5/4", "1", "a/b", "1/0", "1/4/4", "-1/4", "1/9999999"]
)
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(InputError, match="Not a shard"):
        shard(text)


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from(["x.txt", "x.csv", "x.jsonl", "-"]))
def test_no_file_brings_it_down(content: bytes, name: str) -> None:
    try:
        batch = read(content, name)
    except InputError:
        return
    assert all(
        1 <= one.line <= content.count(b"\n") + content.count(b"\r") + 1 for one in batch.faults
    )


# What a spreadsheet can hold: no surrogates, no control characters, no lone line ends.
CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30)


@given(
    st.lists(CELL.filter(lambda text: bool(text.strip())), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_csv_gives_back_what_was_written(texts: list[str], delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    table = csv.writer(out, delimiter=delimiter)
    table.writerow(["prompt", "seed"])
    table.writerows([text, number] for number, text in enumerate(texts))
    batch = read(out.getvalue().encode(encoding))
    assert faults(batch) == []
    assert prompts(batch) == [text.strip() for text in texts]


@given(st.lists(CELL.filter(lambda text: bool(text.strip())), min_size=1, max_size=8))
def test_json_lines_give_back_what_was_written(texts: list[str]) -> None:
    lines = [json.dumps({"prompt": t, "seed": n}) for n, t in enumerate(texts)]
    batch = read("\n".join(lines), "x.jsonl")
    assert prompts(batch) == [text.strip() for text in texts]


@given(st.integers(0, 2**31 - 1) | st.none(), st.integers(2, 40))
def test_variants_never_meet(seed: int | None, count: int) -> None:
    made = [variant(request(seed=seed), number) for number in range(count)]
    assert len({key_of(one) for one in made}) == count


@pytest.mark.parametrize(
    ("cells", "finishing"),
    [
        ({"merge": "0.01"}, {"merge_distance": 0.01}),
        ({"angle": "40"}, {"angle_degrees": 40.0, "shading": "angle"}),
        ({"angle": "40", "shading": "smooth"}, {"angle_degrees": 40.0, "shading": "smooth"}),
        ({"texture-size": "512"}, {"texture_pixels": 512}),
        ({"Keep Alpha": "yes"}, {"opaque": False}),
        ({"keep_size": "yes"}, {"size": "received"}),
        ({"keep_size": "no", "height": "2"}, {"size": "height", "metres": 2.0}),
    ],
)
def test_columns_as_on_the_command_line(cells: dict[str, str], finishing: dict[str, Any]) -> None:
    batch = read(f"prompt,{','.join(cells)}\na,{','.join(cells.values())}\n")
    assert faults(batch) == []
    assert batch.items[0].finishing == Finishing(**finishing)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("height,longest\na,1,2", "longest and height exclude one another"),
        ("height,keep_size\na,1,yes", "height and keep_size exclude one another"),
        ("height,metres\na,1,2", "height and metres exclude one another"),
        ("keep_alpha,opaque\na,yes,yes", "keep_alpha and opaque exclude one another"),
        ("merge,merge_distance\na,1,2", '"merge_distance" is there twice'),
        ("height\na,tall", "The height is not a number: tall"),
        ("texture_size\na,big", "The texture size is not a number: big"),
    ],
)
def test_faults_name_the_columns_as_written(cells: str, reason: str) -> None:
    (fault,) = faults(read(f"prompt,{cells}\n"))
    assert fault.startswith(f"Line 2: {reason}")


def test_notes_and_comments() -> None:
    text = "# my list\n#,prompt,# done\n#12,a,yes\n,b,\n"
    assert prompts(read(text)) == ["a", "b"]
    assert prompts(read("prompt,seed\na,1\n#b,x,y,z\n# said so\nc,2\n")) == ["a", "c"]
    batch = read('{"prompt": "a", "# why": "because"}\n', "x.jsonl")
    assert (prompts(batch), faults(batch)) == (["a"], [])


def test_a_workbook_is_named() -> None:
    for content in (b"PK\x03\x04\x14\x00\x06\x00\xff", b"\xd0\xcf\x11\xe0\xa1\xb1"):
        with pytest.raises(InputError, match="is a spreadsheet") as error:
            read(content, "props.xlsx")
        assert 'Save it as "CSV UTF-8"' in error.value.facts.sentence


def test_all_columns_are_listed_once() -> None:
    lines = read('{"prompt": "a", "zzzzzz": 1}\n{"prompt": "b", "qqqqqq": 1}\n', "x.jsonl")
    table = read("prompt,zzzzzz,qqqqqq\na,1,2\n")
    for batch in (lines, table):
        first, second = faults(batch)
        assert "there are prompt," in first
        assert second.endswith('there is no column "qqqqqq"')


def test_count_of_the_command_line() -> None:
    batch = read("prompt,count\na,\nb,1\n", defaults=Defaults(count=3))
    assert prompts(batch) == ["a", "a", "a", "b"]


def test_help_names_every_column() -> None:
    words = set(re.split(r"[^A-Za-z_]+", HELP))
    assert set(COLUMNS) - words == set()
