# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of commands that look at the library, its settings and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from .message import Message


@dataclass(frozen=True, kw_only=True)
class PropEvent(Message, event="prop"):
    """A prop of the library, from `list` and `show`."""

    id: Annotated[str, "the prop"]
    state: Annotated[str, "its state"]
    prompt: Annotated[str, "its prompt; empty for an imported one"]
    created: Annotated[str, "when it was begun, ISO 8601 in UTC"]
    folder: Annotated[str, "its folder"]
    glb: Annotated[str | None, "the model, if it is there"]
    blend: Annotated[str | None, "its `prop.blend`, if it is there"]
    thumbnail: Annotated[str | None, "its picture, if it is there"]
    cost_cents: Annotated[float | None, "its cost in US cents; null if the gateway told none"]
    is_resumable: Annotated[bool, "whether `resume` goes on with it"]
    worked_on_by: Annotated[str | None, "the process that works on it now, for people"]
    quality: Annotated[
        Mapping[str, Any] | None, "the [facts about the mesh](file-formats.md#reports)"
    ]
    readiness: Annotated[
        Mapping[str, Any] | None,
        "for each use its `light`, the `reason`, and the `next_step` to a better one",
    ]
    exports: Annotated[
        Mapping[str, list[str]] | None, "the files by their destination, from `show`"
    ] = None
    record: Annotated[Mapping[str, Any] | None, "the whole `prop.json`, from `show`"] = None


@dataclass(frozen=True, kw_only=True)
class DestinationEvent(Message, event="destination"):
    """A destination, from `destinations`."""

    name: Annotated[str, "its name for `--for`"]
    label: Annotated[str, "its label"]
    description: Annotated[str, "what it is for"]
    use: Annotated[str, "the use that its props are checked for; empty for none"]
    own: Annotated[bool, "whether it is from the library's own tables"]
    finishing: Annotated[Mapping[str, Any], "the settings of finishing that it changes"]
    export: Annotated[Mapping[str, Any], "its settings of export"]


@dataclass(frozen=True, kw_only=True)
class FileFaultEvent(Message, event="fault"):
    """A file that differs from its record, or is missing, from `verify`."""

    id: Annotated[str, "the prop"]
    file: Annotated[str, "the file, from the prop's folder"]
    reason: Annotated[str, "what is wrong with it, for people"]


@dataclass(frozen=True, kw_only=True)
class LeftOverEvent(Message, event="left_over"):
    """A file or folder that nothing needs, from `clean`."""

    id: Annotated[str, "the prop; empty for what belongs to none"]
    path: Annotated[str, "the file or folder"]
    what: Annotated[str, "what it is, for people"]
    bytes: Annotated[int, "its size"]


@dataclass(frozen=True, kw_only=True)
class CheckEvent(Message, event="check"):
    """One verdict of `doctor` or of `batch --check`."""

    name: Annotated[str, "what was checked"]
    verdict: Annotated[str, "`ok`, `note` or `fault`"]
    text: Annotated[str, "what was found, for people"]


@dataclass(frozen=True, kw_only=True)
class SettingEvent(Message, event="setting"):
    """The value of one option of a command, for `--show-config`."""

    name: Annotated[str, "the option, as it is written"]
    value: Annotated[str | float | bool | list[str] | None, "its value; null if it has none"]
    source: Annotated[str, "`option`, the variable, the file and its line, or `default`"]


@dataclass(frozen=True, kw_only=True)
class ScriptEvent(Message, event="script"):
    """The script that `completion` makes."""

    text: Annotated[str, "the whole script"]


@dataclass(frozen=True, kw_only=True)
class PlacedEvent(Message, event="placed"):
    """A prop that `place` has put into a scene file."""

    id: Annotated[str, "the prop"]
    scene: Annotated[str, "the scene file"]
    object: Annotated[str | None, "the name of its object in the scene"]
