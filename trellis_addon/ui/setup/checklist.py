# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the first run: a row for each missing requirement, with the button that fulfils it.

Nothing else is drawn then. The rows stay until the user continues, so that the result of the
connection test can be read. Later, they only appear while a requirement is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import bpy

from ...blender_context import preferences_of
from ...core.errors import AddressError, ErrorFacts, NoKeyError, OfflineError, TrellisError
from ...preferences import KEY_VARIABLE, key_source, read_settings
from ..account.account import TEST, Account
from ..common.text_layout import draw_lines, fitted, text_room
from ..translation.translations import iface, phrase
from .setup_ops import account_page

if TYPE_CHECKING:
    from ...core.account import Check
    from ...core.settings import Settings


LABELS: Final = {
    "gateway": "Gateway",
    "key": "API Key",
    "balance": "Balance",
    "model": "Model",
    "endpoint": "Endpoint",
    "limits": "Limits",
}
PHRASES: Final = {"key": "Key {}", "balance": "{} left", "endpoint": "Endpoint: {}"}
"""Texts that replace a label and a value if there is no space for two columns."""

TWO_COLUMNS: Final = 150
"""The least width for a text, in pixels at a scale of 1, at which labels are not cut."""

ICONS: Final = {"ok": "CHECKMARK", "note": "INFO", "fault": "ERROR"}
IN_BOX: Final = 16
"""The width of a box's own margins, in pixels at a scale of 1."""

ELSEWHERE: Final = ("address", "refused", "gateway", "no_model", "input", "unreachable")
"""The faults of the connection test that can be fixed by a field of the preferences."""

Draw = Callable[[Any, bpy.types.Context], None]


class SetupStep(NamedTuple):
    """One requirement."""

    name: str
    label: str
    done: bool
    text: str = ""
    """What is missing, as a sentence; or where the value comes from, if nothing is."""


def rows(settings: Settings, account: Account) -> tuple[SetupStep, ...]:
    """All requirements, in the order in which to fulfil them. Uses neither disk nor network."""
    from ...engine.preflight import obstacle

    missing = obstacle(settings)
    found = []
    if isinstance(missing, AddressError):
        found.append(SetupStep("gateway", "Gateway URL", done=False, text=missing.facts.sentence))
    elif _needs_access(settings):
        found.append(_access(settings))
    source = key_source()
    told = f"From {KEY_VARIABLE}" if source == "environment" else ""
    found.append(SetupStep("key", "API Key", done=bool(settings.gateway.key), text=told))
    problem = library_problem(settings, account)
    text = problem.message if problem else str(settings.library)
    found.append(SetupStep("library", "Library Folder", done=problem is None, text=text))
    return tuple(found)


def library_problem(settings: Settings, account: Account) -> ErrorFacts | None:
    """What is wrong with the library, if it has been examined yet."""
    facts = account.library
    return facts.problem if facts and facts.path == settings.library else None


def _needs_access(settings: Settings) -> bool:
    from ...gateway.http.address import Address

    return not Address.of(settings.gateway).loopback


def _access(settings: Settings) -> SetupStep:
    from ...engine.preflight import offline

    if settings.online_access:
        return SetupStep("access", "Online Access", done=True)
    facts = offline(settings).facts
    text = facts.sentence if settings.online_locked else "Prompts are sent to the gateway"
    return SetupStep("access", "Online Access", done=False, text=text)


def first_run_is_on() -> bool:
    """Whether the rows are shown, for the ``poll`` of every other panel.

    This is up to date, as Blender draws the panel with the rows before it polls the others.
    """
    return Account.get().first_run


def draw_first_run(layout: Any, context: bpy.types.Context) -> bool:
    """Draw the rows while something is missing, or until the user has read that nothing is.

    :returns: whether they were drawn, so that nothing else should be.
    """
    settings, account = read_settings(), Account.get()
    # The user may have changed the settings since the last draw, in the preferences or by a script.
    account.notice(settings)
    found = rows(settings, account)
    complete = all(row.done for row in found)
    account.welcome |= not complete
    account.first_run = account.welcome
    if not account.first_run:
        return False
    for row in found:
        _draw_row(layout, context, row, settings)
    if complete:
        box = layout.box().column()
        draw_test(box, context, account)
        _draw_start(layout, account)
    return True


