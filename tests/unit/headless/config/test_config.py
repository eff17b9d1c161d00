# SPDX-License-Identifier: GPL-3.0-or-later
"""Options from variables and from ``trellis.toml``: who has priority, and what is refused."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from support.processes import run
from support.rooms import KEY

from trellis_addon.headless.cli import run_cli
from trellis_addon.headless.commands.parser import COMMANDS, parser
from trellis_addon.headless.config.layers import parse
from trellis_addon.headless.config.option import options_of
from trellis_addon.headless.console.usage import UsageError


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of props; a trellis.toml is written beside it by :func:`config`."""
    (tmp_path / "props.txt").write_text("oak barrel\n")
    return tmp_path / "props.txt"


def config(folder: Path, text: str) -> Path:
    (folder / "trellis.toml").write_text(text, "utf-8")
    return folder / "trellis.toml"


def parsed(
    *words: object, here: Path | None = None, variables: Mapping[str, str] | None = None
) -> argparse.Namespace:
    return parse(parser, list(map(str, words)), variables or {}, here)


def sources(options: argparse.Namespace) -> Mapping[str, tuple[Any, str]]:
    return {each.name: (each.value, each.source) for each in options.sources}


def test_priority(listed: Path) -> None:
    default = parsed("batch", listed)
    assert (default.jobs, sources(default)["jobs"]) == (None, (None, "default"))

    file = config(listed.parent, "[common]\njobs = 2\nretry = 5\n")
    common = parsed("batch", listed)
    assert (common.jobs, sources(common)["jobs"]) == (2, (2, f"{file} [common]"))

    config(listed.parent, "[common]\njobs = 2\nretry = 5\n[batch]\njobs = 3\n")
    table = parsed("batch", listed)
    assert (table.jobs, sources(table)["jobs"]) == (3, (3, f"{file} [batch]"))
    assert table.retry == 5

    variable = parsed("batch", listed, variables={"TRELLIS_JOBS": "4"})
    assert (variable.jobs, sources(variable)["jobs"]) == (4, ("4", "TRELLIS_JOBS"))

    option = parsed("batch", listed, "--jobs", 5, variables={"TRELLIS_JOBS": "4"})
    assert (option.jobs, sources(option)["jobs"]) == (5, (5, "option"))


def test_file_beside_the_list_or_in_the_current_folder(listed: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    config(here, "[common]\ntimeout = 3\n")
    assert parsed("doctor", here=here).timeout == 3
    assert parsed("batch", "-", here=here).timeout == 3
    assert parsed("batch", listed, here=here).timeout is None
    config(tmp_path, "[common]\ntimeout = 4\n")
    assert parsed("batch", listed, here=here).timeout == 4
    other = tmp_path / "other.toml"
    other.write_text("[common]\ntimeout = 5\n")
    assert parsed("batch", listed, "--config", other).timeout == 5
    assert parsed("batch", listed, variables={"TRELLIS_CONFIG": str(other)}).timeout == 5
    with pytest.raises(UsageError, match="there is no such file"):
        parsed("batch", listed, "--config", tmp_path / "gone.toml")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("economy = true", "economy", True),
        ("economy = false", "economy", False),
        ("max_cost = 2.5", "max_cost", 2.5),
        ("max-cost = 2.5", "max_cost", 2.5),
        ('export = ["glb", "fbx"]', "export", "glb,fbx"),
        ('param = ["a=1", "b=2"]', "param", ["a=1", "b=2"]),
        ("append = true", "method", "APPEND"),
        ('for = "game,web"', "destinations", "game,web"),
        ("height = 2.1", "height", 2.1),
        ("proxy = false", "proxy", False),
    ],
)
def test_values_of_each_kind(listed: Path, text: str, name: str, value: Any) -> None:
    config(listed.parent, f"[batch]\n{text}\n")
    assert getattr(parsed("batch", listed), name) == value


def test_places_count_from_the_file(listed: Path) -> None:
    config(
        listed.parent, '[batch]\noutput = "out"\nlibrary = "../lib"\nimage = "https://x/y.png"\n'
    )
    options = parsed("batch", listed)
    assert options.output == listed.parent / "out"
    assert options.library == listed.parent / ".." / "lib"
    assert options.image == ["https://x/y.png"]
    config(listed.parent, '[batch]\nimage = ["front.png", "back=side/b.png", "left=https://x/l"]\n')
    folder = listed.parent
    assert parsed("batch", listed).image == [
        f"{folder / 'front.png'}",
        f"back={folder / 'side/b.png'}",
        "left=https://x/l",
    ]


