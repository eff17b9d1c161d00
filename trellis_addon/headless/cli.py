# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command line: parses options, runs a command, and turns errors into exit codes."""

from __future__ import annotations

import argparse
import errno
import importlib
import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from ..core.errors import ErrorFacts, InputError, InternalError, TrellisError
from ..core.events import Event, Failed, Progress, StateChanged
from ..core.identity import PRODUCT, version
from .commands.parser import COMMANDS, parser
from .config.layers import parse
from .config.show import show_config
from .console.durations import is_duration
from .console.exit_codes import BAD_INPUT, DONE, INTERRUPTED, SOME_FAILED, exit_code
from .console.output import Output, take_every_character
from .console.signals import Beginning, Signals
from .console.usage import UsageError
from .contract.batch_events import StoppedEvent
from .contract.command_events import BeginEvent, CancelledEvent
from .contract.message import Message
from .observers.observers import Observers
from .terminal.log import SAID, Log

log = logging.getLogger(__name__)
said = logging.getLogger(SAID)

Command = Callable[[argparse.Namespace, Output], int]

_ASIDE: Final = ("Note: ", "Written: ")
"""The beginnings of lines that are neither a failure nor the summary; ``--quiet`` omits them."""


def run_cli(argv: Sequence[str]) -> int:
    """Run one command.

    :param argv: the arguments after ``trellis``.
    :returns: the exit code (see ``console.exit_codes``). Bad input never raises.
    """
    take_every_character()
    try:
        with Beginning() as signals:
            return _run_cli(argv, signals)
    except KeyboardInterrupt:
        # Before the command has begun, or after its end.
        print("Interrupted", file=sys.stderr)
        return INTERRUPTED


def _run_cli(argv: Sequence[str], signals: Beginning) -> int:
    try:
        options = parse(parser, _joined(argv))
    except UsageError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except SystemExit as done:  # argparse ends --help in this way
        return int(done.code or 0)
    if options.version:
        print(f"{PRODUCT} {version()}")
        return 0
    if options.command is None:
        parser().print_help()
        return BAD_INPUT
    output = _Told(options)
    try:
        log_of_command = Log(verbose=options.verbose, file=options.log)
    except InputError as error:
        with output:
            output.error(error.facts)
        return BAD_INPUT
    with output, log_of_command:
        log.debug("%s %s", PRODUCT, version())
        if options.show_config:
            code = show_config(options, output)
        else:
            code = _run_observed(options, output, signals)
        log.debug("exit code %d", code)
    # What the streams held back may have been refused only now.
    return code if output.fault is None else _unwritten(output.fault, code)


def _run_observed(options: argparse.Namespace, output: _Told, signals: Beginning) -> int:
    """Run the command, and what follows its events. Returns the exit code of the whole."""
    observers = Observers(options, output)
    code = _run(options, output, signals, observers)
    if options.props_may_fail and output.single_props:
        code = DONE
    with Signals():  # which would otherwise end it while it writes the summary
        return observers.end(code if output.fault is None else _unwritten(output.fault, code))


def _unwritten(fault: OSError, code: int) -> int:
    """The exit code of a command whose output could not be written to its end."""
    if fault.errno == errno.EPIPE:
        # The reader has seen enough: `trellis list | head` is no failure.
        return code
    return SOME_FAILED if code in (DONE, INTERRUPTED) else code


def _joined(argv: Sequence[str]) -> list[str]:
    """Join ``--at -1,0,0`` into one word, as argparse would take the point for an option; part
    ``--wait FILE``, as argparse would take the file for a time; and have ``help COMMAND`` mean
    ``COMMAND --help``.
    """
    if argv and argv[0] == "help":
        return [*argv[1:2], "--help"]
    words: list[str] = []
    for word in argv:
        if words and words[-1] == "--at":
            words[-1] = f"--at={word}"
        elif words and words[-1] == "--wait" and not is_duration(word):
            words[-1:] = ["--wait=", word]
        else:
            words.append(word)
    return words


