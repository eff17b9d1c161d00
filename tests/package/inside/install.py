# SPDX-License-Identifier: GPL-3.0-or-later
"""install.py ZIP: install and enable the zip as Blender's preferences do; tell what happened."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import bpy
from common import answer, heavy_among, module_names, origins, verdict

before = module_names()
result: Any = bpy.ops.extensions.package_install_files(
    filepath=sys.argv[1], repo="user_default", enable_on_install=True
)
answer(
    result=sorted(result),
    check=verdict(),
    heavy=heavy_among(module_names() - before),
    origins=origins(),
)
