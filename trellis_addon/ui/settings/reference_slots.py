# SPDX-License-Identifier: GPL-3.0-or-later
"""The slots for reference images: one for each side of the object, as properties of the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...core.errors import InputError
from ...core.generation.views import FRONT, FURTHER, VIEWS

if TYPE_CHECKING:
    from .properties import TrellisProperties

NO_FRONT: Final = "The picture of the front is missing"
TAKES_ONE: Final = "This model takes one picture"


def slot_of(view: str) -> str:
    """The name of the property that has a view's image."""
    return "reference" if view == FRONT else f"reference_{view}"


def chosen_view(group: TrellisProperties) -> str:
    """The view whose image is chosen and shown in the panel."""
    view: str = group.view
    return view.lower()


def image_in(group: TrellisProperties, view: str) -> Any:
    """The image of a view; None if there is none."""
    return getattr(group, slot_of(view))


def put_image(group: TrellisProperties, view: str, image: Any) -> None:
    """Set the image of a view; None empties its slot."""
    setattr(group, slot_of(view), image)


def views_in(group: TrellisProperties) -> tuple[str, ...]:
    """The views that have an image."""
    return tuple(view for view in VIEWS if image_in(group, view) is not None)


def pictures_of(group: TrellisProperties) -> dict[str, Any]:
    """The images as values of a request: ``image_url`` and ``views``.

    :raises InputError: an image has no picture, or the front has none.
    """
    from .reference_image import data_uri

    found = {view: data_uri(image_in(group, view)) for view in views_in(group)}
    if found and FRONT not in found:
        raise InputError(NO_FRONT, "Choose it, or remove the other sides")
    further = tuple((view, found[view]) for view in FURTHER if view in found)
    return {"image_url": found.get(FRONT), "views": further}
