# SPDX-License-Identifier: GPL-3.0-or-later
"""The background Blender's side: reads tasks, makes props, until its input closes.

Started as a script, by ``blender --background --python`` or by a Python that has bpy.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO


def main() -> None:
    """Serve until the other side closes the pipe; leave without Blender's own clean-up.

    ``os._exit``: the bpy module of 4.2 crashes and that of 4.5 hangs at interpreter exit when
    an importer has left something registered; nothing here needs a tidy end.
    """
    tasks, replies = _private_pipes()
    _make_importable()
    try:
        _serve(tasks, replies)
    except BaseException:  # noqa: BLE001  (the process's top)
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipe for frames alone: whatever Blender prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return os.fdopen(os.dup(0), "rb"), replies


def _make_importable() -> None:
    """The package's parent instead of this script's folder, whose names are not for import."""
    here = Path(__file__).resolve()
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here.parent]
    sys.path.insert(0, str(here.parents[2]))


def _serve(tasks: BinaryIO, replies: BinaryIO) -> None:
    from trellis_addon.core.errors import TrellisError
    from trellis_addon.importer.convert import convert
    from trellis_addon.importer.messages import BrokenPipeOfFramesError, Task, receive, send

    send(replies, {"ready": True})
    while True:
        try:
            message = receive(tasks)
        except BrokenPipeOfFramesError:
            return

        def say(text: str) -> None:
            send(replies, {"progress": text})

        try:
            made, notes = convert(Task(**message["task"]), say)
            answer: dict[str, Any] = {"made": made, "notes": notes}
        except TrellisError as error:
            facts = error.facts
            answer = {
                "failed": {"kind": facts.kind, "message": facts.message, "detail": facts.detail}
            }
        except Exception as error:  # noqa: BLE001  (one prop's fault must not end the process)
            answer = {
                "failed": {
                    "kind": "importer",
                    "message": "Blender could not make a prop of the model",
                    "detail": f"{type(error).__name__}: {error}\n{traceback.format_exc()}",
                }
            }
        send(replies, answer)


if __name__ == "__main__":
    main()
