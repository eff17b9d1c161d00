# SPDX-License-Identifier: GPL-3.0-or-later
"""One library, two Blenders: what the newer one wrote, the older one makes for itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import bpy
import environments
import pytest
from gateway.meshes import make_glb
from support import bpy_context
from support.processes import LIMIT_SECONDS, REPOSITORY, Ended, environment, run
from support.prop_files import assert_whole
from support.rooms import PROMPT, Rooms

ENVIRONMENT = environments.Environment("4.2")
OLDER = ENVIRONMENT.python
OWN = "prop-4.2.blend"

pytestmark = [
    pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="4.2 reads what this Blender writes"),
    pytest.mark.skipif(
        not ENVIRONMENT.is_ready(), reason="there is no environment with Blender 4.2"
    ),
]

LOOK = """
import json, sys, bpy
try:
    bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
except RuntimeError as error:  # a library that is gone; the file is open all the same
    print(error)
(shown,) = {o.instance_collection for o in bpy.context.scene.objects if o.instance_collection}
meshes = [o for o in shown.all_objects if o.type == "MESH"]
images = [bpy.path.abspath(i.filepath, library=i.library) for i in bpy.data.images]
missing = [path for path in images if not __import__("os").path.isfile(path)]
facts = {"file": shown.library.filepath, "meshes": len(meshes), "images": len(images)}
facts |= {"missing": missing, "version": bpy.app.version_string}
facts |= {"lost": shown.is_missing, "preview": bool(shown.preview)}
open(sys.argv[2], "w").write(json.dumps(facts))
"""


def older(home: Path, *arguments: Any) -> Ended:
    """Blender 4.2 in a process of its own."""
    done = subprocess.run(
        [str(OLDER), *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LIMIT_SECONDS,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def look(home: Path, scene: Path) -> dict[str, Any]:
    """What 4.2 sees in a scene."""
    report = home / "seen.json"
    report.unlink(missing_ok=True)
    older(home, "-c", LOOK, scene, report)
    facts: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return facts


def test_two_blenders(rooms: Rooms, tmp_path: Path) -> None:
    library = tmp_path / "shared library"
    folder = rooms.downloaded(library, make_glb(PROMPT, 0, 2000, 64), prompt=PROMPT)
    resume = ["-m", "trellis_addon", "resume", "--library", library]
    assert run(resume, tmp_path).code == 0
    folder.update(prop={**folder.read().prop, "of_tomorrow": [1]})
    first, content = assert_whole(folder), folder.blend.read_bytes()
    scene = tmp_path / "tavern.blend"
    place = ["-m", "trellis_addon", "place", folder.id, "--library", library, "--scene", scene]

    done = older(tmp_path, *place)
    assert done.code == 0, done.explain()
    writer = f"{bpy.app.version[0]}.{bpy.app.version[1]}"
    words = f"This prop was made by Blender {writer}; making a version for 4.2 in the background"
    assert words in done.stderr
    record = assert_whole(folder)
    assert folder.blend.read_bytes() == content
    assert {k: v for k, v in record.prop.items() if k != "blends"} == {
        **first.prop,
        "finishing": record.finishing,
    }
    assert record.prop["blends"][OWN]["blender"].startswith("4.2.")
    seen = look(tmp_path, scene)
    assert seen["version"].startswith("4.2.")
    assert Path(seen["file"]).name == OWN
    assert (seen["meshes"] > 0, seen["missing"], seen["lost"]) == (True, [], False)
    # This Blender goes on with its own file, textures included.
    here = tmp_path / "here.blend"
    assert run([*place[:-1], here], tmp_path).code == 0
    bpy.ops.wm.open_mainfile(filepath=str(here))
    assert [Path(one.filepath).name for one in bpy.data.libraries] == ["prop.blend"]
    pictures = [Path(bpy.path.abspath(i.filepath, library=i.library)) for i in bpy.data.images]
    assert pictures
    assert all(path.is_file() for path in pictures)
    # The second time it is there.
    again = older(tmp_path, *place)
    assert again.code == 0, again.explain()
    assert "making a version" not in again.stderr

    # Finished again here, the older one's file is out of date and goes, with its textures.
    finish = ["-m", "trellis_addon", "finish", folder.id, "--library", library, "--height", "2"]
    assert run(finish, tmp_path).code == 0
    record = assert_whole(folder)
    assert not (folder.path / OWN).exists()
    assert "blends" not in record.prop
    assert record.prop["of_tomorrow"] == [1]
    assert look(tmp_path, scene)["lost"] is True
    done = older(tmp_path, *place)
    assert done.code == 0, done.explain()
    assert assert_whole(folder).prop["blends"][OWN]["size_metres"][2] == pytest.approx(2, rel=1e-3)

    # And finished again there, one file is for both.
    done = older(tmp_path, *finish)
    assert done.code == 0, done.explain()
    record = assert_whole(folder)
    assert record.prop["blender"].startswith("4.2.")
    assert not (folder.path / OWN).exists()
    with bpy_context.libraries().load(str(folder.blend), link=True) as (there, _):
        assert there.collections
