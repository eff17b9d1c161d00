# SPDX-License-Identifier: GPL-3.0-or-later
"""life.py ZIP NEWER LIBRARY: install, make a prop, disable, update, list and uninstall, in one
session as an artist may do it; tell what was there at each step.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import bpy
from common import MODULE, answer, difference, origins, preferences, registered, verdict

archive, newer, library = sys.argv[1:]
before = registered()
repositories = preferences().extensions.repos
index = next(i for i, one in enumerate(repositories) if one.module == "user_default")
folder = Path(repositories[index].directory) / "trellis"


def install(path: str) -> list[Any]:
    """Install a zip and enable it; Blender's verdict, and the version that is there then."""
    bpy.ops.extensions.package_install_files(
        filepath=path, repo="user_default", enable_on_install=True
    )
    manifest = (folder / "blender_manifest.toml").read_text("utf-8")
    (line,) = (line for line in manifest.splitlines() if line.startswith("version = "))
    return [*verdict(), line.partition('"')[2].rstrip('"')]


def command(*arguments: str) -> int:
    """The exit code of a command of the installed extension."""
    from bl_ext.user_default.trellis.trellis_addon.headless.cli import run_cli

    code: int = run_cli([*arguments, "--library", library])
    return code


facts: dict[str, Any] = {"installed": install(archive)}
facts["generated"] = command("generate", "oak barrel")
facts["origins"] = origins()
bpy.ops.preferences.addon_disable(module=MODULE)
facts["disabled"] = [*verdict(), difference(before, registered())]
facts["updated"] = install(newer)
facts["listed"] = command("list")
bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="trellis")
facts["uninstalled"] = [*verdict(), difference(before, registered()), folder.exists()]
answer(**facts)
