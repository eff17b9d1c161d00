# SPDX-License-Identifier: GPL-3.0-or-later
"""Interprets any answer of the gateway: where the mesh may be, a job to follow, or text.

:func:`understand` handles the answers of the chat endpoint, of the jobs endpoint and of a finished
job alike. To support a new shape, extend ``_Reader`` (JSON) or ``in_prose`` (text).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from ...core.secret import hidden
from ...core.text import shorten
from ..http.base64_extraction import MARK, Body
from ..http.file_type import HEAD, Kind, kind_of, kind_of_file
from .asset_locations import AssetLocation, Trust, judged
from .job_record import NO_JOB, JobNamed, job_in
from .links_in_text import embedded_json, in_prose, looks_like_html
from .url_resolution import resolved, whole_address
from .wire import WORKING, job_error_words, status_word

# Levels of nesting: without a limit a hostile answer would exhaust the stack.
_DEEPEST: Final = 40
_MOST_FOUND: Final = 1000
_NOTHING: Final[Mapping[str, Any]] = {}
_MESSAGE_KEYS: Final = ("content", "text", "refusal", "transcript")
_JOB_IN_TEXT: Final = re.compile(r"\b(job_[A-Za-z0-9_-]{2,})")
_FILTERED: Final = frozenset({"content_filter", "content_filtered"})
_MESH_BYTES: Final = frozenset({Kind.GLB, Kind.GLTF, Kind.ZIP, Kind.OBJ, Kind.STL, Kind.FBX})


@dataclass(frozen=True)
class Answer:
    """What an answer contains."""

    assets: tuple[AssetLocation, ...] = ()
    """Where the mesh may be, most trusted first. Pictures and videos are left out."""
    job_id: str | None = None
    job_urls: tuple[str, ...] = ()
    """The addresses at which the job can be polled, according to the answer."""
    job_status: str = ""
    text: str = ""
    """The text of the answer."""
    error: str | None = None
    """An error inside an HTTP 200, in the gateway's words; "" if it gave no reason."""
    filtered: bool = False
    """A content filter stopped the generation."""
    usage: dict[str, Any] | None = None
    page: bool = False
    """A web page instead of an answer."""
    structured: bool = False
    """Whether it was a JSON object or server-sent events, as opposed to text."""

    @property
    def names_job(self) -> bool:
        """Whether the answer names a job that can be polled."""
        return bool(self.job_id or self.job_urls)


def understand(body: Body) -> Answer:
    """Interpret an answer of any shape. Never raises, whatever the server sends."""
    text = body.text.strip("\ufeff \t\r\n")  # some servers put a byte order mark before JSON
    reader = _Reader(body)
    if "html" in body.content_type or looks_like_html(text):
        reader.prose(text, "content")
        page = reader.answer()
        # Most links on a web page lead to help or logs, and an error page has no others. Only those
        # to a file with a mesh's extension count.
        assets = tuple(a for a in page.assets if a.trust <= Trust.EXTENSION)
        return replace(page, assets=assets, page=True, text="")
    documents = list(_documents(text))
    if not documents:
        reader.prose(text, "content")
        reader.words.append(text)
        if text.startswith(("{", "[", "data:", "event:")):
            # Truncated JSON: an address in it may be truncated as well, and the job's address may
            # be in the missing part. Only a file inside it can be checked.
            answer = reader.answer()
            held = tuple(a for a in answer.assets if a.trust is Trust.BYTES)
            return replace(answer, assets=held, job_id=None)
    for document in documents:
        reader.walk(document, "", 0)
        reader.envelope(document)
    structured = any(isinstance(document, dict) for document in documents)
    return replace(reader.answer(), structured=structured)


def _documents(text: str) -> list[Any]:
    """The JSON document of a body, or one that joins the server-sent events of a stream; empty if
    it is neither.
    """
    document = _load(text)
    if document is not None:
        return [document]
    if not re.match(r"(?::|data:|event:|id:|retry:)", text):
        return []
    events = [_load(line[5:].strip()) for line in text.splitlines() if line.startswith("data:")]
    found = [event for event in events if event is not None]
    return [_joined(found)] if found else []


