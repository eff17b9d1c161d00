# SPDX-License-Identifier: GPL-3.0-or-later
"""What the account learns in the background: connection test, balance, models, costs, library."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support import bpy_context
from support.blenders import newest_only
from support.bpy_context import trellis_ops
from support.gw_ways import unused_port
from support.rooms import KEY, Rooms, files_holding

pytestmark = newest_only

GATEWAY = ("GET /v1/balance", "GET /v1/models")


def verdicts(account: Any) -> dict[str, str]:
    return {check.name: check.verdict for check in account.checks}


def paid(rooms: Rooms, library: Path, cents: float, model: str = "microsoft/trellis") -> Any:
    """A prop whose one call cost so much, just now."""
    module = rooms("library.record")
    folder = rooms.new_folder(library, model=model)
    call = module.Call(endpoint="chat", time=module.now(), cost_cents=cents)
    return folder.update(origin=folder.read().origin.model_copy(update={"calls": (call,)}))


def test_connection_that_works(settings: Path, stand_in: StandInGateway, account: Any) -> None:
    assert account.works is None
    assert trellis_ops.test_connection() == {"FINISHED"}
    assert verdicts(account) == dict.fromkeys(
        ("gateway", "key", "balance", "model", "endpoint", "limits"), "ok"
    )
    assert account.works is True
    texts = {check.name: check.short or check.text for check in account.checks}
    assert texts["balance"] == "$25.00"
    assert texts["model"] == "microsoft/trellis"
    assert texts["limits"] == "600 a minute"
    assert account.balance.cents == 2500.0
    assert account.models.entries[0].id == "microsoft/trellis"
    assert {request.method for request in stand_in.requests} == {"GET"}, "it pays for nothing"
    assert not account.busy("connection test")


@pytest.mark.parametrize(("status", "stays"), [(0, False), (404, True), (401, True)])
def test_first_run_ends_by_itself_when_all_is_in_order(
    settings: Path, stand_in: StandInGateway, account: Any, status: int, stays: bool
) -> None:
    """What the gateway does not tell, or refuses, is there to be read first."""
    account.welcome = True
    if status:
        stand_in.script.on("GET /v1/balance", do.status(status), times=None)
    with contextlib.suppress(RuntimeError):
        trellis_ops.test_connection()
    assert account.works is (status != 401)
    assert account.welcome is stays


@pytest.mark.parametrize(
    ("status", "name", "kind", "words"),
    [
        (401, "key", "account", "does not accept the API key. Check the key"),
        (402, "balance", "account", "no credit left.*Top up"),
        (403, "key", "account", "may not use"),
        (503, "gateway", "gateway_failure", "overloaded"),
    ],
)
def test_refusal_has_its_row_and_next_step(
    settings: Path, stand_in: StandInGateway, account: Any,
    status: int, name: str, kind: str, words: str,
) -> None:  # fmt: skip
    stand_in.script.on("GET /v1/balance", do.status(status, None, {"retry-after": "0"}), times=None)
    with pytest.raises(RuntimeError, match=words):
        trellis_ops.test_connection()
    assert account.works is False
    (fault,) = [check for check in account.checks if check.verdict == "fault"]
    assert (fault.name, fault.error.kind, fault.error.status) == (name, kind, status)
    assert fault.error.next_step


def test_gateway_that_is_not_there(
    settings: Path, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIGATEWAY_BASE_URL", f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(RuntimeError, match="refuses the connection"):
        trellis_ops.test_connection()
    assert verdicts(account) == {"gateway": "fault"}


def test_nothing_is_asked_without_consent(
    settings: Path, account: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch,
    sockets: Callable[[], list[str]],
) -> None:  # fmt: skip
    monkeypatch.setenv("AIGATEWAY_BASE_URL", "https://api.aigateway.sh")
    assert not bpy.app.online_access
    for name in ("test_connection", "refresh_models"):
        with pytest.raises(RuntimeError, match="poll"):
            getattr(trellis_ops, name)()
    account.after_generation(rooms("preferences").read_settings())
    account.wait()
    rooms("ui.setup.setup_ops").keep_key(bpy.context, "sk-aig-0123456789")
    account.wait()
    assert sockets() == []
    assert account.checks == ()


def until_asked(stand_in: StandInGateway, thread: threading.Thread) -> None:
    """Until an errand's question for the balance is there."""
    for _ in range(3000):
        if stand_in.requests_to("GET /v1/balance"):
            return
        thread.join(0.02)
        if not thread.is_alive():
            break
    assert stand_in.requests_to("GET /v1/balance"), "the errand asked for no balance"


