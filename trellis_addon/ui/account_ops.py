# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of the first run and of the preferences: key, connection, library, site, diagnostics.

None of them blocks a window: what takes long is an errand of the account.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, Final

import bpy

from ..core.errors import TrellisError
from ..core.keys import PREFIX, key_from
from ..preferences import KEY_VARIABLE, LIBRARY_VARIABLE, key_source, read_settings, stored
from .account import BALANCE, TEST, Account
from .diagnostics import report_text
from .model_settings import chosen_model
from .redraw import redraw_account
from .translations import phrase, rpt, sentence

SITE_VARIABLE: Final = "AIGATEWAY_WEB_URL"
"""The gateway's website, as its own command line has it."""

OWN_HOST: Final = "api.aigateway.sh"
OWN_SITE: Final = "https://aigateway.sh"


def on_own_gateway() -> bool:
    """Whether the settings name AIgateway itself and not another gateway."""
    from ..gateway.address import Address

    try:
        return Address.of(read_settings().gateway).host == OWN_HOST
    except TrellisError:
        return False


def account_page() -> str:
    """Where the account is looked after: keys, credit, limits. "" where nobody knows.

    The gateway documents its sign-in page and no page of its own for topping up.
    """
    site = os.environ.get(SITE_VARIABLE, "").strip().rstrip("/")
    if not site and on_own_gateway():
        site = OWN_SITE
    return f"{site}/signin" if site.startswith(("https://", "http://")) else ""


def blocked(cls: Any, errand: str) -> bool:
    """Whether the gateway cannot be asked now; the button's tip says why."""
    from ..engine.consent import obstacle

    missing = obstacle(read_settings())
    if missing is None and not Account.get().busy(errand):
        return False
    cls.poll_message_set(phrase(missing.facts.sentence if missing else "It is being asked already"))
    return True


def finish(operator: bpy.types.Operator, account: Account, errand: str, done: str) -> set[str]:
    """Let the errand run; in background mode, where no timer does, wait and report."""
    if not bpy.app.background:
        return {"FINISHED"}
    account.wait()
    if trouble := account.troubles.get(errand):
        operator.report({"ERROR"}, trouble.sentence)
        return {"CANCELLED"}
    operator.report({"INFO"}, done)
    return {"FINISHED"}


def keep_key(context: bpy.types.Context, text: str) -> None:
    """Take a copied key into the preferences, and ask the gateway where that is allowed.

    :raises NoKeyError: it is none; what was there before stays.
    """
    from ..engine.consent import obstacle

    own = stored()
    if own is None:
        return
    own.api_key = key_from(text, prefix=PREFIX if on_own_gateway() else "").reveal()
    # Blender saves the preferences when it quits, if it is told that they have changed.
    context.preferences.is_dirty = True
    settings = read_settings()
    if obstacle(settings) is None:
        Account.get().test_connection(settings, chosen_model(context))
    redraw_account()


def has_preferences(cls: Any) -> bool:
    """Whether there is a place to keep a setting; the button's tip says why not."""
    if stored() is None:
        cls.poll_message_set(phrase("Trellis Props is not installed as an extension here"))
        return False
    return True


class TRELLIS_OT_paste_key(bpy.types.Operator):
    """Take the API key from the clipboard into the preferences, and test the connection"""

    bl_idname = "trellis.paste_key"
    bl_label = "Paste Key"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not where the environment decides, nor without preferences."""
        if key_source() == "environment":
            cls.poll_message_set(
                phrase(f"The key comes from the environment variable {KEY_VARIABLE}")
            )
            return False
        return has_preferences(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Check its shape, keep it, ask the gateway where that is allowed."""
        try:
            keep_key(context, context.window_manager.clipboard)
        except TrellisError as error:
            self.report({"ERROR"}, sentence(error.facts))
            return {"CANCELLED"}
        return {"FINISHED"}


def knows_page(cls: Any) -> bool:
    """Whether there is a page to open; the button's tip says why not."""
    if not account_page():
        cls.poll_message_set(phrase("The site of this gateway is not known"))
        return False
    return True


class _OpensPage:
    """An operator that opens the page where keys and credit are."""

    bl_options: ClassVar[Any] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only where the site is known."""
        return knows_page(cls)

    def execute(self, context: bpy.types.Context) -> Any:
        """Hand the address to the browser."""
        bpy.ops.wm.url_open(url=account_page())
        return {"FINISHED"}


class TRELLIS_OT_get_key(_OpensPage, bpy.types.Operator):
    """Open the gateway's site in the browser, where keys are made. A key is shown only once"""

    bl_idname = "trellis.get_key"
    bl_label = "Get a Key"


