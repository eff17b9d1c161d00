# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wishes for: pictures of a prompt, like a picture, or once more; and its request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ...core.pictures.chosen_picture import ChosenPicture
    from ...core.pictures.picture_request import PictureRequest
    from ...core.settings import Settings
    from ...library.pictures.picture_library import PictureLibrary
    from ..settings.properties import TrellisProperties


class Wish(NamedTuple):
    """Plain values, which also identify a click."""

    prompt: str = ""
    suffix: str = ""
    model: str = ""
    """Empty: the default of the gateway's list."""
    total: int = 4
    """How many pictures."""
    like: ChosenPicture | None = None
    """The picture that they are to be like."""
    image: str = ""
    """The same as a data URI, for a picture of the user's own."""
    set_id: str = ""
    """An existing set, whose own request is taken instead of the values above."""
    again: bool = False
    """Other pictures of the set's request, instead of those that are missing."""


def wish_of(group: TrellisProperties, prompt: str = "", count: int = 0) -> Wish:
    """The wish for pictures with the sidebar's settings.

    :param prompt: replaces the sidebar's prompt.
    :param count: replaces the sidebar's number; 0 does not.
    """
    from ..settings.properties import prompt_of

    own = group.pictures
    words = prompt or prompt_of(group)
    return Wish(words, own.suffix, own.model.strip(), count or own.count)


def request_of(wish: Wish, model: str, settings: Settings) -> PictureRequest:
    """The request for a wish. Reads the library.

    :param model: the model to take where the wish names none.
    :raises TrellisError: a value cannot be used, or the set or picture is no longer there.
    """
    from ...core.pictures.picture_request import PictureRequest
    from ...library.pictures.picture_library import PictureLibrary
    from ..settings.picture_properties import uri_of

    library = PictureLibrary(settings.library)
    if wish.set_id:
        asked = library.find(wish.set_id).request()
        return _unused(asked, library, settings) if wish.again else asked
    return PictureRequest.checked(
        prompt=wish.prompt,
        suffix=wish.suffix,
        model=wish.model or model,
        count=wish.total,
        source=uri_of(wish.like, settings.library) if wish.like else wish.image or None,
    )


def _unused(asked: PictureRequest, library: PictureLibrary, settings: Settings) -> PictureRequest:
    """The next request of the same that no whole set is of: its pictures are new ones."""
    from ...core.errors import TrellisError
    from ...gateway.http.address import Address
    from ...library.picture_record import RECORD

    base_url = Address.of(settings.gateway).base_url
    while True:
        asked = asked.once_more()
        found = library.set_of(asked, base_url)
        if not (found.path / RECORD).is_file():
            return asked
        try:
            if not found.read().is_done:
                return asked
        except TrellisError:
            continue  # a damaged record: its pictures are not known, so they cannot be continued
