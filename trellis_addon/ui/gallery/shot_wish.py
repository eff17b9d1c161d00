# SPDX-License-Identifier: GPL-3.0-or-later
"""What the export queue needs to know to take one product shot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ...core.cancel import CancelToken
from ...core.generation.shot import Shot
from ...importer.pipe.export_client import BlenderProgram
from ...importer.pipe.shot_client import result_path, shoot_prop
from ...library.prop_folder import PropFolder


class ShotWish(NamedTuple):
    """A requested shot, with plain values for its thread."""

    prop_id: str
    folder: PropFolder
    shot: Shot
    target: Path
    stem: str
    blender: BlenderProgram

    @property
    def path(self) -> Path:
        """The picture, the movie, or the folder of pictures to write."""
        return result_path(self.shot, self.target, self.stem)

    @property
    def label(self) -> str:
        """The name of what is written."""
        return self.path.name

    @property
    def key(self) -> str:
        """The path of what is written."""
        return str(self.path)

    def finish(self, ended: Callable[[bool], None]) -> bool:
        """Nothing: the prop is shown as it is."""
        return False

    def run(self, token: CancelToken, say: Callable[[str], None]) -> tuple[Path, str]:
        """Take the shot on the thread; see ``export_wishes.Wish``."""
        taken = shoot_prop(
            self.blender,
            self.folder,
            self.shot,
            self.target,
            stem=self.stem,
            token=token,
            report_status=say,
        )
        return taken.path, ". ".join((f"Rendered {taken.path.name}", *taken.notes))
