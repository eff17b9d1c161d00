# SPDX-License-Identifier: GPL-3.0-or-later
"""Implements ``batch --picture-first``: the pictures of all rows first, then the chosen props.

The first run makes the pictures, a contact sheet and a list with the column ``pick``; where that is
filled in, the same command makes the props. What is chosen becomes the item's reference image, and
with it a part of its key.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...core.cost import about
from ...core.errors import CostLimitError, InputError, TrellisError
from ...core.events import Failed
from ...core.generation.request_key import key_of
from ...core.pictures.chosen_picture import ChosenPicture
from ...core.pictures.picture_events import PictureArrived, PicturesFinished
from ...core.pictures.picture_request import PictureRequest
from ...core.settings import Settings
from ...engine.job_factory import JobFactory
from ...engine.picture_jobs import expected_cost, pictures_missing
from ...gateway.http.address import Address
from ...job.job import PictureJob
from ...library.pictures.picture_library import PictureLibrary
from ...library.pictures.picture_set import data_uri_of
from ..console.exit_codes import DONE, INTERRUPTED, exit_code
from ..console.output import Output
from ..console.run_job import first_failure
from ..console.signals import STEP_SECONDS, Signals
from ..contract.picture_events import PickedEvent, WouldMakePicturesEvent, picture_message
from ..outputs.contact_sheet import write_sheet
from ..prompts.prompt_list import PromptItem
from .picking import request_of
from .picks_file import PickRow, read_picks, write_picks
from .run_pictures import models_for, tell


@dataclass
class BatchPictures:
    """The pictures of a list. Main thread only."""

    options: argparse.Namespace
    settings: Settings
    output: Output
    jobs: int = 1
    """How many sets are asked for at once."""
    chosen: dict[str, ChosenPicture] = field(default_factory=dict)
    """The chosen pictures, by the keys that the items have with them."""
    code: int = DONE
    cents: float = 0.0
    """What the pictures of this run have cost, as far as the gateway has told it."""

    def __post_init__(self) -> None:
        file: Path = self.options.file
        self.picks: Path = self.options.picks or file.with_name(f"{file.stem}.picks.csv")
        self._model = models_for(self.options.picture_model or "", self.settings)

    def plan(self, items: Sequence[PromptItem]) -> list[PromptItem]:
        """Say what the pictures would cost, and send nothing. Gives the items as a run would have
        them, as far as pictures are chosen.

        :raises TrellisError: a record cannot be read.
        """
        model, price = self._model
        requests = self._requests(items)
        different = {request.key: request for request in requests.values()}.values()
        missing = [r for r in different if pictures_missing(r, self.settings)]
        count = sum(pictures_missing(request, self.settings) for request in missing)
        costs = [expected_cost(request, self.settings, price) for request in missing]
        known = [cost for cost in costs if cost is not None]
        cost = round(sum(known), 6) if len(known) == len(costs) else None
        self.output.json(WouldMakePicturesEvent(sets=len(missing), pictures=count, cost=cost))
        words = about(cost) or "their price is not known"
        self.output.say(
            f"Pictures first: {count:,} of {len(missing):,} prompts by {model}, {words}"
        )
        address = Address.of(self.settings.gateway).base_url
        library = PictureLibrary(self.settings.library)
        sets = {
            key: library.set_of(request, address).id
            for key, request in requests.items()
            if not pictures_missing(request, self.settings)
        }
        before = read_picks(self.picks)
        rows = [self._row(item, sets, before) for item in items if item.key in requests]
        unpicked = {row.key for row in rows if row.pick is None or not row.pictures}
        return [*self._picked(items, rows), *(item for item in items if item.key in unpicked)]

    def make(self, items: Sequence[PromptItem], max_cents: float | None) -> list[PromptItem]:
        """Make the missing pictures, and give the items that a picture is chosen for. ``code`` is
        then the exit code of what has failed.

        :param max_cents: what the run may cost. Nothing is sent that would exceed it.
        :raises TrellisError: the limit would be exceeded, or a file is wrong.
        """
        requests = self._requests(items)
        before = read_picks(self.picks)
        self._check_cost(requests, max_cents)
        sets = self._run(requests)
        rows = [self._row(item, sets, before) for item in items if item.key in requests]
        chosen = self._picked(items, rows)
        waiting = [row for row in rows if row.pick is None and row.pictures]
        if waiting and self.code != INTERRUPTED:
            self._leave(rows, len(waiting))
        return chosen

    def _requests(self, items: Sequence[PromptItem]) -> dict[str, PictureRequest]:
        """The request for the pictures of each item that has no picture of its own."""
        count = self.options.picture_first
        return {
            item.key: request_of(item.request.prompt, count, self.options, self._model[0])
            for item in items
            if not item.request.image_url
        }

    def _check_cost(self, requests: Mapping[str, PictureRequest], max_cents: float | None) -> None:
        if max_cents is None:
            return
        different = {request.key: request for request in requests.values()}.values()
        costs = [expected_cost(r, self.settings, self._model[1]) or 0.0 for r in different]
        if sum(costs) > max_cents:
            raise CostLimitError(
                f"The pictures cost {about(sum(costs))}, which --max-cost does not allow",
                "Raise --max-cost, or make fewer with --picture-first or --limit",
            )

    def _run(self, requests: Mapping[str, PictureRequest]) -> dict[str, str]:
        """Make the sets, several at once. Returns their ids by the items' keys, complete or not."""
        waiting = list({request.key: request for request in requests.values()}.values())
        running: dict[str, PictureJob] = {}
        ids: dict[str, str] = {}
        workshop = JobFactory()
        with Signals() as signals:
            while waiting or running:
                if signals.count:
                    waiting.clear()
                    for job in running.values():
                        job.cancel(interrupted=True)
                while waiting and len(running) < max(1, self.jobs) and not signals.count:
                    request = waiting.pop(0)
                    if begun := self._begun(request, workshop, waiting):
                        running[request.key], ids[request.key] = begun, begun.set_id
                self._poll(running)
                time.sleep(STEP_SECONDS)
            if signals.count:
                self.code = INTERRUPTED
        workshop.close()
        return {key: ids.get(request.key, "") for key, request in requests.items()}

    def _begun(
        self, request: PictureRequest, workshop: JobFactory, waiting: list[PictureRequest]
    ) -> PictureJob | None:
        """Start a job. What keeps one from starting keeps all others, unless it is a lock."""
        try:
            job = workshop.pictures(request, self.settings, self._model[1])
        except TrellisError as error:
            self.output.error(error.facts)
            self.code = first_failure(self.code, exit_code(error.kind))
            if error.kind != "locked":
                waiting.clear()
            return None
        job.start()
        return job

    def _poll(self, running: dict[str, PictureJob]) -> None:
        for key, job in list(running.items()):
            for event in job.poll():
                if isinstance(event, PictureArrived):
                    self.output.json(picture_message(event))  # for people, the sheet shows them
                else:
                    tell(event, self.output)
            if job.outcome is None:
                continue
            del running[key]
            job.join(10)
            if isinstance(job.outcome, Failed):
                self.code = first_failure(self.code, exit_code(job.outcome.error.kind))
            if isinstance(job.outcome, PicturesFinished):
                self.cents += job.outcome.cost_cents or 0.0

    def _row(
        self, item: PromptItem, sets: Mapping[str, str], before: Mapping[str, PickRow]
    ) -> PickRow:
        """The row of an item. A choice holds only for the set that it was made in."""
        set_id = sets.get(item.key, "")
        old = before.get(item.key)
        pick = self.options.pick or (old.pick if old and old.set_id == set_id else None)
        there = PictureLibrary(self.settings.library).path / set_id
        numbers = PictureLibrary(self.settings.library).find(set_id).pictures if set_id else {}
        if pick is not None and there.is_dir() and pick not in numbers:
            raise InputError(
                f"Line {item.line} has no picture {pick}",
                f"Choose one of {', '.join(map(str, numbers))}" if numbers else "Run it again",
            )
        return PickRow(item.key, set_id, pick, item.line, item.request.prompt, len(numbers))

    def _picked(self, items: Sequence[PromptItem], rows: Sequence[PickRow]) -> list[PromptItem]:
        """The items with their chosen pictures, and those that have one of their own."""
        by_key = {row.key: row for row in rows}
        library, found = PictureLibrary(self.settings.library), []
        for item in items:
            row = by_key.get(item.key)
            if row is None:
                found.append(item)
            elif row.pick is not None and row.pictures:
                uri = data_uri_of(library.find(row.set_id).picture(row.pick))
                request = item.request.model_copy(update={"image_url": uri})
                made = replace(item, request=request, key=key_of(request))
                self.chosen[made.key] = ChosenPicture(row.set_id, row.pick)
                self.output.json(PickedEvent(id=row.set_id, number=row.pick, line=item.line))
                found.append(made)
        return found

    def _leave(self, rows: Sequence[PickRow], waiting: int) -> None:
        """Write the list and the contact sheet, and say what is next."""
        library = PictureLibrary(self.settings.library)
        pictures, names = [], []
        for row in rows:
            found = library.find(row.set_id).pictures if row.set_id else {}
            for number, path in found.items():
                pictures.append(path)
                names.append(f"{row.line}: {number} {row.prompt}")
        sheet = self.picks.with_suffix(".png")
        write_picks(self.picks, rows)
        self.output.written("picks", self.picks)
        write_sheet(pictures, names, sheet)
        self.output.written("contact_sheet", sheet)
        props = "1 prop waits" if waiting == 1 else f"{waiting:,} props wait"
        self.output.say(
            f"{props} for a picture: look at {sheet}, write its number into the column pick of "
            f"{self.picks}, and run the same command again"
        )
