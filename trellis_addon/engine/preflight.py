# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what prevents a generation, before anything is sent."""

from __future__ import annotations

from collections.abc import Collection

from ..core.cost import over_limit
from ..core.errors import NoKeyError, OfflineError, TrellisError
from ..core.next_step import NextStep
from ..core.settings import Settings


def obstacle(settings: Settings) -> TrellisError | None:
    """The first requirement that is missing: a usable URL, online access, or a key. Opens no
    socket.

    A gateway on this computer needs no online access. The Blender manual (Add-ons, "Internet
    access") requires add-ons that use the internet to check ``bpy.app.online_access``.
    """
    from ..gateway.http.address import Address

    # The URL first, as it decides whether online access is needed at all.
    try:
        address = Address.of(settings.gateway)
    except TrellisError as error:
        return error
    if not settings.online_access and not address.loopback:
        return offline(settings)
    if not settings.gateway.key:
        return NoKeyError("There is no API key for the gateway")
    return None


def check(
    settings: Settings,
    model: str,
    count: int,
    *,
    asking: Collection[str] = (),
    price_cents: float | None = None,
) -> None:
    """Check that this number of props or pictures can be requested now, before the first one is.

    :param asking: the ids of props under way, which count with the model's last price.
    :param price_cents: the price of one by the gateway's list, while none of the model was paid
        for. Without it, the limit cannot stop the first one.
    :raises TrellisError: a requirement is missing, such as space on the disk, or the day's cost
        limit would be exceeded.
    """
    from ..library.disk.free_space import check_space

    check_space(settings.library)
    missing = obstacle(settings) or _over_limit(settings, model, count, asking, price_cents or 0.0)
    if missing:
        raise missing


def _over_limit(
    settings: Settings, model: str, count: int, asking: Collection[str], price_cents: float
) -> TrellisError | None:
    if settings.daily_limit_cents <= 0:
        return None
    from ..library.cost_ledger import Ledger

    ledger = Ledger(settings.library)
    each = ledger.costs().last.get(model, price_cents)
    untold = ledger.untold(asking) if asking else 0
    return over_limit(settings.daily_limit_cents, ledger.spent(), each * (count + untold))


def offline(settings: Settings) -> OfflineError:
    """The error for Allow Online Access being off."""
    # With --offline-mode, the preference is read-only, so advice about it would not help.
    if settings.online_locked:
        return OfflineError(
            "Blender was started in offline mode",
            "Start Blender without --offline-mode to generate props",
        )
    return OfflineError(
        "Blender is not allowed to go online",
        NextStep(
            "Switch on Preferences > System > Network > Allow Online Access", "Add --online-mode"
        ),
    )
