# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gallery needs of the session: which props are under way here, and starting one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors import InputError
from ..core.finishing import Finishing
from ..preferences import read_settings
from .jobs import record_name
from .preferences_page import method_of
from .session import Session

if TYPE_CHECKING:
    from ..core.request import GenerationRequest
    from ..job.job import Job
    from ..library.folder import PropFolder
    from ..library.record import PropRecord


def jobs_here() -> tuple[str, ...]:
    """The ids of the props that this Blender is working on. For ``draw``."""
    return tuple(running.job.prop_id for running in Session.get().running)


def settings_of(context: bpy.types.Context) -> Any:
    """``Scene.trellis``."""
    return getattr(context.scene, "trellis")  # noqa: B009  (not in the stubs)


def method_now(context: bpy.types.Context) -> str:
    """How a prop is placed, by the sidebar's settings, as ``trellis.place`` takes it."""
    return method_of(settings_of(context).method).name


def go_on(context: bpy.types.Context, folder: PropFolder, record: PropRecord) -> None:
    """Take a prop from where its record stands to the scene.

    :raises LockedError: somebody is working on it.
    """
    job = Session.get().workshop.resume(folder, read_settings())
    finishing = Finishing.from_dict(record.finishing)
    _add(context, job, record_name(record), finishing, record.request.get("image_url"))


def begin(context: bpy.types.Context, request: GenerationRequest, finishing: Finishing) -> str:
    """Generate a prop. This costs credit.

    :returns: the new prop's id.
    :raises TrellisError: something is missing, or the library cannot be written.
    """
    job = Session.get().workshop.generate(request, read_settings(), finishing)
    _add(context, job, request.name or request.prompt, finishing, request.image_url)
    return job.prop_id


def _add(context: bpy.types.Context, job: Job, name: str, finishing: Finishing, sent: Any) -> None:
    """Show the job, with its size and its picture, as Generate does."""
    from .generating import first_place, likely_metres

    group = settings_of(context)
    metres, image = likely_metres(finishing), _image_of(group, sent)
    Session.get().add(job, name, first_place(group, None), metres=metres, image=image)


def _image_of(group: Any, sent: Any) -> str:
    """The sidebar's reference image, where it is the one that was sent; else ""."""
    from .reference import data_uri

    image = group.reference
    try:
        return image.name if sent and image and data_uri(image) == sent else ""
    except InputError:
        return ""