def _joined(events: list[Any]) -> dict[str, Any]:
    """Join a stream's deltas into one chat answer, as a URL may be split between two of them."""
    content, rest = "", []
    for event in events:
        for choice in _dicts(event.get("choices") if isinstance(event, dict) else None):
            delta = choice.get("delta") or choice.get("message") or {}
            if isinstance(delta, dict) and isinstance(delta.get("content"), str):
                content += delta["content"]
                delta = {k: v for k, v in delta.items() if k != "content"}
            rest.append(delta)
            rest.append({"finish_reason": choice.get("finish_reason")})
        if isinstance(event, dict):
            rest.append({k: v for k, v in event.items() if k != "choices"})
    joined = {"choices": [{"message": {"role": "assistant", "content": content}}], "stream": rest}
    errors = [event["error"] for event in events if isinstance(event, dict) and event.get("error")]
    return joined | {"error": errors[0]} if errors else joined


def _load(text: str) -> Any:
    if not text.startswith(("{", "[", '"')):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _bounded(value: Any, depth: int = 0) -> Any:
    """A server's JSON, reduced to what a record should keep: of limited size, with printable text
    and numbers that every JSON reader accepts.
    """
    match value:
        case dict() if depth < 4:
            pairs = islice(value.items(), 50)
            return {shorten(str(name), 80): _bounded(one, depth + 1) for name, one in pairs}
        case list() if depth < 4:
            return [_bounded(one, depth + 1) for one in value[:50]]
        case str():
            return shorten(value)
        case bool() | None:
            return value
        # Python reads integers of any length, but many other readers of JSON stop at 64 bits.
        case int() | float() if abs(value) < 2**63:
            return value
        case _:
            return None


