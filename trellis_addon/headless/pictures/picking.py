# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``generate --picture-first``: pictures of the prompt, of which one is chosen."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from ...core.errors import InputError
from ...core.pictures.chosen_picture import ChosenPicture
from ...core.pictures.picture_request import PictureRequest
from ...core.pictures.picture_settings import DEFAULT_SIZE, DEFAULT_SUFFIX
from ...core.settings import Settings
from ...core.text import shorten
from ...engine.job_factory import JobFactory
from ...library.pictures.picture_library import PictureLibrary
from ...library.pictures.picture_set import data_uri_of
from ..console.exit_codes import BAD_INPUT
from ..console.output import Output
from ..console.request_options import chosen_in
from ..contract.picture_events import PickedEvent
from .run_pictures import models_for, run_picture_job


@dataclass(frozen=True)
class Picked:
    """A chosen picture, as a request takes it."""

    chosen: ChosenPicture
    data_uri: str


def check_options(options: argparse.Namespace) -> None:
    """Check what belongs to ``--picture-first``. :raises InputError: it does not fit together."""
    first, pick = options.picture_first, options.pick
    if options.command == "batch" and chosen_in(options.image):
        raise InputError(
            "A list takes no picture of a set for all its rows",
            "Give the picture's file to --image, or choose for each row with --picture-first",
        )
    if first is None:
        if pick is not None:
            raise InputError("--pick needs --picture-first", "Add --picture-first N")
        return
    if options.image:
        raise InputError(
            "--picture-first and --image exclude each other: a prop is made from one picture",
            "Leave one of them out",
        )
    if pick is not None and not 1 <= pick <= first:
        raise InputError(f"--pick must be 1 to {first}", "Correct it")


def request_of(prompt: str, count: int, options: argparse.Namespace, model: str) -> PictureRequest:
    """The request for the pictures of one prompt. :raises InvalidRequestError: see there."""
    suffix = options.picture_suffix
    return PictureRequest.checked(
        prompt=prompt,
        model=model,
        suffix=DEFAULT_SUFFIX if suffix is None else suffix,
        count=count,
        size=options.picture_size or DEFAULT_SIZE,
    )


def picture_of(
    prompt: str,
    options: argparse.Namespace,
    settings: Settings,
    workshop: JobFactory,
    output: Output,
) -> Picked | int | None:
    """The picture that the options lead to: by ``--picture-first``, or as ``--image ID:NUMBER``;
    None if they lead to none, and an exit code if none was chosen.

    :raises TrellisError: there is no such picture, or nothing could be sent.
    """
    if options.picture_first:
        return _picked(prompt, options, settings, workshop, output)
    if chosen := chosen_in(options.image):
        pictures = PictureLibrary(settings.library).find(chosen.set_id)
        uri = data_uri_of(pictures.picture(chosen.number))
        return Picked(ChosenPicture(pictures.id, chosen.number), uri)
    return None


def _picked(
    prompt: str,
    options: argparse.Namespace,
    settings: Settings,
    workshop: JobFactory,
    output: Output,
) -> Picked | int:
    """Make the pictures, and have one chosen. Returns an exit code if there is none."""
    model, cents = models_for(options.picture_model or "", settings)
    request = request_of(prompt, options.picture_first, options, model)
    job = workshop.pictures(request, settings, cents)
    if code := run_picture_job(job, output):
        return code
    pictures = PictureLibrary(settings.library).find(job.set_id)
    numbers = sorted(pictures.pictures)
    number = options.pick or _asked(numbers, output)
    if number is None:
        again = InputError(
            "No picture is chosen, so no prop is made",
            f"Look at the pictures, and add --pick {numbers[0]} to {numbers[-1]} to the same "
            "command: they are not paid for again",
        )
        output.error(again.facts)
        return BAD_INPUT
    chosen = ChosenPicture(job.set_id, number)
    uri = data_uri_of(pictures.picture(number))
    output.json(PickedEvent(id=chosen.set_id, number=number))
    return Picked(chosen, uri)


def _asked(numbers: list[int], output: Output) -> int | None:
    """The number that the user types; None without a terminal, or if nothing is typed."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    while True:
        output.say(f"Which picture? {numbers[0]} to {numbers[-1]}, or nothing for none")
        text = sys.stdin.readline().strip()
        if not text:
            return None
        if text.isdecimal() and int(text) in numbers:
            return int(text)
        # Besides, the same question twice would be left out as a repetition.
        output.say(f"There is no picture {shorten(text, 20)}")
