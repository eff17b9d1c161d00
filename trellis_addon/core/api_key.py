# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleans up an API key as people copy it: with quotes, a variable's name, or a line break."""

from __future__ import annotations

import re
from typing import Final

from .errors import NoKeyError
from .secret import Secret

PREFIX: Final = "sk-aig-"
"""Every AIgateway key begins like this, including those of sub-accounts (its command line checks
it)."""

SHORTEST: Final = 12
LONGEST: Final = 512

# What stands before a key that was copied from a shell profile, a .env file or a curl command:
# export AIGATEWAY_API_KEY="...", Authorization: Bearer ...
_BEFORE: Final = re.compile(
    r"^(?:export\s+)?(?:\w*KEY\s*[=:]\s*)?(?:Authorization:\s*)?[\"'`]?(?:Bearer\s+)?[\"'`]?",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(r"[\"'`;,]+$")


def key_from(text: str, *, prefix: str = PREFIX) -> Secret:
    """Extract the key from a copied text.

    :param prefix: what the key has to begin with; "" for a gateway whose keys have an unknown form.
    :raises NoKeyError: it is not a key. The message never repeats the text, which may be a
        password.
    """
    key = _AFTER.sub("", _BEFORE.sub("", text.strip())).strip()
    if not key:
        raise NoKeyError("The clipboard holds no text", "Copy the key on the gateway's site first")
    if prefix and not key.startswith(prefix):
        raise NoKeyError(
            f"What was copied is no AIgateway key: those begin with {prefix}",
            "Copy the key on the gateway's site, then paste it again",
        )
    odd = any(not c.isascii() or not c.isprintable() or c.isspace() for c in key)
    if odd or not SHORTEST <= len(key) <= LONGEST:
        raise NoKeyError(
            "What was copied does not look like a whole key",
            "Copy the key alone, from its first letter to its last",
        )
    return Secret(key)