@pytest.mark.parametrize(
    ("variables", "name", "value"),
    [
        ({"TRELLIS_ECONOMY": "1"}, "economy", True),
        ({"TRELLIS_ECONOMY": "off"}, "economy", False),
        ({"TRELLIS_ECONOMY": ""}, "economy", False),
        ({"TRELLIS_PARAM": "a=1,b=2"}, "param", ["a=1", "b=2"]),
        ({"TRELLIS_IMAGE": "a, b.png"}, "image", ["a, b.png"]),
        ({"TRELLIS_IMAGE": "data:image/png;base64,AA,back=b,c.png,left=d.png"}, "image",
         ["data:image/png;base64,AA", "back=b,c.png", "left=d.png"]),
        ({"TRELLIS_FOR": "game"}, "destinations", "game"),
        ({"TRELLIS_PACK": "yes"}, "method", "PACK"),
        ({"TRELLIS_PROPS_MAY_FAIL": "1"}, "props_may_fail", True),
        ({"TRELLIS_GIVE_UP_AFTER": "2h"}, "give_up_after", "2h"),
    ],
)  # fmt: skip
def test_variables(variables: dict[str, str], name: str, value: Any, listed: Path) -> None:
    assert getattr(parsed("batch", listed, variables=variables), name) == value


def test_option_replaces_what_it_excludes(listed: Path) -> None:
    config(listed.parent, "[batch]\nheight = 2.0\nappend = true\n")
    options = parsed("batch", listed, "--longest", 3, "--link")
    assert (options.longest, options.height, options.method) == (3, None, "LINK")
    lower = parsed("batch", listed, variables={"TRELLIS_KEEP_SIZE": "1"})
    assert (lower.keep_size, lower.height) == (True, None)


def test_variable_can_switch_off_what_the_file_switches_on(listed: Path) -> None:
    config(listed.parent, "[batch]\nquiet = true\n")
    assert parsed("batch", listed).quiet is True
    assert parsed("batch", listed, variables={"TRELLIS_QUIET": "0"}).quiet is False


def test_required_option_may_come_from_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--output"):
        parsed("shot", "--all", here=tmp_path)
    config(tmp_path, '[shot]\noutput = "shots"\n')
    assert parsed("shot", "--all", here=tmp_path).output == tmp_path / "shots"


def test_common_table_may_hold_what_another_command_has(tmp_path: Path) -> None:
    config(tmp_path, "[common]\njobs = 4\n")
    assert parsed("list", here=tmp_path).command == "list"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[bacth]\njobs = 1\n", "there is no command bacth; did you mean batch?"),
        ("[batch]\njob = 1\n", "[batch]: there is no job; did you mean jobs?"),
        ("[common]\nlibary = 'x'\n", "[common]: there is no libary; did you mean library?"),
        ("[list]\njobs = 1\n", "[list]: there is no jobs"),
        ("jobs = 1\n", "jobs is in no table. Put it below [common] or [COMMAND]"),
        ("[batch]\njobs = 'many'\n", "[batch] jobs: invalid int value: 'many'"),
        ("[batch]\nendpoint = 'jobz'\n", "[batch] endpoint: there is no jobz; did you mean jobs?"),
        ("[batch]\nmax-cost = nan\n", "[batch] max-cost: invalid number value: 'nan'"),
        ("[batch]\neconomy = 'yes'\n", "[batch] economy: it must be true or false"),
        ("[batch]\njobs = true\n", "[batch] jobs: it must be a number or a text"),
        ("[batch]\njobs = 2026-11-30\n", "[batch] jobs: it must be a number or a text"),
        ("[batch\n", "it is not TOML: "),
        ("[common]\nplain-http = true\n", "plain-http must not be in a file. Give --plain-http at"),
        ("[batch]\nheight = 1\nlongest = 2\n", "not allowed with argument"),
        ("[common]\nversion = true\n", "there is no version"),
    ],
)
def test_what_is_refused(
    text: str, sentence: str, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config(listed.parent, text)
    assert run_cli(["batch", str(listed), "--check"]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[common]\napi_key = 'sk-aig-0123456789'\n",
        "AIGATEWAY_API_KEY = 'other-0123456789'\n",
        "[gateway]\nkey = 'other-0123456789'\n",
        "[batch]\nname = 'sk-aig-0123456789'\n",
        "[batch]\nparam = ['a=sk-aig-0123456789']\n",
    ],
)
def test_key_must_not_be_in_the_file(
    text: str, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config(listed.parent, text)
    assert run_cli(["batch", str(listed), "--check"]) == 2
    told = capsys.readouterr().err
    assert told.endswith("the API key must not be in it. Set AIGATEWAY_API_KEY instead\n")
    assert "0123456789" not in told


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"TRELLIS_JOBS": "many"}, "TRELLIS_JOBS: invalid int value: 'many'. Correct it"),
        ({"TRELLIS_ECONOMY": "maybe"}, "TRELLIS_ECONOMY: 'maybe' is neither 1 nor 0. Correct it"),
        ({"TRELLIS_CONFIG": "/gone/x.toml"}, "there is no such file. Change --config"),
    ],
)
def test_variable_that_is_refused(variables: dict[str, str], sentence: str, listed: Path) -> None:
    with pytest.raises(UsageError) as caught:
        parsed("batch", listed, variables=variables)
    assert sentence in str(caught.value)


