# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames that were damaged on the way, or made to do harm."""

from __future__ import annotations

import io
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.importer.pipe.messages import (
    LONGEST,
    LONGEST_NOISE,
    MAGIC,
    BrokenPipeOfFramesError,
    receive,
    receive_frame,
    send,
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
messages = st.dictionaries(st.text(), json_values, max_size=5)


def frame(content: bytes, length: int | None = None) -> bytes:
    return MAGIC + struct.pack("<I", len(content) if length is None else length) + content


@given(st.lists(messages, max_size=5))
def test_any_messages_come_through(sent: list[dict[str, object]]) -> None:
    pipe = io.BytesIO()
    for message in sent:
        send(pipe, message)
    pipe.seek(0)
    assert [receive(pipe) for _ in sent] == sent


@given(messages, st.integers(0, 200), st.integers(0, 255), st.booleans())
def test_damaged_byte_is_a_message_or_an_error(
    message: dict[str, object], place: int, value: int, noise: bool
) -> None:
    pipe = io.BytesIO()
    send(pipe, message)
    damaged = bytearray(pipe.getvalue())
    damaged[place % len(damaged)] = value
    try:
        assert isinstance(receive(io.BytesIO(bytes(damaged)), skip_noise=noise), dict)
    except BrokenPipeOfFramesError:
        return


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_an_error(content: bytes, noise: bool) -> None:
    with pytest.raises(BrokenPipeOfFramesError):
        receive(io.BytesIO(content), skip_noise=noise)


@pytest.mark.parametrize("length", [LONGEST + 1, 1 << 30, 0xFFFFFFFF])
def test_claimed_length_takes_no_memory(length: int) -> None:
    pipe = io.BytesIO(frame(b"{}", length))
    tracemalloc.start()
    try:
        with pytest.raises(BrokenPipeOfFramesError, match="claims"):
            receive_frame(pipe)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("content", [b"[", b'{"a":', b'[{"a":'])
def test_nested_without_end(content: bytes) -> None:
    whole = content * (LONGEST // len(content))
    with pytest.raises(BrokenPipeOfFramesError, match="not JSON"):
        receive(io.BytesIO(frame(whole)))


@pytest.mark.parametrize(
    "content", [b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": ' + b"9" * 9999 + b"}"]
)
def test_numbers_that_are_none(content: bytes) -> None:
    with pytest.raises(BrokenPipeOfFramesError, match="not JSON"):
        receive(io.BytesIO(frame(content)))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_not_sent(value: float) -> None:
    pipe = io.BytesIO()
    with pytest.raises(ValueError, match="JSON"):
        send(pipe, {"size": value})
    assert pipe.getvalue() == b""


def test_noise_has_an_end() -> None:
    ours = frame(b"{}")
    assert receive(io.BytesIO(b"x" * LONGEST_NOISE + ours), skip_noise=True) == {}
    with pytest.raises(BrokenPipeOfFramesError, match="not a frame"):
        receive(io.BytesIO(b"x" * (LONGEST_NOISE + 1) + ours), skip_noise=True)
