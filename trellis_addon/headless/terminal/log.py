# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what happens in detail: to standard error with ``--verbose``, to a file with ``--log``.

Only this product's own loggers are read. The HTTP library's would write headers.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ...core.errors import InputError
from ...core.identity import ADDON_ID
from ...core.secret import Secret

SAID: Final = f"{ADDON_ID}.said"
"""The logger of what is printed for people. It is in the file, and not once more on the screen."""

_FILE_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_SCREEN_FORMAT: Final = "[%(asctime)s] %(message)s"
_KEY_NAMES: Final = re.compile(r"AIGATEWAY_(?:API_KEY|BYOK_\w+)")
_ANY_KEY: Final = re.compile(r"sk-aig-[\w-]{4,}")
"""A key that is not in the environment, such as one from the extension's preferences."""


class Log:
    """A context manager that sets up the logging of one command.

    :param verbose: also write it to standard error.
    :param file: the file that is added to; None: no file.
    :raises InputError: the file cannot be written.
    """

    def __init__(
        self,
        *,
        verbose: bool,
        file: Path | None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._logger = logging.getLogger(ADDON_ID)
        self._level = self._logger.level
        self._handlers: list[logging.Handler] = []
        keys = [Secret(value) for name, value in environment.items() if _KEY_NAMES.fullmatch(name)]
        if file is not None:
            self._add(_opened(file), _Formatter(_FILE_FORMAT, keys))
        if verbose:
            screen = _Screen(sys.stderr)
            screen.addFilter(lambda record: record.name != SAID)
            self._add(screen, _Formatter(_SCREEN_FORMAT, keys, "%H:%M:%S"))

    def _add(self, handler: logging.Handler, formatter: logging.Formatter) -> None:
        handler.setFormatter(formatter)
        self._handlers.append(handler)

    def __enter__(self) -> Self:
        for handler in self._handlers:
            self._logger.addHandler(handler)
        if self._handlers:
            self._logger.setLevel(logging.DEBUG)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for handler in self._handlers:
            self._logger.removeHandler(handler)
            handler.close()
        self._logger.setLevel(self._level)


class _Formatter(logging.Formatter):
    """Hides the keys in the whole text, tracebacks included."""

    def __init__(self, form: str, keys: list[Secret], times: str | None = None) -> None:
        super().__init__(form, times)
        self._keys = keys

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record, without keys."""
        text = super().format(record)
        for key in self._keys:
            text = key.hide_in(text)
        return _ANY_KEY.sub("(hidden)", text)


class _Screen(logging.StreamHandler):  # type: ignore[type-arg]  # generic only for type checkers
    """Writes to standard error, above a progress bar if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        # Only a batch in a terminal has loaded it.
        tqdm = sys.modules.get("tqdm")
        if tqdm is None:
            super().emit(record)
            return
        try:
            tqdm.tqdm.write(self.format(record), file=sys.stderr)
        except Exception:  # noqa: BLE001  (as the base class: a log must not end what it is about)
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Drop what cannot be written: the command itself reports it."""


class _File(logging.FileHandler):
    """A log file whose disk may become full, which must not fill the screen with tracebacks."""

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Drop what cannot be written."""

    def close(self) -> None:
        """Close the file, whose last lines may not have been written."""
        with suppress(OSError):
            super().close()


def _opened(file: Path) -> logging.Handler:
    try:
        return _File(file, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"The log {file} cannot be written: {reason}", "Change --log") from error
