# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy Diagnostics: what a report needs, and no secret wherever one was planted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from support.blenders import newest_only
from support.rooms import Rooms

pytestmark = newest_only

SECRET = "sk-aig-PLANTED-0123456789"
PASSWORD = "swordfish-and-chips"


@pytest.fixture
def own(rooms: Rooms) -> Iterator[Any]:
    preferences = rooms("preferences").stored()
    yield preferences
    for name in (
        "api_key", "base_url", "library", "proxy", "provider_keys", "ca_file", "tag", "log_level",
    ):  # fmt: skip
        preferences.property_unset(name)
    rooms("preferences").apply_log_level("WARNING")


@pytest.fixture
def journal(rooms: Rooms) -> Any:
    rooms("ui.common.log_handlers").attach()
    journal = rooms("ui.common.log_handlers").Journal.current
    journal.lines.clear()
    return journal


@pytest.fixture
def logger(rooms: Rooms) -> logging.Logger:
    return logging.getLogger(rooms("ui.account.account").__name__)


def report(rooms: Rooms, model: str = "microsoft/trellis") -> str:
    return str(
        rooms("ui.account.diagnostics").report_text(
            rooms("ui.account.account").Account.get(), model
        )
    )


def test_versions_settings_library_and_errors_are_in_it(
    settings: Path, rooms: Rooms, own: Any, journal: Any, logger: logging.Logger
) -> None:
    account = rooms("ui.account.account").Account.get()
    account.test_connection(rooms("preferences").read_settings(), "microsoft/trellis")
    account.look_at_library(rooms("preferences").read_settings())
    account.wait()
    logger.error("the roof is on fire")
    text = report(rooms)
    for words in (
        "Trellis Props ", "Blender ", "Python ", "httpx ", "pydantic ", "key: from environment",
        "endpoint: auto", "state: can be written", "props: 0", "ok: balance: $25.00",
        "the roof is on fire", "jobs at once: 2", "daily limit: none",
    ):  # fmt: skip
        assert words in text, text


def test_no_secret_wherever_it_was_planted(
    rooms: Rooms, own: Any, journal: Any, logger: logging.Logger, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, stand_in: StandInGateway,
) -> None:  # fmt: skip
    own.api_key = SECRET
    own.base_url = f"https://user:{PASSWORD}@gateway.example.com/{SECRET}?token={PASSWORD}"
    own.proxy = f"http://user:{PASSWORD}@127.0.0.1:8080"
    own.provider_keys = f"fal={SECRET}2, nvidia=nvapi-{PASSWORD}"
    own.library = str(tmp_path / SECRET)
    own.ca_file = f"/certificates/{SECRET}.pem"
    own.tag = SECRET
    monkeypatch.setenv("AIGATEWAY_BYOK_ACME", f"acme-{PASSWORD}")
    logger.error("refused: Authorization: Bearer %s", SECRET)
    logger.warning("link https://cdn.example.com/m.glb?sig=%s is old", PASSWORD)
    logger.warning("another key in an answer: sk-aig-NOBODYS-9876543210")
    account = rooms("ui.account.account").Account.get()
    account.look_at_library(rooms("preferences").read_settings())
    account.wait()
    text = report(rooms, model=f"acme/{SECRET}")
    assert "***" in text
    for planted in (SECRET, PASSWORD, "PLANTED", "swordfish", "NOBODYS"):
        assert planted not in text, text
    # The environment's key is in use then, and the field's is hidden all the same.
    monkeypatch.setenv("AIGATEWAY_API_KEY", "FROM-OUTSIDE-without-a-shape")
    own.api_key = "no-shape-of-a-key-at-all"
    logger.error("acme-%s", PASSWORD)
    logger.error("no-shape-of-a-key-at-all and FROM-OUTSIDE-without-a-shape")
    text = report(rooms)
    assert "no-shape" not in text
    assert "OUTSIDE" not in text
    assert PASSWORD not in text


def test_home_folder_is_not_told(rooms: Rooms, own: Any) -> None:
    own.library = str(Path.home() / "props")
    assert "path: ~" in report(rooms)
    assert str(Path.home() / "props") not in report(rooms)


def test_only_the_last_errors_are_kept(rooms: Rooms, journal: Any, logger: logging.Logger) -> None:
    for number in range(100):
        logger.error("fault %d", number)
    assert len(journal.lines) == 30
    assert journal.lines[-1].endswith("ERROR fault 99")


def test_log_level_is_that_of_this_product_alone(
    rooms: Rooms, own: Any, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [logging.getLogger(name).level for name in ("", "httpx", "bl_ext")]
    assert not logger.isEnabledFor(logging.INFO)
    own.log_level = "DEBUG"
    assert logger.isEnabledFor(logging.DEBUG)
    assert [logging.getLogger(name).level for name in ("", "httpx", "bl_ext")] == others
    own.log_level = "ERROR"
    assert not logger.isEnabledFor(logging.WARNING)


def test_handlers_come_and_go_with_the_extension(rooms: Rooms) -> None:
    module = rooms("ui.common.log_handlers")
    module.attach()
    logger = logging.getLogger(rooms("core.identity").ADDON_ID)
    before = list(logger.handlers)
    module.detach()
    assert not [h for h in logger.handlers if isinstance(h, module.Journal | module.Console)]
    module.attach()
    module.attach()
    assert len(logger.handlers) == len(before)
