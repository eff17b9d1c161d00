# SPDX-License-Identifier: GPL-3.0-or-later
"""Defines the operators of the checklist and the preferences: key, connection, library, site,
diagnostics.

None of them blocks the window, as everything that takes long is a task of the account.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import bpy

from ...blender_context import OperatorResult, layout_of, preferences_of, window_manager_of
from ...preferences import KEY_VARIABLE, LIBRARY_VARIABLE, key_source, read_settings, stored
from ..common.error_reports import reports_errors
from ..settings.model_properties import chosen_model
from ..translation.translations import phrase, rpt

if TYPE_CHECKING:
    from ..account.account import Account

SITE_VARIABLE: Final = "AIGATEWAY_WEB_URL"
"""The variable for the gateway's website, which the gateway's own command line uses as well."""

OWN_HOST: Final = "api.aigateway.sh"
OWN_SITE: Final = "https://aigateway.sh"


def on_own_gateway() -> bool:
    """Whether the settings name AIgateway itself, and not another gateway."""
    from ...core.errors import TrellisError
    from ...gateway.http.address import Address

    try:
        return Address.of(read_settings().gateway).host == OWN_HOST
    except TrellisError:
        return False


def account_page() -> str:
    """The address of the page for keys, credit and limits; "" if it is unknown.

    The gateway documents a sign-in page, and none for topping up.
    """
    site = os.environ.get(SITE_VARIABLE, "").strip().rstrip("/")
    if not site and on_own_gateway():
        site = OWN_SITE
    return f"{site}/signin" if site.startswith(("https://", "http://")) else ""


def blocked(cls: Any, errand: str) -> bool:
    """Whether the gateway cannot be asked now. The button's tooltip then says why."""
    from ...engine.preflight import obstacle
    from ..account.account import Account

    missing = obstacle(read_settings())
    if missing is None and not Account.get().busy(errand):
        return False
    cls.poll_message_set(phrase(missing.facts.sentence if missing else "It is being asked already"))
    return True


def finish(
    operator: bpy.types.Operator, account: "Account", errand: str, done: str
) -> OperatorResult:
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
    """Store a copied key in the preferences, and test the connection if that is allowed.

    :raises NoKeyError: the text is no key; the previous one stays.
    """
    from ...core.api_key import PREFIX, key_from
    from ...engine.preflight import obstacle
    from ..account.account import Account
    from ..common.redraw import redraw_account

    own = stored()
    if own is None:
        return
    # Other gateways may have keys of any form, so the prefix is only checked for our own.
    own.api_key = key_from(text, prefix=PREFIX if on_own_gateway() else "").reveal()
    # Blender saves the preferences when it quits, if it is told that they have changed.
    preferences_of(context).is_dirty = True
    settings = read_settings()
    if obstacle(settings) is None:
        Account.get().test_connection(settings, chosen_model(context))
    redraw_account()


def has_preferences(cls: Any) -> bool:
    """Whether there are preferences for a setting. If not, the button's tooltip says why."""
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
        """Require preferences, and that no environment variable overrides them."""
        if key_source() == "environment":
            cls.poll_message_set(
                phrase(f"The key comes from the environment variable {KEY_VARIABLE}")
            )
            return False
        return has_preferences(cls)

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Check its shape, keep it, ask the gateway where that is allowed."""
        keep_key(context, window_manager_of(context).clipboard)
        return {"FINISHED"}


def knows_page(cls: Any) -> bool:
    """Whether there is a page to open. If not, the button's tooltip says why."""
    if not account_page():
        cls.poll_message_set(phrase("The site of this gateway is not known"))
        return False
    return True


class _OpensPage:
    """An operator that opens the page for keys and credit."""

    bl_options: ClassVar[Any] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Require that the site is known."""
        return knows_page(cls)

    def execute(self, context: bpy.types.Context) -> Any:
        """Open the page in the browser."""
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
        """Require a gateway that may be asked, and that no test is running."""
        from ..account.account import TEST

        return not blocked(cls, TEST)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Ask in the background; in background mode, wait and report."""
        from ..account.account import TEST, Account

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
        """Require that the balance is not being asked for already."""
        from ..account.account import BALANCE, Account

        if Account.get().busy(BALANCE):
            cls.poll_message_set(phrase("It is being asked already"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """The folder always; the gateway where it may be asked."""
        from ..account.account import BALANCE, Account

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
        """Require preferences, and that no environment variable overrides them."""
        if os.environ.get(LIBRARY_VARIABLE):
            cls.poll_message_set(phrase(f"The folder comes from the variable {LIBRARY_VARIABLE}"))
            return False
        return has_preferences(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Blender's file browser, at the folder that is set now."""
        here = read_settings().library
        # The library is only created with the first prop, so the nearest existing parent is used.
        while not here.is_dir() and here != here.parent:
            here = here.parent
        self.directory = f"{here}{os.sep}"
        window_manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Keep it, and look whether it can be written."""
        from ..account.account import Account

        own = stored()
        if own is None or not self.directory:
            return {"CANCELLED"}
        own.library = str(Path(bpy.path.abspath(self.directory)))
        preferences_of(context).is_dirty = True
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

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """The prompt takes the rows' place."""
        from ..account.account import Account
        from ..common.redraw import redraw_account

        Account.get().welcome = False
        redraw_account()
        return {"FINISHED"}


class TRELLIS_OT_copy_diagnostics(bpy.types.Operator):
    """Copy versions, settings and the last errors to the clipboard, for a bug report. No secrets"""

    bl_idname = "trellis.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """What the account knows already; nothing is asked for it."""
        from ..account.account import Account
        from ..account.diagnostics import report_text

        window_manager_of(context).clipboard = report_text(Account.get(), chosen_model(context))
        self.report({"INFO"}, rpt("The diagnostics are in the clipboard"))
        return {"FINISHED"}


def draw_help(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Help: an operator that is in no menu is not found by F3."""
    layout_of(self).separator()
    layout_of(self).operator("trellis.test_connection", text="Test Trellis Connection")
    layout_of(self).operator("trellis.copy_diagnostics", text="Copy Trellis Diagnostics")


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
    """Remove the menu entries, and unregister the operators."""
    bpy.types.TOPBAR_MT_help.remove(draw_help)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
