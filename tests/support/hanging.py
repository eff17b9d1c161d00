# SPDX-License-Identifier: GPL-3.0-or-later
"""A background Blender that hangs while it reads its model, on every system.

Python imports `sitecustomize` by itself where its folder is on PYTHONPATH; an audit hook (PEP 578)
then sees that the model is opened. The product knows nothing of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from support.processes import REPOSITORY

WAITS: Final = "time.sleep(3600)"
"""Its other threads go on."""

HOLDS_THE_LOCK: Final = (
    "ctypes.PyDLL('kernel32').Sleep(3600_000) if os.name == 'nt'"
    " else ctypes.PyDLL(None).sleep(3600)"
)
"""As C code that never gives Python's lock back: no other thread of the process runs."""

HOOK: Final = """
import ctypes, os, sys, time
def hook(event, arguments):
    if event == "open" and os.path.basename(str(arguments[0])) == "model.glb":
        open({reached!r}, "wb").close()
        {hang}
if any("worker.py" in argument for argument in sys.orig_argv):
    sys.addaudithook(hook)
"""


def python_path(folder: Path, hang: str) -> str:
    """The PYTHONPATH with which a background Blender hangs at its model.

    :param folder: where the hook is written, and a file `reached` appears once it hangs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hook = HOOK.format(hang=hang, reached=str(folder / "reached"))
    (folder / "sitecustomize.py").write_text(hook, "utf-8")
    return os.pathsep.join(map(str, (folder, REPOSITORY, REPOSITORY / "tests")))
