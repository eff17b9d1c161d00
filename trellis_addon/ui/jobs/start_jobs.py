# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes jobs from the sidebar's properties: one for each variant, side by side in the scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...core.errors import InputError
from ...core.generation.finishing import Finishing
from ...preferences import read_settings
from ..settings.finishing_mapping import to_finishing
from ..settings.picture_properties import chosen_of, uri_of
from ..settings.properties import (
    TrellisProperties,
    collection_of,
    prompt_of,
    settings_in,
    to_request,
)
from ..setup.preferences_page import method_of
from .job_state import record_name
from .session import Session

if TYPE_CHECKING:
    from ...core.generation.finishing import Finishing
    from ...core.generation.request import GenerationRequest
    from ...core.pictures.chosen_picture import ChosenPicture
    from ...core.settings import Settings
    from ...job.job import Job
    from ...library.prop_folder import PropFolder
    from ...library.record import PropRecord
    from ...scene.place.placing import Placement


NO_IMAGE: Final = "The chat endpoint takes no reference image"

UPRIGHT: Final = (1.0, 0.0, 0.0, 0.0)
"""No rotation, as a quaternion."""

WHERE: Final = {
    "CURSOR": "At the 3D cursor",
    "EXACT": "Exactly at the 3D cursor",
    "ORIGIN": "At the world origin",
    "SURFACE": "Where you click next",
}
"""Where the prop will be placed, by the value of the sidebar's Place."""


def start(
    group: TrellisProperties,
    *,
    prompt: str = "",
    at: Sequence[float] | None = None,
    turned: tuple[float, ...] = UPRIGHT,
    at_once: bool = False,
) -> list[str]:
    """Start the jobs that the sidebar asks for: the first now, and one more in each tick.

    :param prompt: replaces the sidebar's prompt.
    :param at: the location, which replaces the sidebar's place.
    :param turned: the rotation of the props, as a quaternion (w, x, y, z).
    :param at_once: whether to start all of them now, for a caller that waits for them.
    :returns: the ids of the props. Those of later ones are added when they start.
    :raises TrellisError: something is missing; nothing has been sent.
    """
    from ...scene.place.placing import pinned

    session, settings = Session.get(), read_settings()
    finishing = to_finishing(group.finishing, prompt or prompt_of(group))
    # Encoded once for all variants, as that can take half a second.
    chosen = chosen_of(group.pictures, prompt or prompt_of(group))
    pictures = _pictures(group, settings, chosen)
    requests = [
        to_request(group, prompt, variant).model_copy(update=pictures)
        for variant in range(group.count)
    ]
    # For all of them together, as the daily limit may allow only some of the variants.
    session.workshop.check(settings, requests[0].model, len(requests))
    metres = likely_metres(finishing)
    # Pinned now, as the scene and the collection may be renamed before the later jobs start.
    where = places(pinned(first_place(group, at, turned)), len(requests), metres)
    ids: list[str] = []
    reference: Any = group.reference
    name = reference.name if reference and not chosen else ""

    def begin(request: GenerationRequest, place: Placement) -> None:
        job = session.workshop.generate(request, settings, finishing, chosen)
        session.add(job, request.name or request.prompt, place, metres=metres, image=name)
        ids.append(job.prop_id)

    begins = [partial(begin, *each) for each in zip(requests, where, strict=True)]
    session.begin(begins, at_once=at_once)
    return ids


def first_place(
    group: TrellisProperties,
    at: Sequence[float] | None = None,
    turned: tuple[float, ...] = UPRIGHT,
) -> Placement:
    """Where the first prop will be placed, by the current state of the scene."""
    from ...scene.place.placing import at_cursor, at_origin, current_scene

    scene = current_scene()
    method = method_of(group.method)
    place = at_origin(scene, method=method)
    if at is not None:
        x, y, z = at
        a, b, c, d = turned
        place = replace(place, location=(x, y, z), rotation=(a, b, c, d))
    elif group.where != "ORIGIN":
        place = replace(at_cursor(scene, method=method), aside=group.where != "EXACT")
    return replace(place, collection=collection_of(group))


def where_words(group: Any) -> str:
    """Where the prop of a dialog will be placed. A dialog cannot wait for a click on a surface."""
    return WHERE["CURSOR" if group.where == "SURFACE" else group.where]


def likely_metres(finishing: Finishing) -> float:
    """The likely size of a prop in metres: its longest side, or its height."""
    return finishing.metres if finishing.size != "received" else 1.0


def places(first: Placement, count: int, metres: float) -> Iterator[Placement]:
    """Places side by side for a number of props, unless each of them finds a free place itself."""
    from ...scene.place.free_spots import APART

    x, y, z = first.location
    step = 0.0 if first.aside else APART * metres
    for number in range(count):
        yield replace(first, location=(x + number * step, y, z))


def _pictures(
    group: TrellisProperties, settings: Settings, chosen: ChosenPicture | None
) -> dict[str, Any]:
    """The chosen picture of a set, or else the reference images."""
    from ..settings.reference_slots import pictures_of, views_in

    if (chosen or views_in(group)) and settings.gateway.endpoint == "chat":
        raise InputError(
            NO_IMAGE,
            "Remove the image, or set the endpoint to Automatic in the preferences",
        )
    if chosen:
        return {"image_url": uri_of(chosen, settings.library), "views": ()}
    return pictures_of(group)


def go_on(context: bpy.types.Context, folder: PropFolder, record: PropRecord) -> None:
    """Resume a prop from the state in its record, and place it in the scene.

    :raises LockedError: another process is working on it.
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
    group = settings_in(context.scene)
    metres, image = likely_metres(finishing), _image_of(group, sent)
    Session.get().add(job, name, first_place(group, None), metres=metres, image=image)


def _image_of(group: Any, sent: Any) -> str:
    """The name of the sidebar's reference image if it is the one that was sent, or else ""."""
    from ..settings.reference_image import data_uri

    image = group.reference
    try:
        return image.name if sent and image and data_uri(image) == sent else ""
    except InputError:
        return ""
