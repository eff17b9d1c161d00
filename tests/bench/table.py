# SPDX-License-Identifier: GPL-3.0-or-later
"""``BENCHMARKS.md``: the last table of ``make bench``, in words and with what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from harness import Result

WORDS: Final = {
    "enable_time": "Enabling the extension",
    "enable_to_requests": "Enabling, against `import requests`",
    "first_click_cold": "First click on Generate, nothing loaded",
    "first_click": "First click on Generate, after a look at the panel",
    "session_main_thread_tick": "Longest block in ten generations of 50 k, apart from placing",
    "session_main_thread_gap": "Longest wait for the GIL in ten generations of 50 k",
    "session_main_thread_placing": "Longest block in ten generations of 50 k, with placing",
    "session_click_for_ten_props": "Click for ten props, until all have begun",
    "placing_calls_250k": "Placing calls, 250 k, against Blender's importer",
    "placing_calls_1000k": "Placing calls, 1 M, against Blender's importer",
    "background_import": "Background import without pictures, 250 k, against the bare importer",
    "background_import_with_picture": (
        "Background import with finishing, proxy and picture, 250 k, against the bare importer"
    ),
    "background_import_until_placeable": (
        "Background import until the prop can be placed, 250 k, against the bare importer"
    ),
    "answer_to_placed_prop_250k": "Answer to placed prop with proxy, 250 k, against the importer",
    "answer_to_placed_prop_250k_without_proxy": "Answer to placed prop without proxy, 250 k",
    "memory_of_50_props": "Memory of 50 props of 250 k, proxies shown, against proxies alone",
    "freeze_solid_250k": "Window stops in Solid, 250 k, against the importer",
    "freeze_solid_1000k": "Window stops in Solid, 1 M, against the importer",
    "freeze_solid_1000k_to_50k": "Window stops in Solid, 1 M against 50 k",
    "freeze_material_preview_250k": "Window stops in Material Preview, 250 k, against the importer",
    "freeze_material_preview_1000k": "Window stops in Material Preview, 1 M, against the importer",
    "freeze_material_preview_1000k_to_50k": "Window stops in Material Preview, 1 M against 50 k",
    "redraw_of_50_props": "Redraw of 50 props of 250 k, proxies against full meshes",
    "redraw_with_three_jobs": "Redraw with three jobs, against idle",
    "idle_processor_time": "Processor time of an idle Blender, more than without the extension",
}
"""What each row is, for people."""

_HEAD: Final = """# Benchmarks

The last table of `make bench`, as the script has written it; do not edit it. A ratio is of two
things that were measured in turn in one run, and smaller is better. What is not a ratio depends on
the machine.

"""


def page(results: Sequence[Result], versions: Mapping[str, str], left_out: Sequence[str]) -> str:
    """The file's text.

    :param results: the rows, in order.
    :param versions: what was measured, by name.
    :param left_out: benchmarks of the table that could not run, with the reason.
    """
    told = ", ".join(f"{name} {number}" for name, number in versions.items())
    missed = sum(not result.met for result in results)
    lines = [
        f"Measured with {told}. {len(results)} rows, {missed} of them miss their goal.",
        "",
        "| what | measured | goal | | runs | |",
        "|---|---|---|---|---|---|",
        *map(_row, results),
    ]
    if left_out:
        lines += ["", f"Not measured in this run: {'; '.join(left_out)}."]
    return _HEAD + "\n".join(lines) + "\n"


def _row(result: Result) -> str:
    words = WORDS.get(result.name, result.name.replace("_", " "))
    verdict = "met" if result.met else "**missed**"
    note = result.note.replace("|", "/")
    measured, goal = (f"{number:.3g} {result.unit}" for number in (result.value, result.goal))
    return f"| {words} | {measured} | ≤ {goal} | {verdict} | {result.runs} | {note} |"
