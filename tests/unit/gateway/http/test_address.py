# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's URL as people paste it, and who may be given the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trellis_addon.core.errors import AddressError
from trellis_addon.core.settings import GatewaySettings
from trellis_addon.gateway.http.address import Address, is_loopback

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
    ("text", "endpoint"),
    [
        ("https://a.example/v1/openai", "https://a.example/v1/openai/"),
        ("https://a.example/v1beta/openai/", "https://a.example/v1beta/openai/"),
        ("https://a.example/openai/", "https://a.example/openai/"),
        ("https://a.example/openai/v1/", "https://a.example/openai/v1/"),
        ("https://a.example/v1/account/gateway/compat", "https://a.example/v1/account/gateway/compat/"),
        ("https://a.example/api/v1/chat/completions", "https://a.example/api/v1/"),
        ("https://a.example/compat/3d/generations/", "https://a.example/compat/"),
        ("https://a.example:8443/v1beta", "https://a.example:8443/v1beta/"),
        ("https://a.example/ai/gateway/v1", "https://a.example/ai/gateway/v1/"),
        ("https://a.example/ai/gateway", "https://a.example/ai/gateway/"),
        ("https://a.example//", "https://a.example/v1/"),
        ("https://a.example/v1/chat", "https://a.example/v1/"),
        ("https://a.example/V1", "https://a.example/V1/"),
    ],
)  # fmt: skip
def test_path_of_its_own_is_kept(text: str, endpoint: str) -> None:
    address = Address.parse(text)
    assert address.endpoint("chat/completions") == f"{endpoint}chat/completions"
    assert Address.parse(address.base_url) == address


def test_query_goes_with_every_request_and_into_no_record() -> None:
    address = Address.parse("https://a.example/openai/v1/?api-version=preview&key=sk-1")
    query = "api-version=preview&key=sk-1"
    assert address.endpoint("models") == f"https://a.example/openai/v1/models?{query}"
    assert address.endpoint("models?modality=3d").endswith(f"/models?modality=3d&{query}")
    assert address.endpoint("models/a/b/schema").endswith(f"/models/a/b/schema?{query}")
    assert address.base_url == "https://a.example/openai/v1"
    bare = Address.parse("https://a.example?api-version=1")
    assert bare.endpoint("models") == "https://a.example/v1/models?api-version=1"


OWN_NETWORK = [
    "10.0.0.7", "172.16.0.1", "172.31.255.254", "192.168.1.20", "169.254.1.1", "100.64.0.9",
    "[fd12:3456::1]", "[fc00::1]", "[fe80::1]", "render-box", "nas.local", "NAS.Local.",
    "trellis.studio.internal", "box.home.arpa",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "172.32.0.1", "172.15.0.1", "192.169.0.1", "11.0.0.1", "[2606:4700::1]", "134744072",
    "0x08080808", "010.8.8.8", "a.example", "local.example", "nas.local.example", "nas.locals",
    "10.0.0.1.example", "evil\u3002example", "evil%2Eexample", "evil\uff0eexample", "[fe00::1]",
]  # fmt: skip


@pytest.mark.parametrize("host", OWN_NETWORK)
def test_plain_http_in_a_private_network_needs_consent(host: str) -> None:
    with pytest.raises(AddressError, match="http would show your key") as caught:
        Address.parse(f"http://{host}:8000")
    assert "Plain HTTP in Private Networks" in caught.value.facts.next_step
    address = Address.parse(f"http://{host}:8000", plain_http=True)
    assert (address.scheme, address.loopback) == ("http", False)


@pytest.mark.parametrize("host", PUBLIC)
@pytest.mark.parametrize("plain_http", [False, True])
def test_plain_http_to_a_public_host_is_refused(host: str, plain_http: bool) -> None:
    with pytest.raises(AddressError, match=r"http would show your key|cannot be read") as caught:
        Address.parse(f"http://{host}:8000", plain_http=plain_http)
    assert "Plain HTTP in Private Networks" not in caught.value.facts.next_step


def test_settings_carry_the_consent() -> None:
    url = "http://192.168.1.20:8000"
    assert Address.of(GatewaySettings(base_url=url, plain_http=True)).scheme == "http"
    with pytest.raises(AddressError):
        Address.of(GatewaySettings(base_url=url))
    assert Address.of(GatewaySettings(base_url="http://127.0.0.1:8000")).loopback


@pytest.mark.parametrize(
    ("gateway", "host", "expected"),
    [
        ("http://192.168.1.20", "192.168.1.20", True),
        ("http://192.168.1.20", "files.local", True),
        ("http://192.168.1.20", "files.example", False),
        ("http://127.0.0.1", "files.example", True),
        ("https://192.168.1.20", "192.168.1.20", False),
        ("https://a.example", "192.168.1.20", False),
    ],
)
def test_where_an_answer_may_lead_in_clear_text(gateway: str, host: str, expected: bool) -> None:
    assert Address.parse(gateway, plain_http=True).may_be_plain(host) is expected


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