def _draw_row(layout: Any, context: bpy.types.Context, row: SetupStep, settings: Settings) -> None:
    box = layout.box().column()
    head = box.row()
    head.label(text=row.label, icon="CHECKMARK" if row.done else "RADIOBUT_OFF")
    if row.done:
        if row.name == "library":
            head.operator("trellis.choose_library", text="", icon="FILE_FOLDER", emboss=False)
            box.label(text=fitted(context, row.text, IN_BOX), icon="BLANK1")
        elif row.text:
            draw_lines(box, context, row.text, "NONE", IN_BOX)
        return
    if row.text:
        draw_lines(box, context, row.text, "NONE", IN_BOX)
    if row.name == "access" and not settings.online_locked:
        box.operator("trellis.allow_online_access", icon="INTERNET")
    elif row.name == "key":
        buttons = box.row(align=True)
        buttons.operator("trellis.paste_key", icon="PASTEDOWN")
        buttons.operator("trellis.preferences", text="", icon="PREFERENCES")
        if account_page():
            box.operator("trellis.get_key", icon="URL")
    elif row.name == "library":
        buttons = box.row(align=True)
        buttons.operator("trellis.choose_library", icon="FILE_FOLDER")
        buttons.operator("trellis.refresh_account", text="", icon="FILE_REFRESH")
    elif row.name == "gateway":
        box.operator("trellis.preferences", icon="PREFERENCES")


def _draw_start(layout: Any, account: Account) -> None:
    column = layout.column()
    column.scale_y = 1.5
    column.enabled = not account.busy(TEST)
    # The user may continue without a test or after a failure, as the gateway may just be down.
    text, icon = "Start", "PLAY"
    if not account.busy(TEST) and not account.works:
        text, icon = ("Continue Anyway" if account.checks else "Skip the Test"), "NONE"
    column.operator("trellis.finish_setup", text=text, icon=icon)


def draw_test(
    layout: Any, context: bpy.types.Context, account: Account, *, always: bool = False
) -> None:
    """Draw the connection test: its results so far, a button that fixes a fault, and its button.

    :param always: whether the test is offered even if everything works, for the preferences page.
    """
    for check in account.checks:
        _draw_check(layout, context, check)
    if account.busy(TEST):
        layout.label(text="Asking the gateway...", icon="TIME")
        return
    trouble = account.troubles.get(TEST)
    if trouble:
        draw_lines(layout, context, trouble.sentence, "ERROR", IN_BOX)
    fault = next((check for check in account.checks if check.verdict == "fault"), None)
    if fault and fault.error:
        _draw_way_out(layout, fault.error, in_preferences=always)
    if always or not account.works or trouble:
        again = bool(account.checks or trouble)
        layout.operator(
            "trellis.test_connection",
            text="Test Again" if again else "Test Connection",
            icon="FILE_REFRESH" if again else "LINKED",
        )


def _draw_check(layout: Any, context: bpy.types.Context, check: Check) -> None:
    label = LABELS.get(check.name, check.name.capitalize())
    if check.verdict == "fault" and check.error:
        layout.label(text=label, icon=ICONS[check.verdict])
        draw_lines(layout, context, check.error.message, "NONE", IN_BOX)
        draw_lines(layout, context, check.error.next_step, "NONE", IN_BOX)
        return
    text = check.short or check.text
    narrow = text_room(context, IN_BOX) < TWO_COLUMNS * preferences_of(context).system.ui_scale
    if check.verdict == "ok" and narrow:
        words = iface(PHRASES.get(check.name, "{}")).format(phrase(text))
        layout.label(text=words, icon=ICONS["ok"], translate=False)
    elif check.verdict == "ok":
        split = layout.split(factor=0.45)
        split.label(text=label, icon=ICONS["ok"])
        split.label(text=phrase(text), translate=False)
    else:
        draw_lines(layout, context, f"{iface(label)}: {phrase(text)}", ICONS[check.verdict], IN_BOX)


def _draw_way_out(layout: Any, error: ErrorFacts, *, in_preferences: bool) -> None:
    """Draw the next step as a button, unless its field is on the preferences page already."""
    # 402 means that the key is good, but that there is no credit.
    if error.kind in ("no_key", "account") and error.status != 402:
        if key_source() != "environment" and not in_preferences:
            layout.operator("trellis.paste_key", icon="PASTEDOWN")
    elif error.status == 402 and account_page():
        layout.operator("trellis.top_up", icon="URL")
    elif error.kind == "offline":
        layout.operator("trellis.allow_online_access", icon="INTERNET")
    elif error.kind in ELSEWHERE and not in_preferences:
        layout.operator("trellis.preferences", icon="PREFERENCES")


def draw_obstacle(
    layout: bpy.types.UILayout, context: bpy.types.Context, missing: TrellisError, beside: int = 0
) -> None:
    """Draw what is missing, with the button that fixes it. For ``beside``, see ``draw_lines``."""
    box = layout.box().column()
    draw_lines(box, context, missing.facts.message, "ERROR", beside)
    # With --offline-mode, the button below is disabled, and the sentence says what to do instead.
    locked = isinstance(missing, OfflineError) and bpy.app.online_access_override
    if locked or not isinstance(missing, OfflineError | NoKeyError):
        draw_lines(box, context, missing.facts.next_step, "NONE", beside)
    if isinstance(missing, OfflineError):
        box.operator("trellis.allow_online_access", icon="INTERNET")
    else:
        box.operator("trellis.preferences", icon="PREFERENCES")
