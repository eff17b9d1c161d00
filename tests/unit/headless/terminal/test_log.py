# SPDX-License-Identifier: GPL-3.0-or-later
"""``--quiet``, ``--verbose`` and ``--log``: how much is said, and where; never a key."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from gateway import StandInGateway
from support.processes import Ended, run
from support.rooms import KEY, files_holding

from trellis_addon.core.identity import ADDON_ID
from trellis_addon.headless.cli import run_cli
from trellis_addon.headless.commands.parser import COMMANDS, parser
from trellis_addon.headless.terminal.log import Log

needs_bpy = pytest.mark.skipif(find_spec("bpy") is None, reason="the command needs bpy")


def doctor(gateway: StandInGateway, home: Path, *options: str, key: str = KEY) -> Ended:
    command = ["-m", "trellis_addon", "doctor", "--library", str(home / "library"), *options]
    return run(command, home, AIGATEWAY_BASE_URL=gateway.base_url, AIGATEWAY_API_KEY=key)


@needs_bpy
def test_verbose_tells_each_exchange(stand_in: StandInGateway, tmp_path: Path) -> None:
    plain = doctor(stand_in, tmp_path)
    assert plain.code == 0, plain.explain()
    assert "HTTP 200" not in plain.stderr
    told = doctor(stand_in, tmp_path, "-v")
    assert "GET 127.0.0.1/v1/balance: HTTP 200, request id " in told.stderr
    for line in plain.stderr.splitlines():
        assert told.stderr.count(line) == 1, "what is printed is not logged to the screen as well"
    assert KEY not in told.stderr


@needs_bpy
def test_log_file_has_everything_but_the_key(stand_in: StandInGateway, tmp_path: Path) -> None:
    file = tmp_path / "night.log"
    options = ("--log", str(file), "-q")
    doctor(stand_in, tmp_path, *options, key="sk-aig-other-0123456789")
    ended = doctor(stand_in, tmp_path, *options, key="sk-aig-other-0123456789")
    text = file.read_text("utf-8")
    assert text.count("exit code 0") == 2, "it is added to"
    assert "GET 127.0.0.1/v1/balance: HTTP 200" in text
    assert "ok    balance" in text, "what was printed is in it, too"
    assert "HTTP 200" not in ended.stderr
    assert "sk-aig-other" not in text
    assert files_holding(tmp_path) == []


@needs_bpy
def test_quiet_leaves_the_sum(stand_in: StandInGateway, tmp_path: Path) -> None:
    home = {"AIGATEWAY_BASE_URL": stand_in.base_url, "AIGATEWAY_API_KEY": KEY}
    command = ["-m", "trellis_addon", "generate", "oak barrel", "--library", tmp_path / "library"]
    done = run([*command, "--quiet"], tmp_path, **home)
    assert done.code == 0, done.explain()
    # Blender's module for Windows reports its own memory at the exit.
    said = [line for line in done.stderr.splitlines() if line and "Not freed memory" not in line]
    assert [line.split()[0] for line in said] == ["Finished"], done.explain()


@pytest.mark.parametrize("place", ["missing/night.log", "."])
def test_log_that_cannot_be_written(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli(["list", "--log", str(tmp_path / place)]) == 2
    told = capsys.readouterr().err
    assert f"The log {tmp_path / place} cannot be written: " in told
    assert len(told.splitlines()) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux's")
def test_full_disk_of_the_log_ends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with Log(verbose=False, file=Path("/dev/full")):
        logging.getLogger(ADDON_ID).error("lost")
    assert capfd.readouterr().err == ""


def test_keys_are_hidden_in_every_form(tmp_path: Path) -> None:
    file = tmp_path / "log"
    key, own = "another-key-of-a-gateway", "tsk_0123456789"
    names = {"AIGATEWAY_API_KEY": key, "AIGATEWAY_BYOK_TRIPO": own}
    logger = logging.getLogger(f"{ADDON_ID}.test")
    with Log(verbose=False, file=file, environment=names):
        logger.debug("sent %s", key)
        logger.debug("the preferences' %s", "sk-aig-0123456789abcdef")
        try:
            raise ValueError(own)
        except ValueError:
            logger.exception("a traceback")
    text = file.read_text("utf-8")
    assert "a traceback" in text
    for secret in (*names.values(), "0123456789abcdef"):
        assert secret not in text


def test_logger_is_as_before(tmp_path: Path) -> None:
    logger = logging.getLogger(ADDON_ID)
    before = (logger.level, list(logger.handlers))
    with Log(verbose=True, file=tmp_path / "log"):
        assert logger.level == logging.DEBUG
        assert len(logger.handlers) == len(before[1]) + 2
    assert (logger.level, logger.handlers) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_them(command: str) -> None:
    text = parser().commands[command].format_help()
    for option in ("-q, --quiet", "-v, --verbose", "--log FILE"):
        assert option in text


def test_quiet_and_verbose_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["list", "-q", "-v"]) == 2
    assert "not allowed with argument" in capsys.readouterr().err
