# SPDX-License-Identifier: GPL-3.0-or-later
"""What the time of enabling is spent on: ``python tests/bench/enable_costs.py FOLDER``.

The folder becomes a profile of Blender; the second run counts, when the byte code is written. Every
line is exclusive of the others: milliseconds of this thread, calls, and what was called. Watching
adds about a tenth.
"""

from __future__ import annotations

import builtins
import importlib
import marshal
import os
import sys
import time
from collections.abc import Callable
from importlib import machinery
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PROFILE = Path(sys.argv[1])
sys.dont_write_bytecode = False  # Blender writes it, whatever this shell says
os.environ["BLENDER_USER_RESOURCES"] = str(PROFILE)

import bpy  # noqa: E402,I001

import addon_utils  # noqa: E402
from measure_enable import linked  # noqa: E402

EXTENSION = "bl_ext.user_default.trellis"


class Watch:
    """The calls of some functions, each without the watched ones that it calls."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[int, float]] = {}
        self._inner: list[float] = []

    def watched(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        """The function, with its calls measured."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            start = time.thread_time()
            self._inner.append(0.0)
            try:
                return function(*arguments, **keywords)
            finally:
                took = time.thread_time() - start
                count, own = self.taken.get(label, (0, 0.0))
                self.taken[label] = count + 1, own + took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return call

    def put(self, owner: Any, name: str, label: str) -> None:
        """Watch a function in its place."""
        setattr(owner, name, self.watched(getattr(owner, name), label))


def watch_imports(watch: Watch) -> None:
    """Watch the steps of an import."""
    external: Any = importlib._bootstrap_external
    external.marshal = SimpleNamespace(
        loads=watch.watched(marshal.loads, "byte code: made into code objects"),
        dumps=marshal.dumps,
    )
    watch.put(machinery.SourceFileLoader, "get_data", "byte code: read from its file")
    watch.put(machinery.SourceFileLoader, "get_code", "byte code: the rest, such as its date")
    watch.put(machinery.PathFinder, "find_spec", "modules: found")
    watch.put(machinery.SourceFileLoader, "exec_module", "modules: their code, without classes")


def main() -> None:
    """Enable, and print the table."""
    linked(PROFILE)
    bpy.ops.wm.read_homefile(use_empty=True)
    watch = Watch()
    watch_imports(watch)
    watch.put(builtins, "__build_class__", "classes: their bodies")
    watch.put(bpy.utils, "register_class", "classes: registered")
    enable = watch.watched(addon_utils.enable, "all else: Blender's own, menus, handlers")
    before = set(sys.modules)
    start = time.thread_time()
    enable(EXTENSION, default_set=True)
    whole = (time.thread_time() - start) * 1000
    for label, (count, took) in sorted(watch.taken.items(), key=lambda row: -row[1][1]):
        print(f"{took * 1000:6.2f} {count:4d}  {label}")
    print(f"{whole:6.2f} {len(set(sys.modules) - before):4d}  in all; modules")
    addon_utils.disable_all()


if __name__ == "__main__":
    main()
