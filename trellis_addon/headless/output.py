# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line says: words for people, or one JSON object a line for machines."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

from ..core.errors import ErrorFacts
from ..core.events import Cancelled, Event, Failed, Finished, Progress, StateChanged, Usable


class Output:
    """With ``as_json``, standard output holds JSON lines alone.

    Blender itself prints to standard output from C ("Saved ...", render statistics), so the
    file descriptor is moved aside and everything else goes to standard error meanwhile.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._saved: int | None = None
        self._lines: Any = None
        self._last = ""

    def __enter__(self) -> Output:
        if self.as_json:
            sys.stdout.flush()
            self._saved = os.dup(1)
            # Half a character, as of a file name that is no UTF-8, becomes JSON's own escape.
            self._lines = os.fdopen(
                os.dup(1), "w", encoding="utf-8", errors="backslashreplace", newline="\n"
            )
            os.dup2(2, 1)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._saved is not None:
            sys.stdout.flush()
            _flush_c_streams()
            os.dup2(self._saved, 1)
            os.close(self._saved)
            self._lines.close()
            self._saved = None

    def event(self, event: Event) -> None:
        """Tell one event."""
        self.machine(event)
        self._people(event)

    def machine(self, event: Event) -> None:
        """Tell one event to machines alone, where people are shown the whole in another way."""
        if self.as_json:
            self.json(**_fields(event))

    def json(self, **fields: Any) -> None:
        """One line for machines."""
        if self._lines:
            self._lines.write(json.dumps(fields, ensure_ascii=False) + "\n")
            self._lines.flush()

    def say(self, text: str) -> None:
        """One line for people; the same line is not said twice in a row."""
        if text != self._last:
            self._last = text
            print(text, file=sys.stderr, flush=True)

    def error(self, facts: ErrorFacts) -> None:
        """An error before there is a prop."""
        if self.as_json:
            self.json(event="failed", error=_error(facts))
        self.say(f"Error: {facts.sentence}")

    def _people(self, event: Event) -> None:
        match event:
            case StateChanged() | Usable():
                return
            case Progress(fraction=fraction, text=text):
                self.say(text if fraction is None else f"{text} ({fraction:.0%})")
            case Finished(folder=folder, notes=notes, cost_cents=cost, seconds=seconds):
                for note in notes:
                    self.say(f"Note: {note}")
                paid = "" if cost is None else f", {cost:g} US cents"
                self.say(f"Finished in {seconds:.1f} s{paid}: {folder}")
            case Failed(error=facts):
                self.say(f"Error: {facts.sentence}")
            case Cancelled(may_be_billed=billed):
                self.say("Cancelled" + ("; the gateway may still bill it" if billed else ""))


def _flush_c_streams() -> None:
    """Write out what Blender printed from C.

    In a pipe C keeps it in a buffer of its own until the process ends, and by then file
    descriptor 1 is the machine's again (Blender 4.2 and 4.5 end a command that way).
    """
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    library.fflush(None)


def _fields(event: Event) -> dict[str, Any]:
    match event:
        case StateChanged(prop_id=prop, state=state):
            return {"event": "state", "id": prop, "state": str(state)}
        case Progress(prop_id=prop, fraction=fraction, text=text):
            return {"event": "progress", "id": prop, "fraction": fraction, "text": text}
        case Usable(prop_id=prop, blend=blend):
            return {"event": "usable", "id": prop, "blend": str(blend)}
        case Finished():
            return {
                "event": "finished",
                "id": event.prop_id,
                "folder": str(event.folder),
                "glb": str(event.glb),
                "blend": str(event.blend),
                "thumbnail": str(event.thumbnail),
                "cost_cents": event.cost_cents,
                "request_id": event.request_id,
                "seconds": round(event.seconds, 3),
                "notes": list(event.notes),
            }
        case Failed(prop_id=prop, error=facts):
            return {"event": "failed", "id": prop, "error": _error(facts)}
        case Cancelled(prop_id=prop, may_be_billed=billed):
            return {"event": "cancelled", "id": prop, "may_be_billed": billed}


def _error(facts: ErrorFacts) -> dict[str, Any]:
    return {
        "kind": facts.kind,
        "status": facts.status,
        "message": facts.message,
        "next_step": facts.next_step,
        "retryable": facts.retryable,
        "request_id": facts.request_id,
    }
