# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension in Blender: what it adds, what it costs at start-up, what it leaves behind."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from support import bpy_context
from support.bpy_context import trellis_ops
from support.rooms import KEY, Rooms

OPERATORS = {"generate", "add", "cancel", "preferences", "allow_online_access", "dismiss"}
"""Those that a user cannot do without; there may be more."""
NAMES = {
    bpy.types.Operator: r"TRELLIS_OT_[a-z_]+",
    bpy.types.Panel: r"TRELLIS_PT_[a-z_]+",
    bpy.types.Menu: r"TRELLIS_MT_[a-z_]+",
    bpy.types.UIList: r"TRELLIS_UL_[a-z_]+",
}
COMMON = {"rna_type", "bl_idname"}
"""Properties that Blender itself gives to every class."""


def registered() -> dict[str, set[str]]:
    """What an extension can leave behind, as far as Blender lists it."""
    menu = getattr(bpy.types.VIEW3D_MT_add.draw, "_draw_funcs", [])
    return {
        "types": set(dir(bpy.types)),
        "operators": set(dir(trellis_ops)),
        "scene": set(bpy.types.Scene.bl_rna.properties.keys()),
        "window manager": set(bpy.types.WindowManager.bl_rna.properties.keys()),
        "menu": {function.__qualname__ for function in menu if "trellis" in function.__module__},
        "handlers": {
            f"{name}: {function.__qualname__}"
            for name in dir(bpy.app.handlers)
            for function in _functions(getattr(bpy.app.handlers, name))
            if "trellis" in function.__module__
        },
    }


def _functions(handlers: Any) -> list[Any]:
    return list(handlers) if isinstance(handlers, list) else []


def classes(kind: Any) -> Iterator[Any]:
    """The extension's own registered classes of a kind."""
    for cls in kind.__subclasses__():
        if cls.__module__.startswith("bl_ext.user_default.trellis") and cls.is_registered:
            yield cls


def scene_group() -> Any:
    """The class of ``Scene.trellis``."""
    scene: Any = bpy.types.Scene
    return scene.trellis.keywords["type"]


def described(rooms: Rooms) -> Iterator[tuple[str, str]]:
    """Every text that Blender shows as a tip, with the name of what it belongs to."""
    page = rooms("ui.setup.preferences_page")
    groups = [scene_group(), page.TrellisPreferences]
    for cls in [*classes(bpy.types.Operator), *groups]:
        rna = cls.bl_rna if cls in groups else getattr(trellis_ops, short(cls)).get_rna_type()
        if cls not in groups:
            yield cls.__name__, rna.description
        base = {"name"} if cls not in groups[:1] else set()
        for prop in rna.properties:
            if prop.identifier in COMMON | base or prop.identifier.startswith("bl_"):
                continue
            yield f"{cls.__name__}.{prop.identifier}", prop.description
            for item in getattr(prop, "enum_items", ()):
                yield f"{cls.__name__}.{prop.identifier}.{item.identifier}", item.description


def short(cls: Any) -> str:
    return str(cls.bl_idname).partition(".")[2].partition("_OT_")[2] or cls.bl_idname.split(".")[-1]


def test_what_is_there(rooms: Rooms) -> None:
    there = registered()
    assert there["operators"] >= OPERATORS
    assert "trellis" in there["scene"]
    assert "draw_add" in there["menu"]
    assert "TRELLIS_PT_main" in {cls.__name__ for cls in classes(bpy.types.Panel)}
    assert rooms("headless.blender_command")._Handle.current is not None


@pytest.mark.parametrize("times", [1, 2])
def test_nothing_is_left_behind(rooms: Rooms, times: int) -> None:
    registration, session = rooms("registration"), rooms("ui.jobs.session").Session
    registration.unregister()
    registration.register()
    before = registered()
    timer = session.get()._timer
    for _ in range(times):
        registration.unregister()
        left = registered()
        try:
            assert left["operators"] == set()
            assert left["menu"] == set()
            assert "trellis" not in left["scene"]
            assert not hasattr(bpy.types.Scene, "trellis")
            assert not [name for name in left["types"] if "trellis" in name.lower()]
            assert left["handlers"] == set()
            assert not [name for name in left["window manager"] if "trellis" in name]
            assert session.current is None
            assert not bpy.app.timers.is_registered(timer)
            assert rooms("headless.blender_command")._Handle.current is None
            # The command's name is free again: taking it twice prints a warning.
            handle = bpy.utils.register_cli_command("trellis", lambda argv: 0)
            bpy.utils.unregister_cli_command(handle)
        finally:
            registration.register()
    assert registered() == before


