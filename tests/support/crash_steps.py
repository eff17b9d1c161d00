# SPDX-License-Identifier: GPL-3.0-or-later
"""The crash matrix as data: every step of a generation, every kind of end, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Step:
    """Where a generation is stopped.

    `state` is what its record says there; `endpoint` and `answer` are how it is asked for.
    """

    key: str
    title: str
    state: str
    endpoint: str = "chat"
    answer: str = "link"

    @property
    def prompt(self) -> str:
        """Each step has a prompt of its own, by which its requests and its folder are found."""
        return f"{self.key} vase"

    @property
    def slug(self) -> str:
        """How its folder's name begins."""
        return self.prompt.replace(" ", "-")


STEPS: Final = {
    step.key: step
    for step in (
        Step("before-send", "before send: the record is about to say so", "requested"),
        Step("sent", "sent: the gateway has made and billed it, no answer yet", "sending"),
        Step("accepted", "job accepted: its id is not in the record yet", "sending", "jobs"),
        Step("first-poll", "first poll: asked, no answer yet", "waiting", "jobs"),
        Step("later-poll", "each later poll", "waiting", "jobs"),
        Step("mid-answer", "mid-answer: half of a model in it", "sending", answer="data_uri"),
        Step("answered", "answered: a model in it, whole", "downloading", answer="data_uri"),
        Step("mid-download", "mid-download", "downloading"),
        Step("busy", "asked again while the gateway is at the first request", "sending"),
        Step("poll-page", "a poll was answered by a web page", "waiting", "jobs"),
        Step("file-late", "the file was not there yet", "downloading"),
        Step("downloaded", "downloaded: named, not in the record yet", "downloading"),
        Step("importing", "importing", "importing"),
        Step("half-written", "`.blend` half-written", "importing"),
        Step("in-place", "`.blend` in its place, not in the record yet", "importing"),
        Step("recorded", "record written, cost not in the ledger yet", "ready"),
        Step("in-scene", "placed in the scene, which is about to be saved", "ready"),
    )
}

ENDS: Final = {
    "blender": "SIGKILL of Blender",
    "background": "SIGKILL of the background process",
    "power": "power loss",
    "full": "disk full",
    "read-only": "library read-only",
    "network": "network gone",
    "file": "another file opened",
}

AT_GATEWAY: Final = (
    "before-send",
    "sent",
    "accepted",
    "first-poll",
    "later-poll",
    "mid-answer",
    "answered",
    "mid-download",
    "downloaded",
    "busy",
    "poll-page",
    "file-late",
)
"""These can wait side by side in one process; those in the background Blender come one by one."""

LEFT_OUT: Final = {
    ("half-written", "read-only"): "a file system that becomes read-only refuses the next file; it "
    "does not cut one: see importing",
    ("half-written", "network"): "nothing of the network is in use: see importing",
    ("in-place", "network"): "nothing of the network is in use: see importing",
    ("in-scene", "network"): "nothing of the network is in use: see record written",
    ("half-written", "file"): "the background process knows of no open file: see importing",
    ("in-scene", "file"): "Blender opens no file while it saves one",
    ("in-scene", "background"): "the background process has nothing more to do with the prop: see "
    "record written",
}
"""Cells that make no sense, each with its reason."""

SAME_RUN: Final = frozenset(
    {(step, "background") for step in (*AT_GATEWAY, "recorded")}
    | {(step, "network") for step in ("accepted", "first-poll", "later-poll", "mid-download")}
    | {(step, "network") for step in ("answered", "downloaded", "importing", "recorded")}
    | {(step, "network") for step in ("poll-page", "file-late")}
    | {(step, "file") for step in STEPS}
)
"""Cells in which the generation goes on by itself; in all others the next start does it."""


def cells(end: str) -> list[str]:
    """The steps that are tested with an end."""
    return [step for step in STEPS if (step, end) not in LEFT_OUT]


def table() -> str:
    """The matrix in Markdown."""
    reasons = list(dict.fromkeys(LEFT_OUT.values()))
    lines = [
        "| killed or hindered at | " + " | ".join(ENDS.values()) + " |",
        "|---" * (len(ENDS) + 1) + "|",
    ]
    for key, step in STEPS.items():
        row = []
        for end in ENDS:
            if reason := LEFT_OUT.get((key, end)):
                row.append(f"-- ({reasons.index(reason) + 1})")
            else:
                row.append("same run" if (key, end) in SAME_RUN else "next start")
        lines.append(f"| {step.title} | " + " | ".join(row) + " |")
    lines += ["", *(f"({number}) Left out: {why}." for number, why in enumerate(reasons, 1))]
    return "\n".join(lines).replace(".\n(", ".  \n(")
