# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the job of a set of pictures to its end, and prints its events."""

from __future__ import annotations

from functools import partial
from typing import Final

from ...core.account import PictureModels
from ...core.cancel import CancelToken
from ...core.cost import money
from ...core.errors import TrellisError
from ...core.events import Cancelled, Failed, Progress
from ...core.pictures.picture_events import PictureArrived, PictureEvent, PicturesFinished
from ...core.settings import Settings
from ...engine.picture_models import (
    known_picture_models,
    picture_model,
    picture_models,
    remember_model,
    remembered_model,
)
from ...job.job import PictureJob
from ..console.exit_codes import DONE, INTERRUPTED, exit_code
from ..console.output import Output
from ..console.signals import Signals
from ..contract.picture_events import picture_message

GOES_ON: Final = "Interrupted. The same command goes on with it"


def run_picture_job(job: PictureJob, output: Output) -> int:
    """Run a job to its end. Returns the exit code.

    Ctrl-C and SIGTERM stop it cleanly. What the gateway has accepted by then is paid for, and the
    same command gets it.
    """
    with Signals(partial(job.cancel, interrupted=True)):
        job.start()
        for event in job.wait():
            tell(event, output)
    job.join(10)
    match job.outcome:
        case Failed(error=facts):
            return exit_code(facts.kind)
        case Cancelled():
            output.say(GOES_ON)
            return INTERRUPTED
        case _:
            return DONE


def tell(event: PictureEvent, output: Output) -> None:
    """Print one event."""
    output.json(picture_message(event))
    match event:
        case Progress(fraction=fraction, text=text):
            output.say(text if fraction is None else f"{text} ({fraction:.0%})")
        case PictureArrived(number=number, path=path):
            output.say(f"{number}: {path}")
        case PicturesFinished():
            for note in event.notes:
                output.say(f"Note: {note}")
            count = len(event.pictures)
            paid = "" if event.cost_cents is None else f", {money(event.cost_cents)}"
            plural = "" if count == 1 else "s"
            output.say(f"{count} picture{plural} in {event.seconds:.1f} s{paid}: {event.set_id}")
        case Failed(error=facts):
            output.say(f"Error: {facts.command_sentence}")
        case Cancelled(may_be_billed=billed):
            output.say("Cancelled" + ("; the gateway may still bill it" if billed else ""))


def models_for(chosen: str, settings: Settings) -> tuple[str, float | None]:
    """The model to ask, and its price by the gateway's list if that is told.

    :raises TrellisError: none was named, and the gateway does not give its list.
    """
    models = known_picture_models(settings) or PictureModels()
    by_default = not chosen.strip()
    if by_default and (kept := remembered_model(settings)):
        return kept, models.cents(kept)
    if by_default:
        models = picture_models(settings, CancelToken())
    elif not models.entries:
        # The price is helpful, but a named model needs no list.
        try:
            models = picture_models(settings, CancelToken())
        except TrellisError:
            return chosen.strip(), None
    model = picture_model(chosen, models)
    if by_default:
        remember_model(settings, model)
    return model, models.cents(model)
