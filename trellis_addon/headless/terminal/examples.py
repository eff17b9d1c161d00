# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples at the end of each command's help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "generate": (
        'trellis generate "weathered oak barrel, iron hoops" --scene props.blend',
        'trellis generate "red mushroom" --count 3 --seed 7 --library props',
        'trellis generate "street lamp" --height 4.2 --for game --output export',
    ),
    "pictures": (
        'trellis pictures "weathered oak barrel" --count 4',
        'trellis pictures "the same with iron hoops" --more-like oak-barrel-0123456789ab:2',
        'trellis pictures "weathered oak barrel" --again --json',
    ),
    "batch": (
        "trellis batch props.csv --check",
        "trellis batch props.csv --dry-run",
        "trellis batch props.csv --jobs 4 --max-cost 20 --report night.jsonl --html night.html",
        "trellis batch props.csv --shard 1/4 --library /mnt/share/props",
    ),
    "resume": ("trellis resume", "trellis resume --library props --timeout 30"),
    "import": (
        "trellis import chair.glb lamp.fbx --library props",
        "trellis import models/ --clean full --triangles 20000",
        "trellis import https://example.com/chair.glb --online-mode",
    ),
    "export": (
        "trellis export oak-barrel-1a2b3c4d --formats glb,usd --output export",
        "trellis export --all --for unreal --output export",
    ),
    "shot": (
        "trellis shot oak-barrel-1a2b3c4d --output shots",
        "trellis shot --all --turntable --output shots",
    ),
    "destinations": ("trellis destinations", "trellis destinations --library props --json"),
    "verify": ("trellis verify", "trellis verify oak-barrel-1a2b3c4d --json"),
    "clean": ("trellis clean", "trellis clean --yes"),
    "finish": (
        "trellis finish oak-barrel-1a2b3c4d --height 0.9 --clean full",
        "trellis finish --all --triangles 20000",
    ),
    "place": (
        "trellis place oak-barrel-1a2b3c4d --scene room.blend --at -1,0,0",
        "trellis place oak-barrel-1a2b3c4d red-mushroom-5e6f7a8b --scene room.blend --append",
    ),
    "report": (
        "trellis report night.jsonl --html night.html",
        'trellis report reports/ --merged all.jsonl --title "Harbour, week 12"',
    ),
    "farm": (
        "trellis farm slurm props.csv --library /mnt/share/props --shards 8 --output job.sh",
        'trellis farm openjd props.csv --library props --batch-options="--jobs 8"',
        "trellis farm flamenco --job-type --output trellis_batch.js",
    ),
    "list": (
        "trellis list",
        "trellis list --ready-for game --ready-for web",
        "trellis list --json",
    ),
    "show": ("trellis show oak-barrel-1a2b3c4d", "trellis show oak-barrel-1a2b3c4d --json"),
    "completion": (
        "trellis completion bash --output trellis.bash",
        "trellis completion powershell --output trellis.ps1",
    ),
    "doctor": ("trellis doctor", "trellis doctor --online-mode --json", "trellis doctor -v"),
}
"""By command. Each runs as it is, with files and props of one's own."""
