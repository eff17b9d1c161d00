# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user can do about an error, in the words of the entrance that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class NextStep:
    """One sentence for each entrance, as the same value is set in different places.

    The key, for example, is in the extension's preferences for the window, and in a variable of the
    environment for the command line. Where both do the same, ``command_line`` stays empty.
    """

    window: str = ""
    command_line: str = ""

    @classmethod
    def of(cls, step: NextStep | str) -> NextStep:
        """The step that a plain sentence stands for: the same in both entrances."""
        return step if isinstance(step, NextStep) else cls(step)

    @property
    def at_command_line(self) -> str:
        """The sentence for the command line, which names options and variables only."""
        return self.command_line or self.window

    def changed(self, change: Callable[[str], str]) -> NextStep:
        """The step with the same addition in both wordings."""
        return NextStep(change(self.window), change(self.command_line) if self.command_line else "")


NO_STEP = NextStep()

CHECK_URL = NextStep("Check the gateway URL in the preferences", "Check AIGATEWAY_BASE_URL")
CHECK_PROXY = NextStep(
    "Check the proxy's address in the preferences or in HTTPS_PROXY",
    "Check the proxy's address in HTTPS_PROXY",
)
PROXY_PASSWORD = NextStep(
    "Put them into the proxy's address in the preferences",
    "Put them into the proxy's address in HTTPS_PROXY, as in http://user:password@host:8080",
)
ENDPOINT_OR_URL = NextStep(
    "Set the endpoint to Automatic, or check the gateway URL in the preferences",
    "Use --endpoint auto, or check AIGATEWAY_BASE_URL",
)