def test_second_errand_takes_the_place_of_the_first(
    settings: Path, stand_in: StandInGateway, account: Any, rooms: Rooms
) -> None:
    gate, values = Gate(), rooms("preferences").read_settings()
    stand_in.script.on("GET /v1/balance", do.hold(gate), times=1)
    account.test_connection(values, "microsoft/trellis")
    first = account._errands["connection test"]
    until_asked(stand_in, first.thread)
    assert account.busy("connection test")
    assert account.works is None
    account.test_connection(values, "microsoft/trellis")
    account.wait()
    assert first.token.cancelled
    first.thread.join(20)
    assert not first.thread.is_alive()
    assert account.works is True
    assert len(account.checks) == 6
    gate.release()


def test_closing_stops_what_is_under_way(
    settings: Path, stand_in: StandInGateway, account: Any, rooms: Rooms
) -> None:
    gate = Gate()
    stand_in.script.on("GET *", do.hold(gate), times=None)
    account.test_connection(rooms("preferences").read_settings(), "microsoft/trellis")
    thread = account._errands["connection test"].thread
    until_asked(stand_in, thread)
    rooms("ui.account.account").Account.end()
    assert not thread.is_alive()
    gate.release()


def test_fault_of_an_errand_is_told(account: Any, rooms: Rooms) -> None:
    def work(_token: Any) -> Iterator[Any]:
        raise ZeroDivisionError("by nobody")
        yield

    account._start("odd", work)
    account.wait()
    assert account.troubles["odd"].kind == "internal"
    assert not account.busy("odd")


