# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of ``--exec``: its words with their placeholders, and the facts of a finished prop.

No shell takes part unless the user names one. A prop's name may come from a list of another person,
so it must never become part of a script: what a shell would read as one has no placeholders. There,
and everywhere else, the facts are also in variables, ``TRELLIS_PROP_ID`` and so on.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from string import Formatter
from typing import Final

from ...core.errors import InputError
from ...preferences import KEY_VARIABLE, PROVIDER_PREFIX

FIELDS: Final = ("folder", "id", "name", "blend", "glb", "thumbnail", "index", "exports")
PREFIX: Final = "TRELLIS_PROP_"
_OWN: Final = ("TRELLIS_EXEC", "TRELLIS_SUMMARY")
"""Options of this run, which must not be those of a command that is this program again."""

_SHELLS: Final = re.compile(r"(?:ba|da|z|k|fi|c|tc)?sh|cmd|powershell|pwsh", re.IGNORECASE)
_SCRIPTS: Final = (".bat", ".cmd")
"""What Windows starts by way of its shell, which reads ``%`` and ``&`` even in quotes."""
_VARIABLES: Final = f"Let it read the variables, such as {PREFIX}FOLDER"


@dataclass(frozen=True)
class PropFacts:
    """What is known of a finished prop."""

    id: str
    name: str
    folder: str
    blend: str
    glb: str
    thumbnail: str
    index: int
    """Its line in the list, or its number among the props of the command."""
    exports: tuple[str, ...] = ()

    def values(self) -> dict[str, str]:
        """The texts for placeholders and variables; several files are separated by line breaks."""
        return {
            name: "\n".join(self.exports) if name == "exports" else str(getattr(self, name))
            for name in FIELDS
        }


@dataclass(frozen=True)
class ExecCommand:
    """The words of a command, with placeholders."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str, windows: bool = os.name == "nt") -> ExecCommand:
        """Read the option.

        :raises InputError: it has no program, one that does not exist, or a wrong placeholder.
        """
        words = _split(text, windows=windows)
        if not words:
            raise InputError("--exec names no command", "Give one, or leave it out")
        for number, word in enumerate(words):
            for name in _placeholders(word):
                _check(name, word, number, words)
        program = shutil.which(words[0])
        if program is None:
            raise InputError(f"There is no program {words[0]}", "Change --exec")
        return cls((program, *words[1:]))

    @property
    def takes_exports(self) -> bool:
        """Whether it has ``{exports}``, so that it can only run when these are written."""
        return "{exports}" in self.words

    def arguments(self, facts: PropFacts) -> list[str]:
        """The words for one prop. ``{exports}`` becomes a word for each file."""
        found: list[str] = []
        values = facts.values()
        for word in self.words:
            if word == "{exports}":
                found += facts.exports
            else:
                found.append(_replaced(word, values))
        return found


def environment(facts: PropFacts, own: Mapping[str, str]) -> dict[str, str]:
    """The variables of the command: the caller's and the facts, and nothing secret.

    :param own: the variables of this process.
    """
    key = own.get(KEY_VARIABLE, "").strip()
    kept = {
        name: value
        for name, value in own.items()
        if name not in (KEY_VARIABLE, *_OWN)
        and not name.startswith(PROVIDER_PREFIX)
        and not (key and key in value)
    }
    # NUL ends a variable's value, and no name of a file has one.
    facts_by_name = {f"{PREFIX}{k.upper()}": v.replace("\0", "") for k, v in facts.values().items()}
    return kept | facts_by_name


def _split(text: str, *, windows: bool) -> Sequence[str]:
    """Words as a POSIX shell has them; on Windows, a backslash is a separator of paths."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if windows:
        lexer.escape = ""
    try:
        return tuple(lexer)
    except ValueError as error:
        raise InputError(f"A quote is not closed in --exec: {text}", "Close it") from error


def _placeholders(word: str) -> Iterator[str]:
    try:
        for _literal, name, spec, conversion in Formatter().parse(word):
            if name is not None:
                yield name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
    except ValueError as error:
        raise InputError(
            f"A brace is not closed in --exec: {word}", "Write {{ and }} for braces themselves"
        ) from error


def _check(name: str, word: str, number: int, words: Sequence[str]) -> None:
    """Check a placeholder. :raises InputError: it cannot be used there."""
    if name not in FIELDS:
        known = ", ".join(f"{{{each}}}" for each in FIELDS)
        raise InputError(
            f"--exec has no {{{name}}}", f"Known are {known}; {{{{ and }}}} stand for braces"
        )
    if number == 0:
        raise InputError("The program of --exec must not be a placeholder", "Name it")
    if name == "exports" and word != "{exports}":
        raise InputError("{exports} must be a word of its own, as it may be several files", "Do so")
    if _is_script(number, words):
        raise InputError(
            f"{{{name}}} must not be in a shell's script, which would run what is in it", _VARIABLES
        )


def _is_script(number: int, words: Sequence[str]) -> bool:
    """Whether a shell reads a word as a script instead of as an argument."""
    program = PurePath(words[0].replace("\\", "/"))
    if program.suffix.lower() in _SCRIPTS:
        return True
    if not _SHELLS.fullmatch(program.stem):
        return False
    if program.stem.lower() in ("cmd", "powershell", "pwsh"):
        return True
    options = [n for n, w in enumerate(words) if n and re.fullmatch(r"-[a-zA-Z]*c", w)]
    # Without -c, the first word that is no option is the script's file, which may be any.
    return bool(options) and number <= options[0] + 1


def _replaced(word: str, values: Mapping[str, str]) -> str:
    """A word with its values. Not ``str.format``, which would look into braces of the values."""
    parts = []
    for literal, name, _spec, _conversion in Formatter().parse(word):
        parts.append(literal)
        if name is not None:
            parts.append(values[name])
    return "".join(parts)
