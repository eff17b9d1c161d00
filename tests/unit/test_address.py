# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's URL as people paste it, and who may be given the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.core.errors import AddressError
from trellis_addon.gateway.address import Address, is_loopback

GATEWAY = "https://api.aigateway.sh"


@pytest.mark.parametrize(
    ("text", "base"),
    [
        (GATEWAY, GATEWAY),
        (f" {GATEWAY}/ ", GATEWAY),
        (f"{GATEWAY}/v1", GATEWAY),
        (f"{GATEWAY}/v1/", GATEWAY),
        (f"{GATEWAY}/v1/chat/completions", GATEWAY),
        (f"{GATEWAY}/v1/chat/completions/", GATEWAY),
        (f"{GATEWAY}/v1/3d/generations", GATEWAY),
        ("HTTPS://API.AIGateway.sh/v1", GATEWAY),
        ("https://proxy.example/ai/gateway/v1", "https://proxy.example/ai/gateway"),
        ("https://proxy.example:8443/v1beta", "https://proxy.example:8443/v1beta"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:8000/v1", "http://localhost:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000"),
    ],
)
def test_base_url(text: str, base: str) -> None:
    address = Address.parse(text)
    assert address.base_url == base
    assert address.endpoint("chat/completions") == f"{base}/v1/chat/completions"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no https://"),
        ("api.aigateway.sh", "no https://"),
        ("api.aigateway.sh/v1", "no https://"),
        ("localhost:8000", "no https://"),
        ("ftp://api.aigateway.sh", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("https:///v1", "must begin with https://"),
        ("http://api.aigateway.sh", "must be https"),
        ("http://127.0.0.1.example.com", "must be https"),
        ("http://localhost.example.com", "must be https"),
        ("https://user:secret@api.aigateway.sh", "user name or password"),
        ("https://api.aigateway.sh:99999", "cannot be read"),
        ("https://api.aigateway.sh:port", "cannot be read"),
        ("https://[::1", "cannot be read"),
    ],
)
def test_url_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(AddressError) as caught:
        Address.parse(text)
    assert words in caught.value.facts.message
    assert caught.value.facts.next_step


@given(st.text())
def test_whatever_is_pasted_gives_an_address_or_a_sentence(text: str) -> None:
    try:
        address = Address.parse(text)
    except AddressError:
        return
    assert address.scheme == "https" or address.loopback


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{GATEWAY}/v1/jobs/1", True),
        (f"{GATEWAY}:443/x", True),
        ("https://media.aigateway.sh/x.glb", True),
        ("https://media.aigateway.sh:8443/x.glb", False),
        ("http://api.aigateway.sh/x", False),
        (f"{GATEWAY}:8443/x", False),
        ("https://api.aigateway.sh.example.com/x", False),
        ("https://example.com/api.aigateway.sh", False),
        ("https://api.aigateway.sh@example.com/x", False),
        ("https://aigateway.sh/x", False),
        ("file:///x", False),
    ],
)
def test_who_may_have_the_key(url: str, expected: bool) -> None:
    assert Address.parse(GATEWAY).may_have_key(url) is expected


def test_another_gateway_has_no_media_host() -> None:
    other = Address.parse("https://proxy.example/v1")
    assert other.may_have_key("https://proxy.example/elsewhere")
    assert not other.may_have_key("https://media.aigateway.sh/x.glb")
    here = Address.parse("http://127.0.0.1:8000")
    assert not here.may_have_key("http://127.0.0.1:8001/x")
    assert not here.may_have_key("http://localhost:8000/x")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "a.localhost", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "localhost.example", "127.1.example", ""])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