def test_balance_belongs_to_its_gateway_and_key(
    settings: Path, account: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = rooms("preferences").read_settings
    account.refresh_balance(read())
    account.wait()
    assert account.balance_for(read()).words == "$25.00"
    assert rooms("ui.account.cost_display").balance_words() == "$25.00 left"
    monkeypatch.setenv("AIGATEWAY_API_KEY", "sk-aig-somebody-elses")
    assert account.balance_for(read()) is None
    assert rooms("ui.account.cost_display").balance_words() == ""


def test_models_are_asked_for(settings: Path, stand_in: StandInGateway, account: Any) -> None:
    assert trellis_ops.refresh_models() == {"FINISHED"}
    names = [entry.id for entry in account.models.entries]
    assert names == ["microsoft/trellis", "tripo3d/h3.1/text-to-3d"]
    stand_in.script.on("GET /v1/models", do.status(401), times=None)
    with pytest.raises(RuntimeError, match="does not accept the API key"):
        trellis_ops.refresh_models()
    assert account.troubles["models"].status == 401
    assert len(account.models.entries) == 2, "the list that is known stays"


# --- costs and library


def test_last_cost_and_the_days_sum(settings: Path, account: Any, rooms: Rooms) -> None:
    cost, read = rooms("ui.account.cost_display"), rooms("preferences").read_settings
    assert cost.cost_words("microsoft/trellis") == ""
    for cents in (5.0, 12.0):
        paid(rooms, settings, cents)
    account.after_generation(read())
    account.wait()
    assert account.costs.today == 17.0, "the ledger of an older library begins with its records"
    assert cost.cost_words("microsoft/trellis") == "about 12 ¢"
    assert cost.cost_words("microsoft/trellis", 3) == "about 36 ¢"
    assert cost.cost_words("acme/other") == ""
    rooms("library.cost_ledger").Ledger(settings).note(paid(rooms, settings, 2.1))
    account.after_generation(read())
    account.wait()
    assert account.costs.today == pytest.approx(19.1)
    assert cost.cost_words("microsoft/trellis") == "about 2.1 ¢"
    assert account.library.props == 3
    assert files_holding(settings) == []


def test_damaged_record_is_left_as_it_is(settings: Path, account: Any, rooms: Rooms) -> None:
    folder = settings / paid(rooms, settings, 3.0).id
    (folder / "prop.json").write_text("{ damaged")
    paid(rooms, settings, 4.0)
    account.look_at_library(rooms("preferences").read_settings())
    account.wait()
    assert account.costs.today == 4.0
    assert (folder / "prop.json").read_text() == "{ damaged"


def test_library_is_looked_at(account: Any, rooms: Rooms, own: Any, tmp_path: Path) -> None:
    read = rooms("preferences").read_settings
    (tmp_path / "notes.txt").write_text("not a folder")
    inside = rooms("core.identity").root() / "props"
    for path, words in (
        (tmp_path / "not" / "yet", ""),
        (tmp_path, ""),
        (tmp_path / "notes.txt", "not a directory"),
        (tmp_path / "notes.txt" / "in", "not a directory"),
        (inside, "inside the extension's own"),
        # Where nobody can make a file, not even an administrator, whatever its rights say.
        *([(Path("/proc/nowhere"), "cannot be written")] if sys.platform == "linux" else []),
    ):
        own.library = str(path)
        account.look_at_library(read())
        account.wait()
        assert account.library.path == path
        problem = account.library.problem
        assert (problem.sentence if problem else "") == "" or words in problem.message, path
        assert bool(problem) is bool(words), path
    assert sorted(child.name for child in tmp_path.iterdir()) == ["notes.txt"], "nothing was made"
    assert not inside.exists()


def test_chosen_folder_is_kept_and_looked_at(account: Any, own: Any, tmp_path: Path) -> None:
    assert trellis_ops.choose_library(directory=f"{tmp_path}/") == {"FINISHED"}
    assert Path(own.library) == tmp_path
    assert account.library.path == tmp_path
    assert account.library.problem is None
    assert bpy_context.preferences().is_dirty


# --- the key, the limit and other preferences


def test_pasted_key_is_kept_and_tested(
    stand_in: StandInGateway, account: Any, rooms: Rooms, own: Any
) -> None:
    own.base_url = stand_in.base_url
    rooms("ui.setup.setup_ops").keep_key(bpy.context, f' "{KEY}"\n')
    account.wait()
    assert own.api_key == KEY
    assert account.works is True
    assert stand_in.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_what_is_no_key_leaves_the_old_one(account: Any, rooms: Rooms, own: Any) -> None:
    own.api_key = KEY
    with pytest.raises(rooms("core.errors").NoKeyError, match="begin with sk-aig-"):
        rooms("ui.setup.setup_ops").keep_key(bpy.context, "my secret password")
    assert own.api_key == KEY
    assert account.checks == ()


def test_key_of_the_environment_cannot_be_pasted_over(settings: Path, rooms: Rooms) -> None:
    assert rooms("preferences").key_source() == "environment"
    with pytest.raises(RuntimeError, match="poll"):
        trellis_ops.paste_key()
    with pytest.raises(RuntimeError, match="poll"):
        trellis_ops.choose_library(directory="/")


def test_page_of_the_account(rooms: Rooms, own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = rooms("ui.setup.setup_ops").account_page
    assert page() == "https://aigateway.sh/signin"
    own.base_url = "https://gateway.example.com/v1"
    assert page() == "", "nobody is sent to another company's page"
    assert not trellis_ops.top_up.poll()
    monkeypatch.setenv("AIGATEWAY_WEB_URL", "https://my.example.com/")
    assert page() == "https://my.example.com/signin"
    assert trellis_ops.top_up.poll()


def test_settings_hold_limit_and_jobs(rooms: Rooms, own: Any) -> None:
    read = rooms("preferences").read_settings
    assert (read().daily_limit_cents, read().jobs_at_once) == (0.0, 2)
    own.daily_limit, own.jobs_at_once = 1.5, 4
    assert (read().daily_limit_cents, read().jobs_at_once) == (150.0, 4)
    assert read(daily_limit_cents=20.0).daily_limit_cents == 20.0


def test_nothing_sensitive_is_in_a_blend(settings: Path, own: Any, tmp_path: Path) -> None:
    own.api_key, own.proxy = KEY, "http://user:swordfish@127.0.0.1:8080"
    bpy_context.properties().prompt = "small vase"
    file = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file), compress=False)
    content = file.read_bytes()
    assert b"small vase" in content, "the search below would find what is there"
    assert KEY.encode() not in content
    assert b"swordfish" not in content
