# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the output of the command line: text for people, or one JSON object per line."""

from __future__ import annotations

import ctypes
import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from ...core.errors import ErrorFacts
from ...core.events import Cancelled, Event, Failed, Finished, Progress, StateChanged, Usable
from ..contract.command_events import ErrorFields, FailedEvent, NoteEvent, ProgressEvent
from ..contract.message import Message
from ..contract.output_events import FileKind, WrittenEvent
from ..contract.prop_events import message_of
from ..terminal.colour import coloured, uses_colour


class Output:
    """The output of a command. With ``as_json``, standard output only has JSON lines.

    Blender itself prints to standard output from C ("Saved ...", render statistics). So the file
    descriptor is duplicated, and everything else goes to standard error.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.observers: list[Callable[[Message], None]] = []
        """Called with each event, also without JSON."""
        self.fault: OSError | None = None
        """Why a stream could not be written. What follows on it is dropped."""
        self._saved: int | None = None
        self._lines: Any = None
        self._last = ""

    def __enter__(self) -> Output:
        if self.as_json:
            # What Python has buffered so far belongs to the original standard output.
            sys.stdout.flush()
            self._saved = os.dup(1)
            # Invalid characters, such as from a file name that is not UTF-8, become JSON escapes.
            # Lines end with "\n" on Windows, too, as programs read them.
            self._lines = os.fdopen(
                os.dup(1), "w", encoding="utf-8", errors="backslashreplace", newline="\n"
            )
            os.dup2(2, 1)
        return self

    def __exit__(self, *_error: object) -> None:
        # Before the descriptors are exchanged: what Blender's add-ons have printed is no JSON.
        self._flush(sys.stdout)
        if self._saved is not None:
            _flush_c_streams()
            os.dup2(self._saved, 1)
            os.close(self._saved)
            self._lines.close()
            self._saved = None
        self._flush(sys.stderr)

    def event(self, event: Event) -> None:
        """Print one event."""
        self.machine(event)
        self._people(event)

    def machine(self, event: Event) -> None:
        """Print one event as JSON only, when people see the progress in another form."""
        self.json(message_of(event))

    def json(self, message: Message) -> None:
        """Print one JSON line. What it may be is declared in ``headless.contract``."""
        for observer in self.observers:
            observer(message)
        if self._lines:
            # Flushed at once, as the reading program may wait for each line.
            self._write(self._lines, message.to_line() + "\n")

    def progress(self, prop: str, text: str, fraction: float | None = None) -> None:
        """Print as JSON how far the work on a prop has come.

        :param fraction: 0 to 1; None if it is not known.
        """
        self.json(ProgressEvent(id=prop, fraction=fraction, text=text))

    def written(
        self, kind: FileKind, path: Path, *, prop: str | None = None, sha256: str | None = None
    ) -> None:
        """Print as JSON that a file is complete; for a folder, each file in it."""
        for file in sorted(path.iterdir()) if path.is_dir() else (path,):
            with suppress(OSError):  # another program may have taken it away already
                size = file.stat().st_size
                self.json(
                    WrittenEvent(path=str(file), kind=kind, bytes=size, sha256=sha256, id=prop)
                )

    def say(self, text: str) -> None:
        """Print one line for people; repetitions of the same line are left out."""
        if text != self._last:
            self._last = text
            shown = coloured(text) if uses_colour(sys.stderr) else text
            self._write(sys.stderr, shown + "\n")

    def _write(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            first = self.fault is None
            self.lose(stream, error)
            if first:
                _stop()

    def _flush(self, stream: TextIO) -> None:
        try:
            stream.flush()
        except OSError as error:
            self.lose(stream, error)

    def lose(self, stream: TextIO, error: OSError) -> None:
        """Have a stream that cannot be written drop everything from now on."""
        first, self.fault = self.fault is None, self.fault or error
        # Otherwise, what is in its buffer would raise again at every flush, up to the exit.
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
        with suppress(OSError):
            stream.flush()
        if first and error.errno != errno.EPIPE:
            reason = (error.strerror or str(error)).lower()
            self.say(f"Error: The output cannot be written: {reason}")

    def note(self, text: str) -> None:
        """Print something that is worth knowing and is no failure, for people and as JSON."""
        self.json(NoteEvent(text=text))
        self.say(f"Note: {text}")

    def error(self, facts: ErrorFacts) -> None:
        """Print an error that occurred before there was a prop."""
        self.json(FailedEvent(error=ErrorFields.of(facts)))
        self.say(f"Error: {facts.command_sentence}")

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
                self.say(f"Error: {facts.command_sentence}")
            case Cancelled(may_be_billed=billed):
                self.say("Cancelled" + ("; the gateway may still bill it" if billed else ""))


def take_every_character() -> None:
    """Have no name and no prompt end a command: what a pipe's code page or a terminal does not
    have is written as an escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _stop() -> None:
    """Stop the command as a SIGTERM does, in good order: nobody learns any more what it does."""
    if callable(signal.getsignal(signal.SIGTERM)):
        signal.raise_signal(signal.SIGTERM)


def _flush_c_streams() -> None:
    """Flush what Blender printed from C.

    For a pipe, the C library buffers it until the process ends, and by then file descriptor 1 is
    the one for JSON again (Blender 4.2 and 4.5 end a command in this way).
    """
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    library.fflush(None)
