# SPDX-License-Identifier: GPL-3.0-or-later
"""from_repository.py URL install|update: add a repository as a user does, and install or update."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import bpy
from common import answer, preferences

# isort: split
import addon_utils

MODULE = "bl_ext.trellis_test.trellis"
url, wish = sys.argv[1:]

preferences().system.use_online_access = True
repository = preferences().extensions.repos.new(
    name="Trellis", module="trellis_test", remote_url=url
)
synced: Any = bpy.ops.extensions.repo_sync(repo_directory=repository.directory)
if wish == "install":
    done: Any = bpy.ops.extensions.package_install(
        repo_directory=repository.directory, pkg_id="trellis", enable_on_install=True
    )
else:
    done = bpy.ops.extensions.package_upgrade_all()
    addon_utils.enable(MODULE, default_set=True)
state: Any = addon_utils.check(MODULE)
manifest = Path(repository.directory) / "trellis" / "blender_manifest.toml"
answer(
    synced=sorted(synced),
    done=sorted(done),
    check=list(state),
    manifest=manifest.read_text("utf-8"),
)
