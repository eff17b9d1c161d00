# SPDX-License-Identifier: GPL-3.0-or-later
"""The Library panel with many props, without a window: what Python does in one `draw`.

`measure_gallery.py COUNT` prints a JSON object with times in milliseconds. Blender's own layout
needs a window; `gallery_in_window.py` measures with it.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = "bl_ext.user_default.trellis"
DRAWS = 60


class Nowhere:
    """A layout that draws nothing and takes everything."""

    def __getattr__(self, _name: str) -> Any:
        return self

    def __setattr__(self, _name: str, _value: Any) -> None: ...

    def __call__(self, *_arguments: Any, **_options: Any) -> Any:
        return self


def milliseconds(work: Callable[[], Any], times: int) -> float:
    """The median of some calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def measure(library: Path) -> dict[str, float]:
    """Scans, a search and draws, in a Blender that has the extension enabled."""
    from support import bpy_context

    def room(name: str) -> Any:
        return importlib.import_module(f"{EXTENSION}.trellis_addon.{name}")

    index, panels = room("library.library_index"), room("ui.gallery.prop_panels")
    gallery, ui = room("ui.gallery_data.gallery").Gallery.get(), room("ui.gallery_data.gallery")
    first = index.scan(library)
    gallery.look(library)
    gallery.wait()
    styles = bpy_context.preferences().ui_styles
    context = SimpleNamespace(
        region=SimpleNamespace(width=300, height=900),
        # Without a window, Blender's own scale is 0.
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0), ui_styles=styles),
        window_manager=bpy_context.window_manager(),
        scene=bpy_context.scene(),
    )
    gallery.chosen = first.entries[7].id
    drawn = SimpleNamespace(layout=Nowhere())
    searches = iter(range(DRAWS))

    def search() -> None:
        gallery.shown(ui.GalleryView(search=f"oak barrel {next(searches)}"))

    return {
        "draw": milliseconds(lambda: panels.TRELLIS_PT_library.draw(drawn, context), DRAWS),
        "search": milliseconds(search, DRAWS),
        "scan_all": milliseconds(lambda: index.scan(library), 3),
        "scan_again": milliseconds(lambda: index.scan(library, first), 5),
        "props": len(first.entries),
    }


def main() -> None:
    """In a disposable profile."""
    sys.path.insert(0, str(ROOT / "tests"))
    from gateway.meshes import make_preview
    from support.props_many import write_many

    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        write_many(library, int(sys.argv[1]), make_preview("oak barrel"))
        then = time.time() - 60
        for prop in library.iterdir():
            os.utime(prop, (then, then))
        os.environ["BLENDER_USER_RESOURCES"] = str(Path(folder) / "profile")
        os.environ["TRELLIS_LIBRARY"] = str(library)
        place = Path(folder) / "profile" / "extensions" / "user_default"
        place.mkdir(parents=True)
        (place / "trellis").symlink_to(ROOT, target_is_directory=True)
        import bpy  # noqa: F401  (addon_utils is importable once bpy is)

        # isort: split
        import addon_utils

        addon_utils.enable(EXTENSION, default_set=True)
        result = measure(library)
        addon_utils.disable(EXTENSION, default_set=True)
    print(json.dumps(result), flush=True)
    os._exit(0)  # the bpy modules of 4.2 and 4.5 do not end well


if __name__ == "__main__":
    main()
