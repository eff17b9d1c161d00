# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that stands in the way of a generation, found before anything is sent."""

from __future__ import annotations

from ..core.errors import NoKeyError, OfflineError, TrellisError
from ..core.settings import Settings


def obstacle(settings: Settings) -> TrellisError | None:
    """The first thing that is missing: a usable URL, online access, a key. Opens no socket.

    A gateway on this machine needs no online access. The rule is the Blender manual's (Add-ons,
    "Internet access"): an add-on that uses the internet must ask ``bpy.app.online_access``.
    """
    from ..gateway.address import Address

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
    """The sentence for Allow Online Access being off."""
    if settings.online_locked:
        return OfflineError(
            "Blender was started in offline mode",
            "Start Blender without --offline-mode to generate props",
        )
    return OfflineError(
        "Blender is not allowed to go online",
        "Switch on Preferences > System > Network > Allow Online Access",
    )
