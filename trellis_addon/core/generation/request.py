# SPDX-License-Identifier: GPL-3.0-or-later
"""The request for one prop: built by the window or the command line, and read by every package."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from ..errors import InvalidRequestError
from .declaration import Setting
from .request_settings import MAX_TOKENS, MODEL_ID, SEED, SYSTEM, TEMPERATURE, TOP_P
from .views import FURTHER

FurtherView = Literal["back", "left", "right"]
"""One of ``views.FURTHER``."""
Scalar = bool | int | float | str
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _declared(setting: Setting) -> Any:
    """A field with the default and the bounds of its declaration."""
    low, high = setting.bounds or (None, None)
    return Field(default=setting.default, ge=low, le=high)


class GenerationRequest(BaseModel):
    """One generation: validated, frozen, without anything of bpy inside."""

    # No infinity and no NaN: JSON has neither, so such a request could not be sent.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # pydantic strips the spaces at both ends, so that they do not change the key of a batch's item.
    prompt: Words
    """What the prop is, in words. TRELLIS reads about 77 tokens."""
    model: Words = _declared(MODEL_ID)
    """The gateway's id of the model. Always sent: without it the gateway picks a text model."""
    system: str | None = _declared(SYSTEM)
    """A system message in front of the prompt; None sends none."""
    temperature: float = _declared(TEMPERATURE)
    top_p: float = _declared(TOP_P)
    max_tokens: int = _declared(MAX_TOKENS)
    seed: int | None = _declared(SEED)
    """Same seed, same prop, as far as the model keeps to it; None lets the model choose."""
    image_url: str | None = None
    """A reference image, as an https URL or a data URI: the front, if there are further views."""
    views: tuple[tuple[FurtherView, str], ...] = ()
    """Pictures of the same object from other sides, in the order of ``views.FURTHER``."""
    parameters: tuple[tuple[str, Scalar], ...] = ()
    """The host's own parameters (texture_size, mesh_simplify ...). They are sent unchanged to the
    jobs endpoint, and left out if the model refuses them."""
    name: str | None = Field(default=None, max_length=200)
    """The prop's name in Blender; None derives it from the prompt."""

    @field_validator("image_url")
    @classmethod
    def _image(cls, value: str | None) -> str | None:
        if value:
            _check_picture(value)
        return value or None

    @field_validator("views")
    @classmethod
    def _views(
        cls, value: tuple[tuple[FurtherView, str], ...], info: ValidationInfo
    ) -> tuple[tuple[FurtherView, str], ...]:
        for _, url in value:
            _check_picture(url)
        if len(dict(value)) < len(value):
            raise ValueError("a side is there twice")
        if value and not info.data.get("image_url"):
            raise ValueError("the picture of the front is missing")
        # The order in which they were given means nothing, and must not change the key.
        return tuple(sorted(value, key=lambda view: FURTHER.index(view[0])))

    @property
    def pictures(self) -> tuple[str, ...]:
        """All pictures of the object, the front first."""
        return (self.image_url, *(url for _, url in self.views)) if self.image_url else ()

    def to_dict(self) -> dict[str, Any]:
        """The values for a record. Without further views there is no such field, as in the records
        of versions that did not know them.
        """
        return self.model_dump(exclude=None if self.views else {"views"})

    @classmethod
    def checked(cls, **values: Any) -> GenerationRequest:
        """Build a request from a user's values.

        :raises InvalidRequestError: with the field's name and the reason in words.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            # "from None": pydantic's error quotes the input, such as a whole picture, and a
            # traceback may end up in a bug report.
            raise refused(error) from None


def _check_picture(url: str) -> None:
    if not url.startswith(("https://", "data:image/")):
        raise ValueError("write an https URL or choose a picture file")


def refused(error: ValidationError) -> InvalidRequestError:
    """The error for the user: the first fault alone, as a report is one sentence."""
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else "request"
    return InvalidRequestError(field, _sentence(field, first))


def _sentence(field: str, fault: Any) -> str:
    if field == "views":
        words = fault.get("ctx", {}).get("error", "its sides are back, left and right")
        return f"The list of views is not usable: {words}"
    label = field.replace("_", " ")
    context = fault.get("ctx", {})
    match fault["type"]:
        case "string_too_short" | "missing":
            return f"The {label} is empty"
        case "greater_than_equal":
            return f"The {label} must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"The {label} must be at most {context['le']:g}"
        case "string_too_long":
            return f"The {label} is longer than {context['max_length']} characters"
        case "extra_forbidden":
            return f"There is no setting called {label}"
        case "value_error":
            return f"The {label} is not usable: {context['error']}"
        case _:
            return f"The {label} is not usable: {fault['msg'][:1].lower()}{fault['msg'][1:]}"
