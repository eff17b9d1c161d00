# SPDX-License-Identifier: GPL-3.0-or-later
"""A form with files as bytes (RFC 7578)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FormFile:
    """A file of a form."""

    field: str
    name: str
    kind: str
    """Its media type."""
    content: bytes


def multipart(fields: Sequence[tuple[str, str]], files: Sequence[FormFile]) -> tuple[bytes, str]:
    """The body of the form, and its ``Content-Type``. The same form gives the same bytes."""
    digest = hashlib.sha256()
    for name, value in fields:
        digest.update(f"{name}={value}\n".encode())
    for file in files:
        digest.update(file.content)
    # By the content and not by chance: a gateway may refuse an idempotency key that comes with
    # another body.
    boundary = f"trellis-{digest.hexdigest()[:32]}"
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    for file in files:
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{file.field}"; '
            f'filename="{file.name}"\r\nContent-Type: {file.kind}\r\n\r\n'
        )
        pieces += [head.encode(), file.content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"
