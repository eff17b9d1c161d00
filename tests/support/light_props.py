# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a prop of ``model.glb`` in a folder: ``light_props.py FOLDER FINISHING [early|later]``.

FINISHING is JSON. Without a third argument, no picture is taken. ``early``: it is taken after the
prop was announced; the process fails if the light file did not match then. ``later``: it is taken
by a task of its own.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bpy

from trellis_addon.core.files.light_files import light_file
from trellis_addon.importer.pipe.messages import PictureTask, Task
from trellis_addon.importer.prop.convert import convert
from trellis_addon.importer.prop.picture import take_picture


def main() -> None:
    """Make it."""
    folder, finishing, order = sys.argv[1:]
    task = Task(
        folder=folder,
        name="Ball",
        prompt="ball",
        finishing=json.loads(finishing),
        provenance={"id": Path(folder).name},
        early=order == "early",
        picture="take" if order == "early" else "leave",
    )
    told = []

    def usable(*_: Any) -> None:
        told.append(light_file(Path(folder) / task.blend, bpy.app.version))

    convert(task, lambda _: None, usable)
    assert all(told), "no light file when the prop was announced"
    assert len(told) == (order == "early")
    if order == "later":
        take_picture(
            PictureTask(**asdict(replace(task, picture="take")), collection="Ball"), lambda _: None
        )
    sys.stdout.flush()
    os._exit(0)  # 4.2 and 4.5 do not always end by themselves


if __name__ == "__main__":
    main()