@dataclass
class _Reader:
    body: Body
    found: list[AssetLocation] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    job: JobNamed = NO_JOB
    error: str | None = None
    filtered: bool = False
    usage: dict[str, Any] | None = None

    def walk(self, value: Any, key: str, depth: int, around: Mapping[str, Any] = _NOTHING) -> None:
        """Visit every value at any depth. ``around`` is the object that contains it."""
        if depth > _DEEPEST:
            return
        if isinstance(value, str):
            self.string(value, key, depth, around)
        elif isinstance(value, list):
            for item in value:
                self.walk(item, key, depth + 1, around)
        elif isinstance(value, dict):
            for name, item in value.items():
                self.walk(item, _telling(str(name), key), depth + 1, value)

    def string(self, value: str, key: str, depth: int, around: Mapping[str, Any]) -> None:
        """A string may itself be JSON, prose with links, a URL, a data URI, or base64."""
        inner = _load(value.strip()) if len(value) > 1 else None
        if isinstance(inner, dict | list):
            self.walk(inner, key, depth + 1)
            self.envelope(inner)
            return
        for document in embedded_json(value):
            self.walk(document, key, depth + 1)
            self.envelope(document)
        self.prose(value, key, around)

    def prose(self, value: str, key: str, around: Mapping[str, Any] = _NOTHING) -> None:
        """Collect every location of a mesh in a text."""
        if len(self.found) >= _MOST_FOUND:
            return
        mime = next((str(around[k]) for k in _MIME if isinstance(around.get(k), str)), "")
        name = next((str(around[k]) for k in _NAMES if isinstance(around.get(k), str)), "")
        if "mesh" in str(around.get("asset_type", "")).lower() + mime.lower():
            mime = mime or "model/"
        # Links in Markdown and HTML are found in prose; a field may also be an address as a whole,
        # with spaces or relative.
        whole = whole_address(value, key)
        bare = key in _MESSAGE_KEYS or key == "message"
        for location in [AssetLocation(url=whole)] if whole else in_prose(value, bare=bare):
            url = resolved(self.body.url, location.url) if location.url else ""
            if location.url and not url:
                continue
            self.found.append(
                self.sniffed(
                    replace(
                        location,
                        url=url,
                        field=shorten(location.field or key),
                        mime=shorten(location.mime or (mime if "/" in mime else "")),
                        name=shorten(location.name or name),
                        order=len(self.found),
                    )
                )
            )

    def sniffed(self, location: AssetLocation) -> AssetLocation:
        """Judge a location by its bytes, if the answer contained them."""
        if location.inline:
            kind = kind_of(location.inline[:HEAD], len(location.inline))
        elif location.payload is None:
            return judged(location)
        elif location.payload >= len(self.body.payloads):
            return replace(location, trust=Trust.NOT_A_MESH)
        else:
            kind = kind_of_file(self.body.payloads[location.payload])
        if kind in _MESH_BYTES:
            return replace(location, trust=Trust.BYTES)
        return replace(location, trust=Trust.LAST_RESORT if kind is Kind.PLY else Trust.NOT_A_MESH)

    def envelope(self, document: Any) -> None:
        """Collect what surrounds the mesh: text, job, error, usage."""
        if not isinstance(document, dict):
            return
        if isinstance(document.get("usage"), dict):
            self.usage = _bounded(document["usage"])
        self._job(document)
        choices = _dicts(document.get("choices"))
        for choice in choices:
            self._choice(choice)
        for item in _dicts(document.get("artifacts")):
            if str(item.get("finishReason", "")).lower() in _FILTERED:
                self.filtered = True
        for item in _dicts(document.get("stream")):
            self._choice(item)
        if document.get("error"):
            self.error = job_error_words(document["error"])
        # An empty list of choices is how some gateways report a failure without giving a reason.
        elif "choices" in document and not choices and self.error is None:
            self.error = ""

    def _choice(self, choice: dict[str, Any]) -> None:
        reason = str(choice.get("finish_reason") or "").lower()
        self.filtered = self.filtered or reason in _FILTERED
        if reason == "error" and self.error is None:
            self.error = ""
        message = choice.get("message") or choice.get("delta") or choice
        if not isinstance(message, dict):
            return
        if isinstance(message.get("refusal"), str) and message["refusal"]:
            self.filtered = True
            self.words.append(message["refusal"])
        content = message.get("content") or message.get("text")
        parts = _dicts(content)
        texts = [content] if isinstance(content, str) else [p.get("text") for p in parts]
        self.words.extend(text for text in texts if isinstance(text, str) and text.strip())

    def _job(self, document: dict[str, Any]) -> None:
        if self.job.can_be_followed:
            return
        named = job_in(document)
        # The first job wins: later objects in an answer may be its steps or other files.
        if named.can_be_followed or not self.job.status:
            self.job = named

    def answer(self) -> Answer:
        """Everything that was found, the most trusted location first and each of them once."""
        text = "\n".join(MARK.sub("", word).strip() for word in self.words).strip()
        ordered = sorted(self.found, key=lambda location: location.rank)
        # Reversed, so that of several names of one place the most trusted is kept.
        unique = {(a.url, a.payload, a.inline): a for a in reversed(ordered)}
        assets = tuple(
            a for a in reversed(list(unique.values())) if a.trust is not Trust.NOT_A_MESH
        )
        job = self.job
        if job.can_be_followed and status_word(job.status) in WORKING:
            # The addresses in such a record are for polling, for logs, from the request itself, or
            # of a file that does not exist before the job is done.
            assets = tuple(a for a in assets if a.trust is Trust.BYTES)
        # Resellers of other models print a task id into the text of a chat answer.
        in_words = _JOB_IN_TEXT.search(text)
        if not job.can_be_followed and in_words and not assets:
            job = JobNamed(in_words[1])
        urls = (resolved(self.body.url, url) for url in job.urls)
        answer = Answer(
            assets=assets,
            job_id=job.id,
            job_urls=tuple(filter(None, urls)),
            job_status=job.status,
            text=text,
            error=self.error,
            filtered=self.filtered,
            usage=self.usage,
        )
        return hidden(answer, self.body.hide)


_MIME: Final = ("content_type", "mime_type", "mimeType", "media_type", "type")
_NAMES: Final = ("file_name", "filename", "name", "title")
_HOLDERS: Final = frozenset(
    {"url", "uri", "href", "src", "data", "base64", "file_data", "b64_json"}
)


def _telling(name: str, parent: str) -> str:
    """The more telling of two names: in ``{"model_mesh": {"url": ...}}`` that is the outer one."""
    return parent if name in _HOLDERS and parent and parent not in _PLAIN_PARENTS else name


_PLAIN_PARENTS: Final = frozenset({"choices", "message", "data", "content", "file"})
