# SPDX-License-Identifier: GPL-3.0-or-later
"""Enable, disable and uninstall the extension in one session, and tell what is left of it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import bpy
from common import MODULE, answer, difference, enable, preferences, registered

before = registered()
check = enable()
enabled = difference(before, registered())
bpy.ops.preferences.addon_disable(module=MODULE)
disabled = difference(before, registered())

repositories = preferences().extensions.repos
index = next(i for i, repository in enumerate(repositories) if repository.module == "user_default")
folder = Path(repositories[index].directory)

# Commands cannot be listed, but Blender warns when a name is taken.
bpy.utils.unregister_cli_command(bpy.utils.register_cli_command("trellis", lambda argv: 0))

bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="trellis")
answer(
    check=check,
    enabled=enabled,
    disabled=disabled,
    uninstalled=difference(before, registered()),
    folder_left=(folder / "trellis").exists(),
    wheels_left=sorted(p.name for p in folder.parent.glob(".local/**/site-packages/*")),
)