def test_classes_are_named_by_blenders_rule(rooms: Rooms) -> None:
    seen = 0
    for kind, pattern in NAMES.items():
        for cls in classes(kind):
            seen += 1
            assert re.fullmatch(pattern, cls.__name__), cls
            if kind is bpy.types.Operator:
                assert cls.__name__ == f"TRELLIS_OT_{short(cls)}"
            else:
                assert cls.bl_idname == cls.__name__
    assert seen >= len(OPERATORS) + 2


def wrong_tips(rooms: Rooms) -> dict[str, str]:
    """The tips that break Blender's rules for them."""
    tips = dict(described(rooms))
    assert len(tips) > 15
    assert "TRELLIS_OT_generate.prompt" in tips
    assert any(name.endswith(".method.APPEND") for name in tips)
    return {
        name: tip
        for name, tip in tips.items()
        if len(tip) < 10 or tip[-1] in ".!:;" or not tip[0].isupper() or "\n\n" in tip
    }


def test_every_tip_is_a_sentence_without_its_full_stop(rooms: Rooms) -> None:
    wrong = wrong_tips(rooms)
    assert wrong == {}


def test_labels_are_in_title_case(rooms: Rooms) -> None:
    labels = [cls.bl_label for kind in NAMES for cls in classes(kind)]
    labels += [p.name for p in scene_group().bl_rna.properties]
    assert labels
    small = {"a", "an", "and", "as", "at", "from", "in", "of", "on", "or", "the", "to"}
    for label in labels:
        assert all(w[0].isupper() or w in small for w in label.split()), label


def words_of(function: Any) -> set[str]:
    """All strings in a function's code, and in the functions inside it."""
    found, waiting = set(), [function.__code__]
    while waiting:
        for constant in waiting.pop().co_consts:
            if isinstance(constant, str):
                found.add(constant)
            elif hasattr(constant, "co_consts"):
                waiting.append(constant)
    return found


def test_operators_that_f3_should_find_are_in_a_menu() -> None:
    # F3 looks through menus; what is marked INTERNAL is not to be found at all.
    in_menus: set[str] = set()
    for menu in bpy.types.Menu.__subclasses__():
        draw = getattr(menu, "draw", None)
        drawn = [*getattr(draw, "_draw_funcs", ()), draw]
        for function in drawn:
            if function and "trellis" in function.__module__:
                in_menus |= words_of(function)
    assert "trellis.add" in in_menus
    hidden = {
        cls.bl_idname
        for cls in classes(bpy.types.Operator)
        if "INTERNAL" not in cls.bl_options and f"trellis.{short(cls)}" not in in_menus
    }
    # The button's operator is the one that the dialog of Add > Trellis Prop hands over to.
    assert {name.lower().replace("_ot_", ".") for name in hidden} == {"trellis.generate"}


def test_start_up_opens_no_socket(rooms: Rooms, sockets: Any) -> None:
    rooms("registration").unregister()
    rooms("registration").register()
    assert sockets() == []


