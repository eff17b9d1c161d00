# SPDX-License-Identifier: GPL-3.0-or-later
"""What pictures cost, and why they cannot be made now. For ``draw``: all of it is in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...core.cost import about, over_limit
from ...core.errors import InputError, TrellisError
from ...preferences import read_settings
from ..account.account import Account
from ..translation.translations import iface
from .picture_desk import PictureDesk

if TYPE_CHECKING:
    from ..settings.properties import TrellisProperties
    from .set_facts import SetFacts

DESCRIBE: Final = "Describe the prop first"


def model_of(group: TrellisProperties) -> str:
    """The image model that is going to be asked; "" if the list is not known yet."""
    models = Account.get().picture_models
    return group.pictures.model.strip() or (models.default if models else "")


def cents_of(model: str) -> float | None:
    """The price of one picture: what the last one has cost, else that of the gateway's list."""
    account = Account.get()
    listed = account.picture_models.cents(model) if account.picture_models else None
    return account.costs.last.get(model, listed)


def cost_words(model: str, count: int) -> str:
    """The cost of some pictures, such as ``about 1.2 ¢``; "" if it is not known."""
    words = about(cents_of(model), count)
    return iface("about {}").format(words.removeprefix("about ")) if words else ""


def set_there(group: TrellisProperties, prompt: str) -> SetFacts | None:
    """The set that the settings ask for, if it is in the library and whole: it costs nothing."""
    own, model = group.pictures, model_of(group)
    suffix = " ".join(own.suffix.split()).strip(" ,")
    for each in PictureDesk.get().sets or ():
        if each.asked_by(prompt, suffix, model, own.count) and not each.missing:
            return each
    return None


def reason_against(group: TrellisProperties, prompt: str) -> TrellisError | None:
    """Why no pictures can be made of a prompt now, or None."""
    if not prompt:
        return InputError(DESCRIBE, "")
    if PictureDesk.get().busy:
        return InputError("Pictures are being made", "Wait for them, or cancel them")
    if set_there(group, prompt):
        return None
    return obstacle_to(model_of(group), group.pictures.count)


def obstacle_to(model: str, count: int) -> TrellisError | None:
    """What keeps the gateway from being asked for this number of pictures, or None."""
    from ...engine.preflight import obstacle

    settings = read_settings()
    if missing := obstacle(settings):
        return missing
    each = cents_of(model) or 0.0
    return over_limit(settings.daily_limit_cents, Account.get().costs.now, each * count)
