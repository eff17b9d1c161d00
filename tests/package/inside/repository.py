# SPDX-License-Identifier: GPL-3.0-or-later
"""repository.py URL install|update: add a repository as a user does, and install or update."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import bpy
from common import answer

# isort: split
import addon_utils

MODULE = "bl_ext.trellis_test.trellis"
url, wish = sys.argv[1:]

bpy.context.preferences.system.use_online_access = True
repository = bpy.context.preferences.extensions.repos.new(
    name="Trellis", module="trellis_test", remote_url=url
)
synced = bpy.ops.extensions.repo_sync(repo_directory=repository.directory)
if wish == "install":
    done = bpy.ops.extensions.package_install(
        repo_directory=repository.directory, pkg_id="trellis", enable_on_install=True
    )
else:
    done = bpy.ops.extensions.package_upgrade_all()
    addon_utils.enable(MODULE, default_set=True)
manifest = Path(repository.directory) / "trellis" / "blender_manifest.toml"
answer(
    synced=sorted(synced),
    done=sorted(done),
    check=list(addon_utils.check(MODULE)),
    manifest=manifest.read_text("utf-8"),
)
