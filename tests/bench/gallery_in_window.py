# SPDX-License-Identifier: GPL-3.0-or-later
"""One full draw of the sidebar's tab with many props, in a real window. Run inside a desktop
Blender in which the extension is installed:

    blender --python tests/bench/gallery_in_window.py -- COUNT [COUNT ...]

For each COUNT a library of so many props is made and the tab drawn, pages turned on the way. The
last line printed is a JSON object: for each count the medians of the Library panel's `draw`, of
all the tab's panels together, and of redrawing the whole window, in milliseconds.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import addon_utils
import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import bpy_context
from support.props_many import write_many

EXTENSION = "bl_ext.user_default.trellis"
DRAWS = 40
TAB = "Trellis"


def room(name: str) -> Any:
    """A module of the extension."""
    return importlib.import_module(f"{EXTENSION}.trellis_addon.{name}")


def picture() -> bytes:
    """A small PNG, by Blender itself."""
    image = bpy.data.images.new("picture", 256, 256)
    with tempfile.TemporaryDirectory() as folder:
        image.filepath_raw, image.file_format = str(Path(folder) / "a.png"), "PNG"
        image.save()
        return (Path(folder) / "a.png").read_bytes()


class Watch:
    """Times every `draw` of the tab's panels."""

    def __init__(self) -> None:
        self.one: dict[str, float] = {}
        panels: list[Any] = bpy.types.Panel.__subclasses__()
        for cls in panels:
            if getattr(cls, "bl_category", "") == TAB and "draw" in cls.__dict__:
                cls.draw = self._timed(cls.__name__, cls.draw)

    def _timed(self, name: str, draw: Callable[..., Any]) -> Callable[..., Any]:
        def timed(panel: Any, context: Any) -> None:
            start = time.perf_counter()
            draw(panel, context)
            self.one[name] = self.one.get(name, 0.0) + (time.perf_counter() - start) * 1000

        return timed


def draws(watch: Watch, gallery: Any) -> Iterator[tuple[float, float, float]]:
    """Library panel, all panels, whole window; one page further each time."""
    regions = [
        r for a in bpy_context.window().screen.areas if a.type == "VIEW_3D" for r in a.regions
    ]
    sidebar = next(region for region in regions if region.type == "UI")
    for number in range(DRAWS):
        gallery.page = number % 3
        watch.one.clear()
        sidebar.tag_redraw()
        start = time.perf_counter()
        bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)
        whole = (time.perf_counter() - start) * 1000
        yield watch.one.get("TRELLIS_PT_library", 0.0), sum(watch.one.values()), whole


def measure(watch: Watch, count: int, folder: Path) -> dict[str, float]:
    """One library."""
    gallery = room("ui.gallery_data.gallery").Gallery.get()
    library = folder / str(count)
    library.mkdir()
    write_many(library, count, picture())
    bpy_context.add_on(EXTENSION).library = str(library)
    gallery.look(library)
    gallery.wait()
    if gallery.snapshot.entries:
        gallery.chosen = gallery.snapshot.entries[0].id
    list(draws(watch, gallery))
    gallery.wait()  # the pictures of these pages
    rows = list(draws(watch, gallery))
    panel, tab, window = (statistics.median(column) for column in zip(*rows, strict=True))
    longest = max(row[0] for row in rows)
    return {"panel": panel, "longest": longest, "tab": tab, "window": window}


def main() -> None:
    """Runs from a timer, when the window has been drawn."""
    counts = [int(word) for word in sys.argv[sys.argv.index("--") + 1 :]]
    window = bpy_context.window_manager().windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == "UI")
    region.active_panel_category = TAB
    watch, found = Watch(), {}
    with tempfile.TemporaryDirectory() as folder, bpy.context.temp_override(window=window):
        for count in counts:
            found[count] = measure(watch, count, Path(folder))
    print(json.dumps(found), flush=True)
    bpy.ops.wm.quit_blender()


def begin() -> None:
    """The tab can be chosen once it has been drawn."""
    addon_utils.enable(EXTENSION, default_set=True)
    for area in bpy_context.window_manager().windows[0].screen.areas:
        if area.type == "VIEW_3D":
            area.spaces.active.show_region_ui = True
    bpy.app.timers.register(main, first_interval=3.0)


bpy_context.preferences().view.show_splash = False
bpy.app.timers.register(begin, first_interval=3.0)
