# SPDX-License-Identifier: GPL-3.0-or-later
"""The background Blender with a ready picture in the place of the rendered one.

A picture is most of a small prop's time, and nothing that the batch could do about it; where it
would hide what is measured, this takes the worker's place.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PIXELS = 256


def plain_picture(_collection: Any, target: Path, _threads: int = 0) -> None:
    """In the place of ``thumbnail.render``."""
    from PIL import Image

    Image.new("RGBA", (PIXELS, PIXELS), (90, 90, 90, 255)).save(target, "PNG")


def main() -> None:
    """Serve as the worker does."""
    sys.path.insert(0, str(ROOT))
    from trellis_addon.importer import worker

    tasks, replies = worker._private_pipes()
    from trellis_addon.importer.prop import picture

    module: Any = picture
    module.render = plain_picture
    worker._serve(tasks, replies)


if __name__ == "__main__":
    main()
