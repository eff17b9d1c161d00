# SPDX-License-Identifier: GPL-3.0-or-later
"""The Model panel's properties and operators."""

from __future__ import annotations

from typing import Any

import bpy
import pytest
from support.bpy_context import trellis_ops
from support.rooms import Rooms


@pytest.fixture
def group(rooms: Rooms) -> Any:
    """The group of an empty file."""
    found = rooms("ui.settings.model_properties").model_group(bpy.context)
    assert found is not None, "Scene.trellis.model points to the group"
    return found


def test_defaults_are_those_of_a_request(rooms: Rooms, group: Any) -> None:
    request = rooms.request()
    given = rooms("ui.settings.model_properties").to_parameters(group)
    assert given == {name: getattr(request, name) for name in given}
    assert rooms.request(**given) == request
    assert not rooms("ui.settings.model_properties").is_changed(group)


def test_everything_goes_into_the_request(rooms: Rooms, group: Any) -> None:
    group.model, group.temperature, group.top_p, group.max_tokens = " acme/one ", 0.1, 0.33, 7
    group.use_seed, group.seed, group.system = True, 42, " all in cast iron "
    request = rooms.request(**rooms("ui.settings.model_properties").to_parameters(group))
    assert (request.model, request.temperature, request.top_p) == ("acme/one", 0.1, 0.33)
    assert (request.max_tokens, request.seed, request.system) == (7, 42, "all in cast iron")
    assert rooms("ui.settings.model_properties").chosen_model(bpy.context) == "acme/one"
    group.model = "  "
    assert rooms("ui.settings.model_properties").chosen_model(bpy.context) == "microsoft/trellis"


def test_seed_counts_only_when_it_is_used(rooms: Rooms, group: Any) -> None:
    group.seed = 42
    assert rooms("ui.settings.model_properties").to_parameters(group)["seed"] is None
    assert not rooms("ui.settings.model_properties").is_changed(group)


def test_dice_gives_another_seed_and_uses_it(group: Any) -> None:
    seen = set()
    for _ in range(5):
        assert trellis_ops.random_seed() == {"FINISHED"}
        assert group.use_seed
        seen.add(group.seed)
    assert len(seen) > 1


def test_reset_sets_everything_back(rooms: Rooms, group: Any) -> None:
    assert not trellis_ops.reset_model.poll()
    group.model, group.temperature, group.use_seed, group.seed = "acme/one", 1.0, True, 7
    group.system = "in cast iron"
    assert trellis_ops.reset_model() == {"FINISHED"}
    assert not rooms("ui.settings.model_properties").is_changed(group)
    assert (group.model, group.seed, group.system) == ("microsoft/trellis", 0, "")


def test_field_offers_the_gateways_models(rooms: Rooms, group: Any) -> None:
    known = rooms("ui.settings.model_properties").known_models
    account, facts = rooms("ui.account.account").Account.get(), rooms("core.account")
    before = account.models
    try:
        account.models = None
        assert list(known(group, bpy.context, "")) == ["microsoft/trellis"]
        entries = tuple(map(facts.ModelFacts, ("microsoft/trellis", "Acme/Mesh")))
        account.models = facts.Models(entries)
        assert list(known(group, bpy.context, "")) == ["microsoft/trellis", "Acme/Mesh"]
        assert list(known(group, bpy.context, "mesh")) == ["Acme/Mesh"]
    finally:
        account.models = before