class TRELLIS_OT_top_up(_OpensPage, bpy.types.Operator):
    """Open the gateway's site in the browser, to add credit or to raise a limit of the key"""

    bl_idname = "trellis.top_up"
    bl_label = "Top Up"


class TRELLIS_OT_test_connection(bpy.types.Operator):
    """Ask the gateway whether key, balance, model and limits are fine. Costs nothing"""

    bl_idname = "trellis.test_connection"
    bl_label = "Test Connection"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Needs a gateway that may be asked, and not twice at once."""
        return not blocked(cls, TEST)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask in the background; in background mode, wait and report."""
        account = Account.get()
        account.test_connection(read_settings(), chosen_model(context))
        if not bpy.app.background:
            return {"FINISHED"}
        account.wait()
        faults = [check for check in account.checks if check.verdict == "fault"]
        if faults or TEST in account.troubles:
            text = faults[0].text if faults else account.troubles[TEST].sentence
            self.report({"ERROR"}, text)
            return {"CANCELLED"}
        self.report({"INFO"}, rpt("The connection works"))
        return {"FINISHED"}


class TRELLIS_OT_refresh_account(bpy.types.Operator):
    """Ask for the balance and look at the library folder again. Costs nothing"""

    bl_idname = "trellis.refresh_account"
    bl_label = "Refresh"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not twice at once."""
        if Account.get().busy(BALANCE):
            cls.poll_message_set(phrase("It is being asked already"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The folder always; the gateway where it may be asked."""
        account, settings = Account.get(), read_settings()
        account.look_at_library(settings)
        account.refresh_balance(settings)
        return finish(self, account, BALANCE, "The balance is fresh")


class TRELLIS_OT_choose_library(bpy.types.Operator):
    """Choose the folder in which generated props are kept"""

    bl_idname = "trellis.choose_library"
    bl_label = "Choose Folder"
    bl_options = {"INTERNAL"}

    directory: bpy.props.StringProperty(
        name="Library Folder",
        description="Where generated props are kept, one folder each",
        subtype="DIR_PATH",
    )
    filter_folder: bpy.props.BoolProperty(
        name="Folders",
        description="The file browser shows folders alone",
        default=True,
        options={"HIDDEN"},
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Not where the environment decides."""
        if os.environ.get(LIBRARY_VARIABLE):
            cls.poll_message_set(phrase(f"The folder comes from the variable {LIBRARY_VARIABLE}"))
            return False
        return has_preferences(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Blender's file browser, at the folder that is set now."""
        here = read_settings().library
        while not here.is_dir() and here != here.parent:
            here = here.parent
        self.directory = f"{here}{os.sep}"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Keep it, and look whether it can be written."""
        own = stored()
        if own is None or not self.directory:
            return {"CANCELLED"}
        own.library = str(Path(bpy.path.abspath(self.directory)))
        context.preferences.is_dirty = True
        account = Account.get()
        account.look_at_library(read_settings())
        if bpy.app.background:
            account.wait()
        return {"FINISHED"}


class TRELLIS_OT_finish_setup(bpy.types.Operator):
    """Leave the first steps and describe the first prop"""

    bl_idname = "trellis.finish_setup"
    bl_label = "Start"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The prompt takes the rows' place."""
        Account.get().welcome = False
        redraw_account()
        return {"FINISHED"}


class TRELLIS_OT_copy_diagnostics(bpy.types.Operator):
    """Copy versions, settings and the last errors to the clipboard, for a bug report. No secrets"""

    bl_idname = "trellis.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """What the account knows already; nothing is asked for it."""
        context.window_manager.clipboard = report_text(Account.get(), chosen_model(context))
        self.report({"INFO"}, rpt("The diagnostics are in the clipboard"))
        return {"FINISHED"}


def draw_help(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Help: an operator that is in no menu is not found by F3."""
    self.layout.separator()
    self.layout.operator("trellis.test_connection", text="Test Trellis Connection")
    self.layout.operator("trellis.copy_diagnostics", text="Copy Trellis Diagnostics")


CLASSES = (
    TRELLIS_OT_paste_key,
    TRELLIS_OT_get_key,
    TRELLIS_OT_top_up,
    TRELLIS_OT_test_connection,
    TRELLIS_OT_refresh_account,
    TRELLIS_OT_choose_library,
    TRELLIS_OT_finish_setup,
    TRELLIS_OT_copy_diagnostics,
)


def register() -> None:
    """Register the operators and their entries in the Help menu."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.TOPBAR_MT_help.append(draw_help)


def unregister() -> None:
    """Take them back."""
    bpy.types.TOPBAR_MT_help.remove(draw_help)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