def test_mark_of_notepad_and_windows_lines(listed: Path) -> None:
    (listed.parent / "trellis.toml").write_bytes(b"\xef\xbb\xbf[batch]\r\njobs = 4\r\n")
    assert parsed("batch", listed).jobs == 4


def test_help_is_that_of_the_parser(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            parsed(command, "--help", here=tmp_path)
        assert capsys.readouterr().out == parser().commands[command].format_help()


def test_every_option_has_a_variable_and_a_kind() -> None:
    """A new kind of option (several values after one word) needs a way to write it in a file."""
    for command in (parser(), *parser().commands.values()):
        for option in options_of(command).values():
            assert option.variable == "TRELLIS_" + option.name.upper().replace("-", "_")
            assert option.action.nargs in (None, 0, argparse.OPTIONAL), option.name


def test_option_whose_value_may_be_left_out(listed: Path) -> None:
    assert parsed("batch", listed).wait == "0"
    assert parsed("batch", listed, "--wait").wait == ""
    told = parsed("batch", listed, "--wait", "2h", variables={"TRELLIS_WAIT": "3h"})
    assert told.wait == "2h"
    assert next(each for each in told.sources if each.name == "wait").source == "option"
    assert parsed("batch", listed, variables={"TRELLIS_WAIT": "3h"}).wait == "3h"
    (listed.parent / "trellis.toml").write_text('[batch]\nwait = ""\n')
    assert parsed("batch", listed).wait == ""


def test_unknown_variables_are_told(tmp_path: Path) -> None:
    told = parsed(
        "list", here=tmp_path, variables={"TRELLIS_JOB": "1", "TRELLIS_PICTURE_SAMPLES": "2"}
    )
    assert told.unknown_variables == ("TRELLIS_JOB is no option; did you mean TRELLIS_JOBS?",)


def test_show_config(listed: Path, tmp_path: Path) -> None:
    file = config(tmp_path, "[batch]\njobs = 3\n")
    command = ["-m", "trellis_addon", "batch", listed, "--show-config", "--retry", "1"]
    done = run(command, tmp_path, TRELLIS_LIBRARY=str(tmp_path / "lib"))
    assert done.code == 0, done.explain()
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["jobs", "3", str(file), "[batch]"] in lines
    assert ["retry", "1", "option"] in lines
    assert ["library", str(tmp_path / "lib"), "TRELLIS_LIBRARY"] in lines
    assert ["give-up-after", "1h", "default"] in lines
    told = run([*command, "--json"], tmp_path).events
    by_name = {each["name"]: each for each in told}
    assert by_name["jobs"] == {
        "event": "setting",
        "name": "jobs",
        "value": 3,
        "source": f"{file} [batch]",
    }
    assert not (tmp_path / "lib").exists()


@pytest.mark.skipif(find_spec("bpy") is None, reason="the command needs bpy")
def test_doctor_tells_where_values_come_from(stand_in: StandInGateway, tmp_path: Path) -> None:
    file = config(tmp_path, '[common]\nlibrary = "props"\n[doctor]\nendpoint = "jobs"\n')
    url = {"AIGATEWAY_BASE_URL": stand_in.base_url, "AIGATEWAY_API_KEY": KEY}
    command = ["-m", "trellis_addon", "doctor", "--json", "--config", file]
    done = run(command, tmp_path, **url, TRELLIS_TIMEOUT="3", TRELLIS_JOB="4")
    assert done.code == 0, done.explain()
    told = [each["text"] for each in done.events if each["name"] == "configuration"]
    assert f"endpoint = jobs ({file} [doctor])" in told[0]
    assert "timeout = 3 (TRELLIS_TIMEOUT)" in told[0]
    assert told[1:] == ["TRELLIS_JOB is no option; did you mean TRELLIS_JOBS?"]
    by_name = {each["name"]: each["text"] for each in done.events}
    assert by_name["endpoint"] == "jobs (forced)"
    assert by_name["library"] == str(tmp_path / "props")


def test_filters_of_a_list_are_no_settings(tmp_path: Path) -> None:
    """The model that makes props must not hide those of others."""
    config(tmp_path, '[list]\nreverse = true\n[common]\nlimit = 3\nfor = "game"\n')
    variables = {"TRELLIS_MODEL": "acme/shape", "TRELLIS_MAX_COST": "1", "TRELLIS_SORT": "name"}
    found = parsed("list", here=tmp_path, variables=variables)
    assert (found.model, found.max_cost, found.limit, found.destinations) == (None,) * 4
    assert (found.sort, found.reverse) == ("name", True)
