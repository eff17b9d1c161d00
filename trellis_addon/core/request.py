# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wants: the one value that both entrances build and every room reads."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from .errors import InvalidRequestError
from .identity import MODEL

Scalar = bool | int | float | str
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class GenerationRequest(BaseModel):
    """One generation: validated, frozen, without anything of bpy inside.

    The defaults of temperature, top_p and max_tokens are those of the model's page
    (aigateway.sh/models/microsoft/trellis).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prompt: Words
    """What the prop is, in words. TRELLIS reads about 77 tokens."""
    model: Words = MODEL
    """The gateway's id of the model. Always sent: without it the gateway picks a text model."""
    system: str | None = None
    """A system message in front of the prompt; None sends none."""
    temperature: float = Field(default=0.7, ge=0, le=2)
    top_p: float = Field(default=0.95, ge=0, le=1)
    max_tokens: int = Field(default=1024, ge=1, le=1_000_000)
    seed: int | None = Field(default=None, ge=0, le=2**31 - 1)
    """Same seed, same prop, as far as the model keeps to it; None lets the model choose."""
    image_url: str | None = None
    """A reference image, as an https URL or a data URI. Goes by the jobs endpoint."""
    parameters: tuple[tuple[str, Scalar], ...] = ()
    """The host's own parameters (texture_size, mesh_simplify ...), sent as they are by the jobs
    endpoint and left out when the model refuses them."""
    name: str | None = Field(default=None, max_length=200)
    """The prop's name in Blender; None takes it from the prompt."""

    @field_validator("image_url")
    @classmethod
    def _image(cls, value: str | None) -> str | None:
        if value and not value.startswith(("https://", "data:image/")):
            raise ValueError("write an https URL or choose a picture file")
        return value or None

    @classmethod
    def checked(cls, **values: Any) -> GenerationRequest:
        """Build a request from what a user gave.

        :raises InvalidRequestError: with the field's name and the reason in words.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "request"
            raise InvalidRequestError(field, _sentence(field, first)) from None


def _sentence(field: str, fault: Any) -> str:
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
