# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what prevents a generation, before anything is sent."""

from __future__ import annotations

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
