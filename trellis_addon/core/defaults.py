# SPDX-License-Identifier: GPL-3.0-or-later
"""Default values. They are not in the classes that use them, since the preferences need them while
Blender starts and must not import pydantic for that.
"""

from __future__ import annotations

from typing import Final

DEFAULT_BASE_URL: Final = "https://api.aigateway.sh"
DEFAULT_LIMIT_SECONDS: Final = 900.0
DEFAULT_JOBS: Final = 2
PLAIN_HTTP_VARIABLE: Final = "TRELLIS_PLAIN_HTTP"
"""The environment variable that, set to 1, allows http in a private network."""

LONGEST_TAG: Final = 64
"""The gateway's limit for ``x-aig-tag``, in characters."""
