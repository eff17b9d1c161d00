# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``trellis pictures PROMPT``: makes a set of pictures, and lists their files."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...core.pictures.chosen_picture import ChosenPicture
from ...core.pictures.picture_request import PictureRequest
from ...core.pictures.picture_settings import DEFAULT_SUFFIX
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...engine.picture_jobs import pictures_missing
from ...library.pictures.picture_library import PictureLibrary
from ...library.pictures.picture_set import data_uri_of
from ..console.exit_codes import DONE
from ..console.options import settings_of
from ..console.output import Output
from ..console.writable_places import check_library
from .run_pictures import models_for, run_picture_job


def pictures(options: argparse.Namespace, output: Output) -> int:
    """Run the command.

    :raises TrellisError: an option is wrong, or the settings do not allow it, which is found before
        anything is sent.
    """
    settings = settings_of(options)
    check_library(settings.library)
    source = source_of(options.more_like, settings)
    model, cents = models_for(options.model, settings)
    request = PictureRequest.checked(
        prompt=options.prompt,
        model=model,
        suffix=DEFAULT_SUFFIX if options.suffix is None else options.suffix,
        count=options.count,
        size=options.size,
        seed=options.seed,
        source=source,
    )
    if options.again:
        request = other_than_made(request, settings)
    workshop = JobFactory()
    job = workshop.pictures(request, settings, cents)
    code = run_picture_job(job, output)
    if code == DONE:
        output.say(
            f'Make the prop: trellis generate "{request.prompt}" --image {job.set_id}:NUMBER'
        )
    return code


def source_of(text: str | None, settings: Settings) -> str | None:
    """The picture that ``--more-like`` names, as a data URI.

    :raises TrellisError: there is no such file or picture.
    """
    if not text:
        return None
    if chosen := ChosenPicture.of(text):
        return data_uri_of(
            PictureLibrary(settings.library).find(chosen.set_id).picture(chosen.number)
        )
    return data_uri_of(Path(text))


def other_than_made(request: PictureRequest, settings: Settings) -> PictureRequest:
    """The request for the next set that is not complete yet, so that an interrupted one goes on.

    :raises TrellisError: a record cannot be read.
    """
    request = request.once_more()
    while not pictures_missing(request, settings):
        request = request.once_more()
    return request