def test_preferences(rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preferences = rooms("preferences")
    own = preferences.stored()
    assert own is not None
    assert preferences.read_settings({}).gateway.base_url == "https://api.aigateway.sh"
    assert not preferences.read_settings({}).gateway.key
    assert preferences.read_settings({}).library == preferences.default_library()
    own.api_key, own.base_url, own.library = f" {KEY} ", "https://mine.example", str(tmp_path)
    settings = preferences.read_settings({})
    assert settings.gateway.key.reveal() == KEY
    assert settings.gateway.base_url == "https://mine.example"
    assert settings.library == tmp_path
    assert KEY not in repr(settings)
    environment = {
        "AIGATEWAY_API_KEY": "sk-aig-other",
        "AIGATEWAY_BASE_URL": "https://other.example",
        "TRELLIS_LIBRARY": str(tmp_path / "other"),
    }
    settings = preferences.read_settings(environment)
    assert settings.gateway.key.reveal() == "sk-aig-other"
    assert settings.gateway.base_url == "https://other.example"
    assert settings.library == tmp_path / "other"
    first = preferences.read_settings(
        environment, base_url="https://first.example", library=tmp_path / "first"
    )
    assert first.gateway.base_url == "https://first.example"
    assert first.library == tmp_path / "first"


def test_plain_http_is_consented_to_in_the_preferences_or_for_one_run(rooms: Rooms) -> None:
    preferences = rooms("preferences")
    own = preferences.stored()
    assert own is not None
    read = preferences.read_settings
    assert not read({}).gateway.plain_http
    assert not read({"TRELLIS_PLAIN_HTTP": "0"}).gateway.plain_http
    assert read({"TRELLIS_PLAIN_HTTP": "1"}).gateway.plain_http
    assert read({}, plain_http=True).gateway.plain_http
    own.plain_http = True
    assert read({}).gateway.plain_http
    assert "clear text" in own.bl_rna.properties["plain_http"].description


def test_online_access_is_blenders(rooms: Rooms) -> None:
    read = rooms("preferences").read_settings
    assert not read({}).online_access
    assert read({}, online=True).online_access
    bpy_context.preferences().system.use_online_access = True
    assert read({}).online_access


def test_library_is_never_inside_the_extension(rooms: Rooms) -> None:
    library = rooms("preferences").default_library()
    assert library.name == "Trellis"
    assert rooms("core.identity").root() not in library.parents
    assert library.is_absolute()


def test_key_is_in_no_blend(rooms: Rooms, barrel: Any, tmp_path: Path) -> None:
    own = rooms("preferences").stored()
    own.api_key = KEY
    module = rooms("scene.place.placing")
    module.place(barrel.blend, module.at_cursor(bpy_context.scene()))
    bpy_context.properties().prompt = "a prompt that is saved with the file"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"), compress=False)
    content = (tmp_path / "scene.blend").read_bytes()
    assert b"a prompt that is saved" in content
    assert KEY.encode() not in content
    assert b"sk-aig" not in content
    bpy.data.libraries.write(
        str(tmp_path / "all.blend"), set(bpy.data.scenes) | set(bpy.data.objects), compress=False
    )
    assert b"sk-aig" not in (tmp_path / "all.blend").read_bytes()


def test_key_of_the_environment_is_in_no_file(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIGATEWAY_API_KEY", KEY)
    assert rooms("preferences").read_settings().gateway.key.reveal() == KEY
    bpy.ops.wm.save_userpref()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"), compress=False)
    stored = Path(bpy.utils.user_resource("CONFIG")) / "userpref.blend"
    for path in (stored, tmp_path / "scene.blend"):
        assert path.stat().st_size > 10_000
        assert b"sk-aig" not in path.read_bytes()


def test_scene_properties_hold_nothing_secret(rooms: Rooms) -> None:
    group = scene_group().bl_rna.properties
    assert {"prompt", "model", "method"} <= {p.identifier for p in group}
    assert not [p.identifier for p in group if "key" in p.identifier]
    assert not [p for p in group if p.type == "STRING" and p.subtype == "PASSWORD"]


def test_version_and_name_come_from_the_manifest(rooms: Rooms) -> None:
    identity = rooms("core.identity")
    assert identity.ADDON_ID == "bl_ext.user_default.trellis"
    manifest = (identity.root() / "blender_manifest.toml").read_text("utf-8")
    assert f'version = "{identity.version()}"' in manifest
    assert identity.user_agent() == f"trellis-props-blender/{identity.version()}"
    assert "trellis_addon" not in sys.modules or identity is not sys.modules.get(
        "trellis_addon.core.identity"
    )
