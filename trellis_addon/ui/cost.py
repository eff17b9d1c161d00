# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next prop will cost, and what is left: from memory alone, never asked in ``draw``."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.cost import about, limit_warning, money
from ..preferences import read_settings
from .account import Account
from .lines import draw_lines
from .translations import iface


def cost_words(model: str, count: int = 1) -> str:
    """``about 12 ¢`` for so many props, from the last cost of this model; "" if not known."""
    words = about(Account.get().costs.last.get(model), count)
    return iface("about {}").format(words.removeprefix("about ")) if words else ""


def balance_words() -> str:
    """``$24.79 left``; "" while it is not known for this gateway and key."""
    balance = Account.get().balance_for(read_settings())
    if balance is None or balance.cents is None:
        return ""
    return iface("{} left").format(balance.words)


def draw_cost(
    layout: Any, context: bpy.types.Context, model: str = "", *, limit_is_told: bool = False
) -> bool:
    """One quiet line below the button: the balance with its refresh, and the day's limit.

    :returns: whether there was anything to draw.
    :param model: to name the cost of one prop too, where the button does not.
    :param limit_is_told: it stands there already that the day's limit is reached.
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
