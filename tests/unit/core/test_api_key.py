# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken for a key when it is pasted, and what is taken for a balance when it is told."""

from __future__ import annotations

from typing import Any

import pytest

from trellis_addon.core.api_key import key_from
from trellis_addon.core.errors import NoKeyError
from trellis_addon.gateway.answers.balance import read_balance

KEY = "sk-aig-Ab0_9.x-cdef"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"  {KEY}\r\n",
        f'"{KEY}"',
        f"'{KEY}',",
        f"`{KEY}`",
        f"Bearer {KEY}",
        f"Authorization: Bearer {KEY}",
        f"AIGATEWAY_API_KEY={KEY}",
        f'export AIGATEWAY_API_KEY="{KEY}";',
        f'AIG_KEY: "{KEY}"',
    ],
)
def test_key_is_found_in_what_people_copy(text: str) -> None:
    assert key_from(text).reveal() == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "hunter2hunter2",
        "sk-proj-abcdefghijkl",
        "sk-aig-",
        "sk-aig-abc def ghi",
        "sk-aig-abcdef\nsk-aig-second",
        "sk-aig-abc\u2013defghij",
        "sk-aig-" + "x" * 600,
        "https://aigateway.sh/keys/sk-aig-abcdefghij",
    ],
)
def test_what_is_no_key_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(NoKeyError) as caught:
        key_from(text)
    facts = caught.value.facts
    assert facts.next_step
    for part in filter(lambda part: len(part) > 8, text.split()):
        assert part not in repr(facts)


def test_another_gateways_key_may_look_otherwise() -> None:
    assert key_from("abcdef-0123456789", prefix="").reveal() == "abcdef-0123456789"
    with pytest.raises(NoKeyError):
        key_from("two words here", prefix="")


@pytest.mark.parametrize(
    ("document", "cents"),
    [
        ({"balance_cents": 2479.0, "spent_cents": 21}, 2479.0),
        ({"balance_usd": 12.5}, 1250.0),
        ({"data": {"credits_cents": "100"}}, 100.0),
        ({"balance": {"amount": 3, "currency": "USD"}}, 300.0),
        ({"credit": 4.5, "currency": "usd"}, 450.0),
        ({"balance_cents": 0}, 0.0),
        ({"balance": 25.0}, None),  # dollars or cents? Nobody says.
        ({"balance": 25.0, "currency": "eur"}, None),
        ({"balance_cents": True}, None),
        ({"balance_cents": "NaN"}, None),
        ([1, 2], None),
        (None, None),
    ],
)
def test_balance_is_believed_only_with_its_unit(document: Any, cents: float | None) -> None:
    balance = read_balance(document)
    assert balance.cents == cents
    assert balance.words


def test_balance_in_words() -> None:
    assert read_balance({"balance_cents": 2479}).words == "$24.79"
    assert read_balance({"balance": 25.0}).words == '{"balance": 25.0}'
