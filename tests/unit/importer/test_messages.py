# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipe between the two Blenders."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.importer.pipe.messages import (
    LONGEST,
    MAGIC,
    BrokenPipeOfFramesError,
    Task,
    receive,
    send,
    send_task,
)


def frame(content: bytes) -> bytes:
    return MAGIC + struct.pack("<I", len(content)) + content


def test_task_goes_through() -> None:
    pipe = io.BytesIO()
    task = Task(
        "/library/prop", "Stühle", "椅子 🪑", finishing={"metres": 2.5}, provenance={"seed": 7}
    )
    send_task(pipe, task)
    send(pipe, {"ready": True})
    pipe.seek(0)
    assert Task(**receive(pipe)["task"]) == task
    assert receive(pipe) == {"ready": True}
    with pytest.raises(BrokenPipeOfFramesError, match="ended"):
        receive(pipe)


@given(st.binary(max_size=40))
def test_noise_before_the_first_frame_is_dropped(noise: bytes) -> None:
    pipe = io.BytesIO(noise + frame(b'{"a": 1}'))
    if MAGIC not in noise:
        assert receive(pipe, skip_noise=True) == {"a": 1}


def test_noise_is_an_error_later() -> None:
    with pytest.raises(BrokenPipeOfFramesError, match="not a frame"):
        receive(io.BytesIO(b"Saved a file\n" + frame(b"{}")))


@pytest.mark.parametrize("content", [b"[]", b"1", b"{", b"\xff", b""])
def test_frame_that_is_no_object(content: bytes) -> None:
    with pytest.raises(BrokenPipeOfFramesError):
        receive(io.BytesIO(frame(content)))


def test_frame_that_claims_too_much() -> None:
    with pytest.raises(BrokenPipeOfFramesError, match="claims"):
        receive(io.BytesIO(MAGIC + struct.pack("<I", LONGEST + 1) + b"{}"))


@pytest.mark.parametrize("cut", range(1, 20))
def test_cut_frame(cut: int) -> None:
    whole = frame(b'{"a": "bcd"}')
    with pytest.raises(BrokenPipeOfFramesError, match="ended"):
        receive(io.BytesIO(whole[:-cut]))


def test_message_that_is_too_long_is_not_sent() -> None:
    pipe = io.BytesIO()
    with pytest.raises(ValueError, match="too long"):
        send(pipe, {"text": "x" * (LONGEST + 1)})
    assert pipe.getvalue() == b""
