# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports mesh files into the library, with the same finishing as generated models: by Object >
Trellis > Import Meshes, or when files are dropped into a 3D view.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...blender_context import OperatorResult, window_manager_of
from ...preferences import read_settings
from ..common.class_registration import registering
from ..common.error_reports import reports_errors
from ..translation.translations import rpt

if TYPE_CHECKING:
    from ...scene.place.placing import Placement

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
    """The point in the scene where files were dropped; None for files chosen otherwise."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for the files, unless they were dropped."""
        if self.directory and self.files:
            self._dropped = _point_under(context, event)
            return self.execute(context)
        window_manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    @reports_errors
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Start a job for each, in a window one in each tick; in background mode wait for them."""
        names = [file.name for file in self.files if file.name]
        if not names:
            self.report({"ERROR"}, rpt("No file is chosen"))
            return {"CANCELLED"}
        paths = [Path(self.directory) / name for name in names]
        ids = start_imports(context, paths, at=self._dropped, at_once=bpy.app.background)
        if not bpy.app.background:
            one = "Preparing 1 prop in the background"
            words = rpt(one if len(names) == 1 else "Preparing {} props in the background")
            self.report({"INFO"}, words.format(len(names)))
            return {"FINISHED"}
        return self._wait(ids)

    def _wait(self, ids: list[str]) -> OperatorResult:
        from ..jobs.session import Session

        session = Session.get()
        good = True
        for prop_id in ids:
            session.wait(prop_id)
            report = session.reports.pop(prop_id)
            self.report({report.level}, report.text)
            good &= report.level == "INFO"
        return {"FINISHED"} if good else {"CANCELLED"}


def _point_under(context: bpy.types.Context, event: bpy.types.Event) -> Sequence[float] | None:
    """The point below the pointer: on a surface, or else on the ground; None over the sky."""
    from ..common.view_under_pointer import view_under

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
    """Start a job for each file: the first now, and one more in each tick of the session.

    :param at: where the first prop is placed, in metres; None for the sidebar's place.
    :param at_once: whether to start all of them now, for a caller that waits for them.
    :returns: the ids of the props. Those of later ones are added when they start.
    :raises TrellisError: the library cannot be written.
    """
    from ...core.files.prop_files import readable
    from ...scene.place.placing import pinned
    from ..jobs.session import Session
    from ..jobs.start_jobs import first_place, places
    from ..settings.finishing_mapping import to_finishing

    session, settings, scene = Session.get(), read_settings(), context.scene
    group: Any = getattr(scene, "trellis")  # noqa: B009  (not in the stubs)
    finishing = to_finishing(group.finishing)
    ids: list[str] = []

    def begin(path: Path, place: "Placement") -> None:
        job = session.workshop.bring_in(path, settings, finishing)
        session.add(job, readable(path.name), place, metres=finishing.metres, did="Import")
        ids.append(job.prop_id)

    # Pinned now, as the scene and the collection may be renamed before the later jobs start.
    where = places(pinned(first_place(group, at)), len(paths), finishing.metres)
    begins = [partial(begin, *each) for each in zip(paths, where, strict=True)]
    session.begin(begins, at_once=at_once)
    return ids


class TRELLIS_FH_meshes(bpy.types.FileHandler):
    """Lets mesh files be dropped into a 3D view. If several file handlers accept a file, Blender
    asks which one to use.
    """

    bl_idname = "TRELLIS_FH_meshes"
    bl_label = "Trellis Prop"
    bl_import_operator = "trellis.import_files"
    bl_file_extensions = ";".join(ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Accept files over a 3D view only."""
        return bool(context.area and context.area.type == "VIEW_3D")


CLASSES: Final = (TRELLIS_OT_import_files, TRELLIS_FH_meshes)


register, unregister = registering(CLASSES)
