# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's own window, used as a person does: pointer, keys, pictures. Runs inside Blender.

xdotool moves the pointer and presses keys, ImageMagick's `import` takes the pictures, both as
processes beside Blender, so that Blender's event loop is never held up by them. Everything is a
generator: `yield` a number of seconds, or a function to wait for until it gives something true.

No coordinate of a button is written down anywhere: `find` moves the pointer down a region and
asks Blender what lies under it, so a panel may change its looks without breaking a walk.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
import traceback
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import bpy
from support import bpy_context

Pause = float | Callable[[], Any]
Steps = Generator[Pause, None, Any]

WAIT_SECONDS = 240.0
"""For one thing to come true; drawing by the CPU alone may take a minute for a first shader."""


class Ticks:
    """When Blender's timers ran: the measure of whether its event loop is alive."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.times: list[float] = []
        self._seconds = seconds
        self._function = self._tick
        bpy.app.timers.register(self._function, persistent=True)

    def _tick(self) -> float:
        self.times.append(time.monotonic())
        return self._seconds

    def since(self, start: float) -> dict[str, float]:
        """How many ticks there were, and the largest gap between two of them in seconds."""
        times = [t for t in self.times if t >= start]
        gaps = [b - a for a, b in itertools.pairwise(times)]
        return {"ticks": len(times), "largest_gap": round(max(gaps, default=0.0), 3)}


class Window:
    """The first window of Blender and the 3D view in it."""

    def __init__(self, pictures: Path) -> None:
        self._pictures = pictures
        self._corner: tuple[int, int] | None = None
        self._command = ""
        """The button's whole command that was last under the pointer."""
        self.searched = 0.0
        """Seconds that the pointer needed to find what a person sees at once."""

    # --- places

    def area(self, kind: str = "VIEW_3D") -> tuple[Any, Any]:
        """Window and area of the largest area of this kind."""
        found = [
            (window, area)
            for window in bpy_context.window_manager().windows
            for area in window.screen.areas
            if area.type == kind
        ]
        if not found:
            raise LookupError(f"there is no {kind} on the screen")
        return max(found, key=lambda pair: pair[1].width * pair[1].height)

    def shown(self, kind: str) -> bool:
        """Whether there is an area of this kind."""
        windows = bpy_context.window_manager().windows
        return any(area.type == kind for window in windows for area in window.screen.areas)

    def region(self, kind: str = "WINDOW", area: str = "VIEW_3D") -> Any:
        """A region of an area."""
        return next(r for r in self.area(area)[1].regions if r.type == kind)

    def override(self, kind: str = "WINDOW", area: str = "VIEW_3D") -> Any:
        """The context of a region, to call operators or to ask Blender about it."""
        window, found = self.area(area)
        return bpy.context.temp_override(window=window, area=found, region=self.region(kind, area))

    def corner(self, name: str = "") -> Steps:
        """Where the window with this in its title begins on the screen, in pixels."""
        search = ["--onlyvisible", "--name", name] if name else ["--onlyvisible", "--class"]
        text = yield from self.run(
            "xdotool", "search", *search, *([] if name else ["Blender"]), "getwindowgeometry",
            "--shell",
        )  # fmt: skip
        values = dict(line.split("=") for line in text.split() if "=" in line)
        return int(values["X"]), int(values["Y"])

    def box(self, region: Any, area: str = "VIEW_3D", title: str = "") -> Steps:
        """A region's left, top, width and height on the screen. Blender counts y upwards."""
        if title:
            left, top = yield from self.corner(title)
        else:
            if self._corner is None:
                self._corner = yield from self.corner()
            left, top = self._corner
        height = self.area(area)[0].height
        return left + region.x, top + height - region.y - region.height, region.width, region.height

    # --- pointer and keys

    def run(self, *command: object) -> Steps:
        """Run a program beside Blender; gives what it printed."""
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        yield lambda: process.poll() is not None
        out, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{command}: exit code {process.returncode}: {errors}")
        return out

    def move(self, kind: str = "WINDOW", across: float = 0.5, down: float = 0.5) -> Steps:
        """Put the pointer into a region of the 3D view, given as parts of its size."""
        left, top, width, height = yield from self.box(self.region(kind))
        yield from self.run(
            "xdotool", "mousemove", left + int(width * across), top + int(height * down)
        )
        yield 0.3

    def click(self, button: int = 1, times: int = 1) -> Steps:
        """Click where the pointer is."""
        yield from self.run("xdotool", "click", "--repeat", times, "--delay", 60, button)
        yield 0.3

    def drag(self, x: int, y: int, button: int = 2, steps: int = 10) -> Steps:
        """Drag from where the pointer is, in small steps as a hand does."""
        yield from self.run("xdotool", "mousedown", button)
        for _ in range(steps):
            yield from self.run("xdotool", "mousemove_relative", "--", x // steps, y // steps)
            yield 0.05
        yield from self.run("xdotool", "mouseup", button)
        yield 0.1

    def press(self, *keys: str) -> Steps:
        """Press keys by X's names: F3, Return, ctrl+z. They go to what is under the pointer."""
        yield from self.run("xdotool", "key", "--delay", 40, *keys)
        yield 0.4

    def write(self, text: str) -> Steps:
        """Type a text. ASCII only: xdotool loses other letters on some keyboards."""
        yield from self.run("xdotool", "type", "--delay", 25, text)
        yield 0.4

    def drop_file(self, folder: Path, across: float, down: float) -> Steps:
        """Drag the only file of a folder from Blender's File Browser into the 3D view. The place is
        given as parts of the view's size; of several takers, ours is the last in Blender's menu.
        """
        area = self.area("PROPERTIES")[1]
        area.type = "FILE_BROWSER"
        yield 1.0
        area.spaces.active.params.directory = os.fsencode(folder)
        area.spaces.active.params.display_type = "THUMBNAIL"
        area.spaces.active.show_region_toolbar = False
        yield 3.0
        x, y, *_ = yield from self.box(self.region("WINDOW", "FILE_BROWSER"), "FILE_BROWSER")
        left, top, width, height = yield from self.box(self.region("WINDOW"))
        yield from self.run("xdotool", "mousemove", x + 60, y + 40)
        yield 0.5
        yield from self.run("xdotool", "mousedown", 1)
        yield 0.4
        # Slower than a drag of the view: Blender has to see it leave the file and enter the view.
        end = left + int(width * across), top + int(height * down)
        for step in range(1, 21):
            here = [a + (b - a) * step // 20 for a, b in zip((x + 60, y + 40), end, strict=True)]
            yield from self.run("xdotool", "mousemove", *here)
            yield 0.1
        yield 0.5
        yield from self.run("xdotool", "mouseup", 1)
        yield 1.5
        area.type = "PROPERTIES"

    def find(
        self,
        wanted: str,
        area: str = "VIEW_3D",
        kind: str = "UI",
        title: str = "",
        at: float = 0.6,
        told: str = "",
        start: float = 0.0,
    ) -> Steps:
        """Put the pointer on a property's field or an operator's button, from top to bottom.

        :param wanted: the last word of the property's path, or the operator's name.
        :param at: where to look, as a part of the region's width.
        :param told: what the operator's values have to contain, for one of several buttons.
        :param start: how far down to begin, as a part of the region's height.
        :raises LookupError: with all that was seen on the way.
        """
        region = self.region(kind, area)
        left, top, width, height = yield from self.box(region, area, title)
        step = int(8 * bpy_context.preferences().system.ui_scale)
        seen: list[str] = []
        begun = time.monotonic()
        for y in range(top + 4 + int(height * start), top + height - 4, step):
            yield from self.run("xdotool", "mousemove", left + int(width * at), y)
            yield 0.12
            name = self.under(area, kind)
            if name and name not in seen:
                seen.append(name)
            if name.endswith(wanted) and told in self._command:
                # On to its middle: its edge may be shared with the next one.
                yield from self.run("xdotool", "mousemove_relative", "--", 0, step // 2)
                yield 0.3
                self.searched += time.monotonic() - begun
                return
        raise LookupError(f"{wanted} was not found; seen from top to bottom: {seen}")

    def under(self, area: str = "VIEW_3D", kind: str = "UI") -> str:
        """The property or operator under the pointer, as Blender itself names it."""
        self._command = ""
        with self.override(kind, area):
            prop = getattr(bpy.context, "property", None)
            if prop:
                return str(prop[1])
            manager = bpy_context.window_manager()
            manager.clipboard = ""
            copy: Any = bpy.ops.ui.copy_python_command_button
            if copy.poll():
                copy()
            self._command = str(manager.clipboard)
            return self._command.split("(")[0].removeprefix("bpy.ops.")

    def narrow(self, pixels: int = 200) -> Steps:
        """Drag the sidebar's edge until it is about so wide; gives its width before."""
        region = self.region("UI")
        left, top, _, height = yield from self.box(region)
        wide: int = region.width
        # The edge is a few pixels wide, and not at the same place in every version.
        for grip in (0, 7, -3, 3, 10, -6):
            yield from self.run("xdotool", "mousemove", left + grip - 40, top + height // 20)
            yield 0.2
            yield from self.run("xdotool", "mousemove", left + grip, top + height // 20)
            yield 0.3
            yield from self.drag(wide - pixels, 0, button=1, steps=8)
            yield 0.5
            if self.region("UI").width < (wide + pixels) / 2:
                break
        yield from self.move()
        yield 0.8
        return wide

    # --- pictures

    def redraw(self) -> None:
        """Draw everything anew."""
        for window in bpy_context.window_manager().windows:
            for area in window.screen.areas:
                area.tag_redraw()

    def picture(self, name: str, region: Any = None) -> Steps:
        """A picture of the screen, or of one region of the 3D view."""
        crop: list[str] = []
        if region is not None:
            left, top, width, height = yield from self.box(region)
            crop = ["-crop", f"{width}x{height}+{left}+{top}", "+repage"]
        path = self._pictures / f"{name}.png"
        yield from self.run("import", "-window", "root", *crop, path)
        if not path.is_file():
            raise RuntimeError(f"{path} was not written")

    def coloured(self, colours: int = 4000) -> Steps:
        """Wait until a rendered viewport is drawn: Blender tells nobody when its shaders are
        compiled, and shows a grey background until then.
        """
        path, region = self._pictures / "coloured.ppm", self.region()
        end = time.monotonic() + 6 * WAIT_SECONDS
        seen: set[bytes] = set()
        while len(seen) < colours and time.monotonic() < end:
            yield 2.0
            left, top, width, height = yield from self.box(region)
            crop = ("-crop", f"{width // 2}x{height}+{left}+{top}", "+repage")
            yield from self.run("import", "-window", "root", *crop, path)
            pixels = path.read_bytes()
            seen = {pixels[at : at + 3] for at in range(len(pixels) % 3, len(pixels), 3)}
        path.unlink()

    def still(self, pictures: int = 2) -> Steps:
        """Wait until the screen no longer changes: so many pictures equal to the one before."""
        path, last, same = self._pictures / "still.ppm", b"", 0
        end = time.monotonic() + 3 * WAIT_SECONDS
        while same < pictures and time.monotonic() < end:
            yield 0.3
            yield from self.run("import", "-window", "root", path)
            now = path.read_bytes()
            same, last = (same + 1 if now == last else 0), now
        path.unlink()


class Facts:
    """What a walk has seen, step by step; on the disk after every step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._facts: dict[str, Any] = {}

    def note(self, step: str, **facts: Any) -> None:
        """Add to a step's facts."""
        self._facts.setdefault(step, {}).update(facts)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._facts, indent=2, default=str), encoding="utf-8")
        part.replace(self._path)
        print("walk:", step, facts, flush=True)


def play(steps: Steps, failed: Callable[[str], Iterable[Pause]]) -> None:
    """Go through a walk from a timer, while Blender's event loop runs as for a person.

    A walk that fails is told with its traceback; Blender then ends with exit code 3.
    """
    waiting: list[Any] = [None, 0.0]
    current: list[Any] = [steps]

    def tick() -> float | None:
        try:
            if waiting[0] is not None:
                if not waiting[0]():
                    if time.monotonic() < waiting[1]:
                        return 0.02
                    waiting[0] = None
                    current[0].throw(TimeoutError(f"not true after {WAIT_SECONDS:g} s"))
                waiting[0] = None
            pause = next(current[0])
        except StopIteration:
            if current[0] is not steps:
                os._exit(3)
            return None
        except BaseException:
            text = traceback.format_exc()
            print(text, flush=True)
            if current[0] is not steps:
                os._exit(3)
            waiting[0] = None
            current[0] = iter(failed(text))
            return 0.1
        if callable(pause):
            waiting[:] = pause, time.monotonic() + WAIT_SECONDS
            return 0.02
        return float(pause)

    bpy.app.timers.register(tick, first_interval=0.5, persistent=True)
