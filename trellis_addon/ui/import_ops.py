# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes that are on this disk already: into the library, with the same finishing as generated
ones. By Object > Trellis > Import Meshes, or dropped into a 3D view.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpy

from ..core.errors import TrellisError
from ..core.files import readable
from ..preferences import read_settings
from .finishing import to_finishing
from .registering import registering
from .session import Session
from .translations import rpt, sentence

if TYPE_CHECKING:
    from ..scene.placing import Placement

ENDINGS: Final = (
    *(".glb", ".gltf", ".obj", ".fbx", ".ply", ".stl"),
    *(".usd", ".usda", ".usdc", ".usdz", ".zip"),
)


class TRELLIS_OT_import_files(bpy.types.Operator):
    """Take mesh files into the library, prepare them like generated props, and place them"""

    bl_idname = "trellis.import_files"
    bl_label = "Import Meshes as Props"
    bl_options = {"REGISTER"}

    directory: bpy.props.StringProperty(
        name="Folder", description="Where the files are", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )
    files: bpy.props.CollectionProperty(
        name="Files",
        description="The names of the files in that folder",
        type=bpy.types.OperatorFileListElement,
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(
        name="Filter",
        description="Which files the file browser shows",
        default=";".join(f"*{ending}" for ending in ENDINGS),
        options={"HIDDEN"},
    )

    _dropped: Sequence[float] | None = None
    """Where in the scene; None for files that were chosen otherwise."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for the files, unless they were dropped."""
        if self.directory and self.files:
            self._dropped = _point_under(context, event)
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start a job for each, in a window one in each tick; in background mode wait for them."""
        names = [file.name for file in self.files if file.name]
        if not names:
            self.report({"ERROR"}, rpt("No file is chosen"))
            return {"CANCELLED"}
        try:
            paths = [Path(self.directory) / name for name in names]
            ids = start_imports(context, paths, at=self._dropped, at_once=bpy.app.background)
        except TrellisError as error:
            self.report({"ERROR"}, sentence(error.facts))
            return {"CANCELLED"}
        if not bpy.app.background:
            words = rpt("Preparing {} props in the background")
            self.report({"INFO"}, words.format(len(names)))
            return {"FINISHED"}
        return self._wait(ids)

    def _wait(self, ids: list[str]) -> set[str]:
        session = Session.get()
        good = True
        for prop_id in ids:
            session.wait(prop_id)
            report = session.reports.pop(prop_id)
            self.report({report.level}, report.text)
            good &= report.level == "INFO"
        return {"FINISHED"} if good else {"CANCELLED"}


def _point_under(context: bpy.types.Context, event: bpy.types.Event) -> Sequence[float] | None:
    """What the pointer is over: a surface, else the ground; None over the sky."""
    from .views import view_under

    view = view_under(context, event.mouse_x, event.mouse_y)
    hit = view.hit(context, event.mouse_x, event.mouse_y) if view else None
    return hit.location.to_tuple() if hit else None


def start_imports(
    context: bpy.types.Context,
    paths: Sequence[Path],
    *,
    at: Sequence[float] | None = None,
    at_once: bool = False,
) -> list[str]:
    """A job for each file: the first now, one more in each tick of the session.

    :param at: where the first prop is to stand, metres; None: the sidebar's place.
    :param at_once: all of them now, for a caller who waits for them.
    :returns: the ids of the props; those of the later ones are added as they begin.
    :raises TrellisError: the library cannot be written.
    """
    from ..scene.placing import pinned
    from .generating import first_place, places

    session, settings, scene = Session.get(), read_settings(), context.scene
    group: Any = getattr(scene, "trellis")  # noqa: B009  (not in the stubs)
    finishing = to_finishing(group.finishing)
    ids: list[str] = []

    def begin(path: Path, place: Placement) -> None:
        job = session.workshop.bring_in(path, settings, finishing)
        session.add(job, readable(path.name), place, metres=finishing.metres, did="Import")
        ids.append(job.prop_id)

    # Pinned now: in the ticks to come scene and collection may be renamed.
    where = places(pinned(first_place(group, at)), len(paths), finishing.metres)
    begins = [partial(begin, *each) for each in zip(paths, where, strict=True)]
    session.begin(begins, at_once=at_once)
    return ids


class TRELLIS_FH_meshes(bpy.types.FileHandler):
    """Lets mesh files be dropped into a 3D view; Blender asks when others want them too."""

    bl_idname = "TRELLIS_FH_meshes"
    bl_label = "Trellis Prop"
    bl_import_operator = "trellis.import_files"
    bl_file_extensions = ";".join(ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only over a 3D view."""
        return bool(context.area and context.area.type == "VIEW_3D")


CLASSES: Final = (TRELLIS_OT_import_files, TRELLIS_FH_meshes)


register, unregister = registering(CLASSES)