class _Told(Output):
    """The output of a command, with the options that all commands share applied."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(as_json=options.json)
        self._quiet: bool = options.quiet
        self._command: str = options.command
        self._stopped = False
        self.single_props = False
        """Whether the command has reached its end, and only single props have failed."""

    def __enter__(self) -> _Told:
        super().__enter__()
        self.json(BeginEvent(command=self._command, product=version()))
        return self

    def json(self, message: Message) -> None:
        """Print one JSON line, and note whether a batch has stopped before the end of its list."""
        self._stopped = self._stopped or isinstance(message, StoppedEvent)
        super().json(message)

    def say(self, text: str) -> None:
        """Print one line for people; with ``--quiet``, only failures and the summary."""
        said.info("%s", text)
        if not (self._quiet and text.startswith(_ASIDE)):
            super().say(text)

    def event(self, event: Event) -> None:
        """Print one event; with ``--quiet``, people do not see the progress."""
        if isinstance(event, StateChanged):
            log.debug("%s: %s", event.prop_id, event.state)
        elif isinstance(event, Failed):
            log.debug("%s: %s: %s", event.prop_id, event.error.kind, event.error.detail)
        if self._quiet and isinstance(event, Progress):
            self.machine(event)
        else:
            super().event(event)

    def error(self, facts: ErrorFacts) -> None:
        """Print an error, and note its detail in the log."""
        log.debug("%s: %s", facts.kind, facts.detail)
        super().error(facts)

    def ended(self, code: int) -> int:
        """Note how a command has ended that has reached its end. Returns its exit code."""
        self.single_props = code == SOME_FAILED and not self._stopped
        return code


def _run(
    options: argparse.Namespace, output: _Told, signals: Beginning, observers: Observers
) -> int:
    try:
        _check(options)
        observers.begin()
        return output.ended(observers.wait(_commanded(options, output, signals)))
    except BrokenPipeError as error:
        # What prints a table has no more to do when nobody reads it.
        output.lose(sys.stdout, error)
        return DONE
    except KeyboardInterrupt:
        output.json(CancelledEvent())
        output.say("Interrupted")
        return INTERRUPTED
    except TrellisError as error:
        output.error(error.facts)
        return exit_code(error.kind)
    except ImportError as error:
        missing = InternalError(
            "A library that Trellis Props needs cannot be loaded",
            "Install the extension from its zip file, or the packages that docs/command-line.md "
            "names",
            detail=str(error),
        )
        output.error(missing.facts)
        output.say(str(error))
        return exit_code(missing.kind)
    except Exception as error:  # a program that reads the JSON must get a terminal event
        log.exception("%s died", options.command)
        fault = InternalError("Trellis Props failed", detail=f"{type(error).__name__}: {error}")
        output.error(fault.facts)
        return exit_code(fault.kind)


def _commanded(options: argparse.Namespace, output: Output, signals: Beginning) -> int:
    try:
        # Only this command's module, as the others' libraries may be missing.
        entry = COMMANDS[options.command]
        module = importlib.import_module(f".{entry.module}", __package__)
        command: Command = getattr(module, entry.function)
        signals.listen()
        return command(options, output)
    except Exception as error:
        # C code may turn an interruption into another exception.
        if signals.count:
            raise KeyboardInterrupt from error
        raise


def _check(options: argparse.Namespace) -> None:
    """Check the options that several commands share. :raises InputError: a value is invalid."""
    minutes = getattr(options, "timeout", None)
    if minutes is not None and not 0 < minutes < math.inf:
        raise InputError("--timeout must be more than 0 minutes", "Correct it")
    daily = getattr(options, "daily_limit", None)
    if daily is not None and daily < 0:
        raise InputError("--daily-limit must be 0 dollars or more", "Correct it")
    library = getattr(options, "library", None)
    if library is not None and os.path.exists(library) and not os.path.isdir(library):
        raise InputError(f"The library {library} is not a folder", "Change --library")
