# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats the cost of the next prop and the balance, from memory: ``draw`` makes no requests."""

from __future__ import annotations

from typing import Any

import bpy

from ...core.cost import about, limit_warning, money
from ...preferences import read_settings
from ..common.text_layout import draw_lines
from ..translation.translations import iface
from .account import Account


def cost_words(model: str, count: int = 1) -> str:
    """The cost of some props, such as ``about 12 ¢``, by the last cost of this model; "" if it is
    unknown.
    """
    words = about(Account.get().costs.last.get(model), count)
    return iface("about {}").format(words.removeprefix("about ")) if words else ""


def balance_words() -> str:
    """The balance, such as ``$24.79 left``; "" if it is unknown for this gateway and key."""
    balance = Account.get().balance_for(read_settings())
    if balance is None or balance.cents is None:
        return ""
    return iface("{} left").format(balance.words)


def draw_cost(
    layout: Any, context: bpy.types.Context, model: str = "", *, limit_is_told: bool = False
) -> bool:
    """Draw a line below the button: the balance with a refresh button, and the daily limit.

    :param model: the model for which the cost of one prop is shown as well; "" for none.
    :param limit_is_told: whether another text already says that the daily limit is reached.
    :returns: whether there was anything to draw.
    """
    settings, account = read_settings(), Account.get()
    words = [text for text in (cost_words(model) if model else "", balance_words()) if text]
    if words:
        row = layout.row(align=True)
        text = ", ".join(words)
        row.label(text=text[:1].upper() + text[1:])
        row.operator("trellis.refresh_account", text="", icon="FILE_REFRESH", emboss=False)
    limit, spent = settings.daily_limit_cents, account.costs.now
    if limit_is_told:
        return True
    if warning := limit_warning(limit, spent):
        draw_lines(layout, context, warning, "ERROR")
        layout.operator("trellis.preferences", text="Change the Limit", icon="PREFERENCES")
    elif limit:
        row = layout.row()
        row.active = False
        row.label(text=iface("Today {} of {}").format(money(spent), money(limit)))
    return bool(words or limit)
