# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds where nobody has chosen anything. Apart from the values' own classes: the preferences
need these while Blender starts.
"""

from __future__ import annotations

from typing import Final

DEFAULT_BASE_URL: Final = "https://api.aigateway.sh"
DEFAULT_LIMIT_SECONDS: Final = 900.0
DEFAULT_JOBS: Final = 2
PLAIN_HTTP_VARIABLE: Final = "TRELLIS_PLAIN_HTTP"
"""Set to 1: consent to http in a private network."""

LONGEST_TAG: Final = 64
"""Characters."""
