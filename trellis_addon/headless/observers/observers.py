# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows the events of one command, from its beginning to its end."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..console.exit_codes import DONE, SOME_FAILED
from ..console.output import Output

if TYPE_CHECKING:
    from .exec_observer import ExecObserver
    from .summary_observer import SummaryObserver


class Observers:
    """The observers that the options ask for.

    :param options: those of any command; most have none of these.
    """

    def __init__(self, options: argparse.Namespace, output: Output) -> None:
        self._options = options
        self._output = output
        self._exec: ExecObserver | None = None
        self._summary: SummaryObserver | None = None

    def begin(self) -> None:
        """Follow the command from now on.

        :raises InputError: an option cannot be used, which is found before anything is paid for.
        """
        # Imported here, as the libraries that they need may be missing.
        if path := getattr(self._options, "summary", None):
            from .summary_observer import SummaryObserver

            summary = SummaryObserver(path, self._options.command)
            summary.begin()
            self._summary = summary
            self._output.observers.append(summary)
        if getattr(self._options, "exec", None):
            from .exec_observer import ExecObserver

            self._exec = ExecObserver(self._options, self._output)
            self._output.observers.append(self._exec)

    def wait(self, code: int) -> int:
        """Wait for the runs of ``--exec``. Returns the exit code of the whole."""
        return self._exec.wait(code) if self._exec else code

    def end(self, code: int) -> int:
        """Write the summary. Returns the exit code of the whole."""
        # Not yet done where the command has ended with an error.
        code = self.wait(code)
        if self._summary is None:
            return code
        try:
            self._summary.write(code)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self._output.say(f"Error: --summary {self._summary.path} cannot be written: {reason}")
            return SOME_FAILED if code == DONE else code
        self._output.written("summary", self._summary.path)
        return code
