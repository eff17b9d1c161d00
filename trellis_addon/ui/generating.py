# SPDX-License-Identifier: GPL-3.0-or-later
"""From the sidebar's properties to jobs: one for each variant, side by side in the scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import bpy

from ..core.errors import InputError
from ..preferences import read_settings
from .finishing import to_finishing
from .preferences_page import method_of
from .properties import TrellisProperties, prompt_of, to_request
from .session import Session

if TYPE_CHECKING:
    from ..core.finishing import Finishing
    from ..core.request import GenerationRequest
    from ..scene.placing import Placement


NO_IMAGE: Final = "The chat endpoint takes no reference image"

UPRIGHT: Final = (1.0, 0.0, 0.0, 0.0)
"""No turn, as a quaternion."""


def start(
    group: TrellisProperties,
    *,
    prompt: str = "",
    at: Sequence[float] | None = None,
    turned: tuple[float, ...] = UPRIGHT,
    at_once: bool = False,
) -> list[str]:
    """Start the jobs that the sidebar asks for: the first now, one more in each tick.

    :param prompt: instead of the sidebar's. :param at: where, instead of the sidebar's place.
    :param turned: how the props are turned, as a quaternion (w, x, y, z).
    :param at_once: all of them now, for a caller who waits for them.
    :returns: the ids of the props; those of the later ones are added as they begin.
    :raises TrellisError: something is missing; then nothing has been sent.
    """
    from ..scene.placing import pinned

    session, settings = Session.get(), read_settings()
    finishing = to_finishing(group.finishing, prompt or prompt_of(group))
    image = _reference(group, settings.gateway.endpoint)
    requests = [
        to_request(group, prompt, variant).model_copy(update={"image_url": image})
        for variant in range(group.count)
    ]
    session.workshop.check(settings, requests[0].model, len(requests))
    metres = likely_metres(finishing)
    # Pinned now: in the ticks to come scene and collection may be renamed.
    where = places(pinned(first_place(group, at, turned)), len(requests), metres)
    ids: list[str] = []
    reference: Any = group.reference
    name = reference.name if reference else ""

    def begin(request: GenerationRequest, place: Placement) -> None:
        job = session.workshop.generate(request, settings, finishing)
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
    """Where the first prop will stand, decided now."""
    from ..scene.placing import at_cursor, at_origin, current_scene

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


def settings_in(scene: bpy.types.Scene | None) -> Any:
    """``Scene.trellis``."""
    return getattr(scene, "trellis")  # noqa: B009  (not in the stubs)


def collection_of(group: Any) -> str:
    """The name of the collection that the sidebar puts props into; "": the active one."""
    return group.collection.name if group.collection else ""


def where_words(group: Any) -> str:
    """Where a dialog's prop will stand; it has no click on a surface to wait for."""
    return "At the world origin" if group.where == "ORIGIN" else "At the 3D cursor"


def likely_metres(finishing: Finishing) -> float:
    """How large a prop is likely to be: its longest side, or its height."""
    return finishing.metres if finishing.size != "received" else 1.0


def places(first: Placement, count: int, metres: float) -> Iterator[Placement]:
    """So many places side by side; one that steps aside finds its own."""
    from ..scene.spots import APART

    x, y, z = first.location
    step = 0.0 if first.aside else APART * metres
    for number in range(count):
        yield replace(first, location=(x + number * step, y, z))


def _reference(group: TrellisProperties, endpoint: str) -> str | None:
    from .reference import data_uri

    image: Any = group.reference
    if image is None:
        return None
    if endpoint == "chat":
        raise InputError(
            NO_IMAGE,
            "Remove the image, or set the endpoint to Automatic in the preferences",
        )
    return data_uri(image)
