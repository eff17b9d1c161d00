# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the extension's page in Preferences > Add-ons. Its fields are in ``preferences.py``."""

import os
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.defaults import PLAIN_HTTP_VARIABLE, WORD_LISTS
from ...core.identity import ADDON_ID
from ...preferences import (
    KEY_VARIABLE,
    LIBRARY_VARIABLE,
    URL_VARIABLE,
    PreferenceFields,
    plain_http_by,
    read_settings,
    stored,
)
from ..common.class_registration import registering
from ..settings.setting_properties import method_items
from ..translation.translations import iface
from .keymap import draw_shortcuts

if TYPE_CHECKING:
    from ...scene.link.methods import Method
    from ..account.account import Account

FOLLOW: Final = "PREFERENCES"
"""The value of the sidebar's Method that means the one in the preferences."""


class TrellisPreferences(PreferenceFields, bpy.types.AddonPreferences):
    """Belongs to the user; nothing of it is ever written into a .blend."""

    bl_idname = ADDON_ID

    method: bpy.props.EnumProperty(
        name="Placing",
        description="How props come into a file whose placing method is Follow Preferences",
        items=method_items(),
        default="LINK",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the account at the top, and the rest in panels that are closed at first."""
        from ..account.account import Account
        from .checklist import draw_test

        account = Account.get()
        account.notice(read_settings())
        self._draw_account(context)
        self._draw_library(context, account)
        column = self.layout.column()
        column.separator()
        draw_test(column.box().column(), context, account, always=True)
        for title, draw in (
            ("Generating", self._draw_generating),
            ("Prompt", self._draw_prompt),
            ("Cost", self._draw_cost),
            ("Network", self._draw_network),
            ("Shortcuts", self._draw_shortcuts),
            ("Support", self._draw_support),
        ):
            layout: Any = self.layout  # the stubs do not know that panel() gives two layouts
            header, body = layout.panel(f"trellis_{title.lower()}", default_closed=True)
            header.label(text=title)
            if body:
                draw(_split(body), context)

    def _draw_account(self, context: bpy.types.Context) -> None:
        column = _split(self.layout)
        row = column.row(align=True)
        row.active = not os.environ.get(KEY_VARIABLE)
        row.prop(self, "api_key")
        row.operator("trellis.paste_key", text="", icon="PASTEDOWN")
        _overridden(column, KEY_VARIABLE)
        field = column.row()
        field.active = not os.environ.get(URL_VARIABLE)
        field.prop(self, "base_url")
        _overridden(column, URL_VARIABLE)

    def _draw_library(self, context: bpy.types.Context, account: "Account") -> None:
        from ..common.text_layout import draw_lines, fitted
        from .checklist import library_problem

        settings = read_settings()
        column = _split(self.layout)
        field = column.row()
        field.active = not os.environ.get(LIBRARY_VARIABLE)
        field.prop(self, "library")
        _overridden(column, LIBRARY_VARIABLE)
        if problem := library_problem(settings, account):
            draw_lines(column, context, problem.sentence, "ERROR")
            column.operator("trellis.refresh_account", text="Try Again", icon="FILE_REFRESH")
        elif not self.library:
            words = iface("Now: {}").format(settings.library)
            _aside(column, fitted(context, words), "FILE_FOLDER")
        column.prop(self, "export_folder")

    def _draw_generating(self, column: Any, _context: bpy.types.Context) -> None:
        column.prop(self, "method")
        if self.default_settings:
            _aside(column, "New files begin with your saved settings")
            column.operator("trellis.restore_factory", icon="LOOP_BACK")
        column.prop(self, "jobs_at_once")
        column.prop(self, "show_boxes")
        column.prop(self, "pointer_progress")
        column.prop(self, "limit_minutes")
        column.prop(self, "endpoint")

    def _draw_prompt(self, column: Any, _context: bpy.types.Context) -> None:
        for listed in WORD_LISTS:
            column.prop(self, f"prompt_{listed.name}")
        _aside(column, "Separate words by commas; Backspace over a field resets it")

    def _draw_cost(self, column: Any, context: bpy.types.Context) -> None:
        from ...core.cost import limit_warning, money
        from ..account.account import Account
        from ..common.text_layout import draw_lines

        column.prop(self, "daily_limit")
        spent, limit = Account.get().costs.now, read_settings().daily_limit_cents
        if warning := limit_warning(limit, spent):
            draw_lines(column, context, warning, "ERROR")
        else:
            today = iface("Today: {}").format(money(spent))
            _aside(column, today if spent else "Nothing was spent today")
        column.prop(self, "tag")

    def _draw_network(self, column: Any, _context: bpy.types.Context) -> None:
        for name in ("proxy", "ca_file", "provider_keys", "plain_http"):
            column.prop(self, name)
        if plain_http_by(os.environ):
            _aside(column, f"The environment variable {PLAIN_HTTP_VARIABLE} allows it", "INFO")
        if read_settings().gateway.plain_http:
            _aside(column, "The key goes in clear text to a gateway with http://", "ERROR")

    def _draw_shortcuts(self, column: Any, context: bpy.types.Context) -> None:
        column.use_property_split = False  # Blender's own rows have their own layout
        draw_shortcuts(column, context)

    def _draw_support(self, column: Any, _context: bpy.types.Context) -> None:
        column.prop(self, "log_level")
        column.separator()
        column.operator("trellis.copy_diagnostics", icon="COPYDOWN")


def method_of(chosen: str) -> "Method":
    """The method for a value of the sidebar's Method, which may refer to the preferences."""
    from ...scene.link.methods import Method

    if chosen != FOLLOW:
        return Method.of(chosen)
    return Method.of(getattr(stored(), "method", Method.LINK))


def _split(layout: Any) -> Any:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def _overridden(column: Any, variable: str) -> None:
    if os.environ.get(variable):
        words = iface("The environment variable {} is used instead").format(variable)
        _aside(column, words, "INFO")


def _aside(column: Any, text: str, icon: str = "BLANK1") -> None:
    """Draw a line below the fields, which have the right part of a split layout."""
    split = column.split(factor=0.4)
    split.label(text="")
    row = split.row()
    row.active = False
    row.label(text=text, icon=icon)


register, unregister = registering([TrellisPreferences])
