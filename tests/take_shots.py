# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the product shots of the documentation: ``take_shots.py [KIND...]``.

The stand-in gateway's meshes become props and are photographed through the command line that users
have, with fewer pixels and samples than it takes by default. Five pictures take some minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from gateway.meshes import make_glb

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
PROPS: Final = {
    "barrel": ("a weathered oak barrel with iron hoops", 0.9),
    "chair": ("a wooden chair", 0.9),
    "sword": ("a medieval sword", 1.0),
    "plant": ("a potted plant", 0.6),
    "lamp": ("a brass desk lamp", 0.5),
}
"""The prompt and the height in metres of each."""
TRIANGLES: Final = 50_000


def main(kinds: list[str]) -> None:
    """Make the props in a library for this time only, and take a picture of each."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "library")
        for kind in kinds or PROPS:
            prompt, height = PROPS[kind]
            model = Path(folder, f"{kind}.glb")
            model.write_bytes(make_glb(prompt, 3, TRIANGLES, 1024))
            trellis("import", model, "--height", height, "--library", library)
        words = ("--output", PICTURES, "--names", "{id}", "--size", "640x480", "--samples", "32")
        trellis("shot", "--all", "--library", library, *words)
        for picture in PICTURES.glob("*-????????.png"):
            picture.replace(picture.with_name(f"{picture.stem[:-9]}.png"))


def trellis(*words: object) -> None:
    """Run a command of the command line."""
    command = [sys.executable, "-m", "trellis_addon", *map(str, words)]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
