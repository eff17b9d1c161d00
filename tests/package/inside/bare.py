# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender without the extension: tell which of the bundled packages are in reach."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from common import answer, origins

answer(origins=origins())
