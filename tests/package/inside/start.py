# SPDX-License-Identifier: GPL-3.0-or-later
"""A later start of Blender with the extension installed: enable it, and tell what that imported."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from common import answer, enable, heavy_among, module_names, origins

before = module_names()
check = enable()
answer(check=check, heavy=heavy_among(module_names() - before), origins=origins())
