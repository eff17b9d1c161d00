# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist may expect of menus, buttons and settings: nothing is paid for unasked, nothing
is sent that stands there from before, and a setting holds wherever it is said to.
"""

from __future__ import annotations

import base64
import struct
import zlib
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from gateway.meshes import make_preview
from support import bpy_context
from support.bpy_context import trellis_ops
from support.layouts import Layout
from support.prop_files import stored_prop
from support.rooms import PROMPT, Rooms, props


def context(rooms: Rooms, width: int = 300) -> Any:
    """A sidebar of this width."""
    styles = bpy_context.preferences().ui_styles
    return SimpleNamespace(
        region=SimpleNamespace(width=width, height=900),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0), ui_styles=styles),
        window_manager=bpy_context.window_manager(),
        scene=bpy_context.scene(),
    )


def drawn(draw: Any, *given: Any) -> Layout:
    layout = Layout([])
    draw(layout, *given)
    return layout


def drawn_menu(menu: Any, here: Any = None) -> Layout:
    layout = Layout([])
    menu(SimpleNamespace(layout=layout), here or bpy.context)
    return layout


def costs(rooms: Rooms, today: float, last: float, day: date | None = None) -> Any:
    return rooms("core.cost").Costs(today, {bpy_context.properties().model.model: last}, day)


# --- menus


def test_search_for_the_promised_words_finds_the_dialog(rooms: Rooms) -> None:
    for menu in (rooms("ui.gallery.menus").draw_add, rooms("ui.setup.keymap").TRELLIS_MT_pie.draw):
        (entry,) = drawn_menu(menu).named("trellis.add")
        assert entry["text"] == "Trellis Prop..."
        assert entry["icon"] != "MESH_MONKEY"
    # F3 ranks equal matches by their length, so the entry that generates has to be the shortest.
    rows = drawn_menu(rooms("ui.gallery.menus").TRELLIS_MT_object.draw).rows
    others = [row["text"] for row in rows if row["call"] == "operator" and "text" in row]
    assert others
    assert not any("Trellis" in text for text in others)
    adds = drawn_menu(rooms("ui.gallery.menus").draw_add).rows
    assert [row["call"] for row in adds if row["call"] in ("operator", "menu")] == ["operator"]


def test_a_variant_is_asked_for_first_in_menus_and_on_its_button(
    rooms: Rooms, settings: Path, gallery: Any, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rooms.new_folder(settings, prompt=PROMPT)
    folder.advance(rooms("core.events").State("ready"))
    gallery.look(settings)
    gallery.wait()
    gallery.chosen = folder.id
    account.costs = costs(rooms, 0.0, 12.0)

    def draw_asset(layout: Any) -> None:
        rooms("ui.gallery.reuse_ops").draw_entries(layout, folder.id)

    for menu in (
        rooms("ui.setup.keymap").TRELLIS_MT_pie.draw,
        lambda self, _: draw_asset(self.layout),
    ):
        (entry,) = drawn_menu(menu).named("trellis.generate_again")
        assert entry["layout"]["operator_context"].startswith("INVOKE")
        assert entry["text"].endswith("..."), "Blender's sign for a dialog"

    details, entry = rooms("ui.gallery.details"), gallery.entry(folder.id)
    (button,) = drawn(details.draw_actions, context(rooms), entry).named("trellis.generate_again")
    assert button["layout"]["operator_context"].startswith("INVOKE"), "it asks there, too"
    assert button["set"]["new_seed"] is True


def test_the_dialog_of_a_variant_pays_nothing_and_tells_prompt_and_cost(
    rooms: Rooms, settings: Path, stand_in: Any, gallery: Any, account: Any
) -> None:
    folder = rooms.new_folder(settings, prompt=PROMPT)
    account.costs = costs(rooms, 0.0, 12.0)
    operator = rooms("ui.gallery.reuse_ops").TRELLIS_OT_generate_again
    asked = SimpleNamespace(prop_id=folder.id, report=print, new_seed=True)
    here = context(rooms)
    here.window_manager = SimpleNamespace(
        invoke_props_dialog=lambda *_given, **_options: {"RUNNING_MODAL"}
    )
    assert operator.invoke(asked, here, None) == {"RUNNING_MODAL"}
    assert stand_in.requests == ()
    assert len(props(settings)) == 1
    asked.layout = Layout([])
    operator.draw(asked, here)
    assert asked.layout.says(PROMPT)
    assert asked.layout.says("About 12 ¢")
    assert asked.layout.says("At the 3D cursor")
    told: list[Any] = []
    gone = SimpleNamespace(prop_id="gone", report=lambda *given: told.append(given))
    assert operator.invoke(gone, here, None) == {"CANCELLED"}
    assert told[0][0] == {"ERROR"}


def test_recent_prompts_do_not_need_the_library_panel(
    rooms: Rooms, settings: Path, gallery: Any
) -> None:
    rooms.new_folder(settings, prompt="stone lantern")
    menu = rooms("ui.generate.prompt_panel").TRELLIS_MT_recent.draw
    first = drawn_menu(menu)
    assert first.says("Looking through the library")
    assert not first.says("None yet")
    gallery.wait()
    assert drawn_menu(menu).named("trellis.use_prompt")[0]["set"]["prompt"] == "stone lantern"


def test_recent_prompts_of_an_empty_library(rooms: Rooms, gallery: Any) -> None:
    menu = rooms("ui.generate.prompt_panel").TRELLIS_MT_recent.draw
    drawn_menu(menu)
    gallery.wait()
    assert drawn_menu(menu).says("None yet")


# --- what is sent


def test_reuse_settings_takes_the_place_of_text_and_image(
    rooms: Rooms, settings: Path, group: Any, gallery: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    plain = rooms.new_folder(settings, prompt="stone lantern")
    group.prompt = "an old one"
    trellis_ops.edit_prompt()
    group.reference = bpy.data.images.new("Sketch", 8, 8)
    assert trellis_ops.reuse_settings(prop_id=plain.id) == {"FINISHED"}
    assert rooms("ui.settings.properties").prompt_of(group) == "stone lantern"
    assert group.reference is None
    assert "reference image" not in capfd.readouterr().out
    image = "data:image/png;base64,aaaa"
    pictured = rooms.new_folder(settings, prompt="brass lantern", image_url=image)
    trellis_ops.reuse_settings(prop_id=pictured.id)
    assert "Its reference image is not: choose it again" in capfd.readouterr().out


def saved(path: Path, size: int = 64) -> Any:
    """An image of a PNG file as Blender writes it."""
    image: Any = bpy.data.images.new("made", size, size, alpha=True)
    image.pixels.foreach_set([0.2, 0.4, 0.6, 1.0] * (size * size))
    image.file_format = "PNG"
    image.save(filepath=str(path))
    bpy.data.images.remove(image)
    return bpy.data.images.load(str(path))


def sent(rooms: Rooms, image: Any) -> bytes:
    head, _, content = rooms("ui.settings.reference_image").data_uri(image).partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(content)


def test_a_reference_file_is_sent_as_it_is_unless_painted(rooms: Rooms, tmp_path: Path) -> None:
    file = tmp_path / "sketch.png"
    image = saved(file)
    # What no encoder would write again: whoever sends it has read the file itself.
    file.write_bytes(file.read_bytes() + b"to the letter")
    assert sent(rooms, image) == file.read_bytes()
    image.pack()
    assert sent(rooms, image) == file.read_bytes()
    image.pixels[0] = 1.0
    image.update()
    assert b"to the letter" not in sent(rooms, image)


def test_a_reference_tells_nothing_but_the_picture(rooms: Rooms, tmp_path: Path) -> None:
    for number, size in enumerate((64, 1100)):
        file = tmp_path / f"render{number}.png"
        saved(file, size)
        content = file.read_bytes()
        chunk = b"tEXtFile\0/data/artist/hidden.blend"
        check = struct.pack(">I", zlib.crc32(chunk))
        at = content.index(b"IDAT") - 4
        words = struct.pack(">I", len(chunk) - 4) + chunk + check
        file.write_bytes(content[:at] + words + content[at:])
        image = bpy.data.images.load(str(file))
        assert tuple(image.size) == (size, size)
        assert b"hidden" not in sent(rooms, image)


def test_a_large_reference_is_scaled_down(
    rooms: Rooms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = saved(tmp_path / "large.png", 1500)
    before = set(bpy.data.images)
    monkeypatch.setattr(rooms("ui.settings.reference_image"), "MOST_IMAGE_BYTES", 100)
    (tmp_path / "sent.png").write_bytes(sent(rooms, image))
    assert tuple(bpy.data.images.load(str(tmp_path / "sent.png")).size) == (1024, 1024)
    assert tuple(image.size) == (1500, 1500)
    assert len(set(bpy.data.images) - before) == 1, "nothing but what the test has loaded"


# --- where props stand, and what is seen meanwhile


def test_placing_of_the_library_goes_into_the_collection(
    rooms: Rooms, settings: Path, group: Any
) -> None:
    folder = stored_prop(rooms, settings, "Vase")
    group = bpy_context.properties()
    shelf = bpy.data.collections.new("Shelf")
    bpy_context.scene().collection.children.link(shelf)
    group.collection = shelf
    assert trellis_ops.place(prop_id=folder.id) == {"FINISHED"}
    assert trellis_ops.place_on_surface(prop_id=folder.id, location=(1, 0, 0)) == {"FINISHED"}
    assert len(shelf.objects) == 2
    assert list(bpy_context.scene().collection.objects) == []


def test_the_box_of_a_variant_has_the_props_size_and_the_job_its_picture(
    rooms: Rooms, settings: Path, gallery: Any, group: Any, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    group.reference = saved(tmp_path / "sketch.png")
    image = rooms("ui.settings.reference_image").data_uri(group.reference)
    folder = rooms.new_folder(settings, prompt="small vase", image_url=image)
    folder.write(folder.read().model_copy(update={"finishing": {"metres": 2.5}}))
    session = rooms("ui.jobs.session").Session
    added: list[tuple[Any, Any]] = []
    real = session.add

    def add(self: Any, *given: Any, **options: Any) -> None:
        added.append((options.get("metres"), options.get("image")))
        real(self, *given, **options)

    monkeypatch.setattr(session, "add", add)
    assert trellis_ops.generate_again(prop_id=folder.id) == {"FINISHED"}
    group.reference = saved(tmp_path / "another.png", 32)
    assert trellis_ops.resume_prop(prop_id=folder.id) == {"FINISHED"}
    assert added == [(2.5, "sketch.png"), (2.5, "")]


def test_the_dialogs_say_where_the_prop_will_stand(rooms: Rooms, group: Any) -> None:
    words = rooms("ui.jobs.start_jobs").where_words
    for where, said in (
        ("CURSOR", "At the 3D cursor"),
        ("EXACT", "Exactly at the 3D cursor"),
        ("ORIGIN", "At the world origin"),
        ("SURFACE", "At the 3D cursor"),
    ):
        group.where = where
        assert words(group) == said


def test_boxes_in_the_viewport_can_be_switched_off(rooms: Rooms, own: Any) -> None:
    module = rooms("ui.jobs.pending_boxes")
    box = module.PendingBox(bpy_context.scene().name, (0.0, 0.0, 0.0), 1.0, None, "1 s")
    area = next(a for a in bpy_context.window().screen.areas if a.type == "VIEW_3D")
    module.Placeholders.show((box,))
    try:
        with bpy.context.temp_override(area=area):
            assert module._here() == [box]
            own.show_boxes = False
            assert module._here() == []
    finally:
        module.Placeholders.show(())


# --- why Generate is greyed out


def test_generate_is_greyed_out_with_the_reason(
    rooms: Rooms, settings: Path, group: Any, own: Any, account: Any, gallery: Any
) -> None:
    draw, here = rooms("ui.generate.prompt_panel").draw_prompt, context(rooms, 500)

    def state() -> tuple[bool, Layout]:
        layout = drawn(draw, here, group)
        (button,) = layout.named("trellis.generate")
        return button["layout"]["enabled"], layout

    enabled, layout = state()
    assert (enabled, layout.says("Describe the prop first")) == (False, True)
    group.prompt, group.reference = "small vase", bpy.data.images.new("Sketch", 8, 8)
    assert state()[0]
    own.endpoint = "chat"
    enabled, layout = state()
    assert (enabled, layout.says("The chat endpoint takes no reference image")) == (False, True)
    assert layout.named("trellis.preferences")
    trellis_ops.remove_reference()
    assert state()[0]

    own.daily_limit = 1.0
    account.costs = costs(rooms, 100.0, 12.0)
    enabled, layout = state()
    assert (enabled, layout.says("cost limit of this day is reached")) == (False, True)
    assert len(layout.named("trellis.preferences")) == 1
    account.costs = costs(rooms, 60.0, 12.0)
    assert state()[0]
    group.count = 4
    enabled, layout = state()
    assert (enabled, layout.says("60 ¢ of $1.00 are spent")) == (False, True)
    assert len(layout.named("trellis.preferences")) == 1
    account.costs = costs(rooms, 90.0, 12.0)
    layout = state()[1]
    assert layout.says("90 ¢ of $1.00 are spent")
    assert not layout.says("nearly reached"), "one thing is said once"


def test_the_prompt_has_the_field_that_this_blender_offers(
    rooms: Rooms, settings: Path, group: Any, gallery: Any
) -> None:
    draw, here = rooms("ui.generate.prompt_panel").draw_prompt, context(rooms, 500)
    fields = [row["call"] for row in drawn(draw, here, group).rows if "prompt" in row["given"]]
    several_lines = bpy.app.version >= (5, 2, 0)
    assert fields == ["textbox" if several_lines else "prop"]
    # A file may have its prompt in a text, whichever Blender it is from.
    for use_text, toggles in ((False, 0 if several_lines else 1), (True, 1)):
        group.use_text = use_text
        rows = drawn(draw, here, group).rows
        assert len([row for row in rows if "use_text" in row["given"]]) == toggles


def test_a_long_text_is_broken_into_lines(rooms: Rooms) -> None:
    lines = rooms("ui.common.text_layout")
    rows = drawn(lines.draw_lines, context(rooms, 260), "a sentence of several words " * 9).rows
    labels = [row["call"] for row in rows if "text" in row]
    wraps = bpy.app.version >= (5, 3, 0)
    assert (labels == ["label_multiline"]) is wraps
    assert wraps or len(labels) > 3


def test_layouts_are_called_by_their_own_parameters(
    rooms: Rooms, settings: Path, group: Any, gallery: Any
) -> None:
    layout: Any = bpy.types.UILayout.bl_rna
    known = layout.functions
    draw, here = rooms("ui.generate.prompt_panel").draw_prompt, context(rooms, 500)
    rows = drawn(draw, here, group).rows
    rows += drawn(rooms("ui.common.text_layout").draw_lines, here, "words").rows
    for row in rows:
        options = row.keys() - {"call", "given", "layout", "set"}
        assert options <= set(known[row["call"]].parameters.keys()), row


def test_yesterdays_costs_do_not_hold_today(rooms: Rooms, settings: Path, group: Any) -> None:
    before = datetime.now().astimezone().date()
    day = rooms("library.cost_ledger").Ledger(settings).costs().day
    assert day in (before, before + timedelta(days=1)), "the test may run over midnight"
    assert costs(rooms, 100.0, 12.0, day - timedelta(days=1)).now == 0.0
    assert costs(rooms, 100.0, 12.0).now == 100.0


# --- the gallery


def test_captions_number_the_variants_of_one_prompt(
    rooms: Rooms, settings: Path, gallery: Any
) -> None:
    made = []
    for number, prompt in enumerate(("oak barrel", "Oak barrel ", "anvil")):
        folder = rooms.new_folder(settings, prompt=prompt)
        created = f"2026-01-0{number + 1}T00:00:00Z"
        folder.write(folder.read().model_copy(update={"created": created}))
        made.append(folder.id)
    gallery.look(settings)
    gallery.wait()
    captions = [gallery.caption(gallery.entry(prop_id)) for prop_id in made]
    assert captions == ["1: Oak barrel", "2: Oak barrel", "Anvil"]


def loaded(gallery: Any, key: str) -> tuple[int, ...]:
    """The size of one of our own icons, from its file."""
    return tuple(gallery.previews._collection[key].image_size)


def test_a_prop_without_a_picture_has_the_forming_icon(
    rooms: Rooms, settings: Path, gallery: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = rooms("core.events").State
    card = rooms("ui.gallery.panel").draw_card
    folders = {name: rooms.new_folder(settings) for name in ("ready", "waiting", "failed")}
    for name, folder in folders.items():
        folder.advance(state(name))
    pictured = rooms.new_folder(settings)
    pictured.thumbnail.write_bytes(make_preview(PROMPT))
    pictured.advance(state("ready"))
    gallery.look(settings)
    gallery.wait()

    def icons() -> dict[str, Any]:
        found = {}
        for name, folder in {**folders, "pictured": pictured}.items():
            rows = drawn(card, gallery, gallery.entry(folder.id), 4.0).rows
            shown = [row["given"][0] for row in rows if row["call"] == "template_icon"]
            signs = [row["icon"] for row in rows if row["call"] == "label" and "icon" in row]
            found[name] = shown[0] if shown else signs[0]
        return found

    assert set(icons().values()) == {"BLANK1", "ERROR"}, "not loaded yet: no sign of something else"
    gallery.wait()
    assert loaded(gallery, "forming") == (128, 128)
    # Without a window Blender gives no icon a number.
    monkeypatch.setattr(gallery.previews, "forming", lambda: 7)
    found = icons()
    assert (found["ready"], found["waiting"], found["failed"]) == (7, 7, "ERROR")
    monkeypatch.setattr(gallery.previews, "icon", lambda entry: 9 if entry.picture else 0)
    assert icons() == found | {"pictured": 9}


def test_icons_of_one_thing_are_one_and_the_dice_is_ours(
    rooms: Rooms, settings: Path, gallery: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stored_prop(rooms, settings, "Vase")
    gallery.look(settings)
    gallery.wait()
    gallery.chosen = folder.id
    layouts = [
        drawn_menu(rooms("ui.setup.keymap").TRELLIS_MT_pie.draw),
        drawn_menu(rooms("ui.gallery.menus").TRELLIS_MT_object.draw),
    ]
    icons = {row["icon"] for each in layouts for row in each.named("trellis.place_on_surface")}
    assert icons == {"SNAP_FACE"}
    dice = rooms("ui.generate.settings_panels").draw_dice
    (before,) = drawn(dice).named("trellis.random_seed")
    assert before["icon"] == "FILE_REFRESH"
    gallery.wait()
    assert loaded(gallery, "dice") == (128, 128)
    monkeypatch.setattr(gallery.previews, "dice", lambda: 7)
    (after,) = drawn(dice).named("trellis.random_seed")
    assert after["icon_value"] == 7


def test_what_is_made_opaque_is_called_so(group: Any) -> None:
    prop = group.finishing.bl_rna.properties["opaque"]
    assert prop.name == "Force Opaque"
    assert "mesh is not changed" in prop.description


def test_consent_to_plain_http_says_where_the_key_goes(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = rooms("preferences").stored()
    before = drawn(own._draw_network, None)
    assert ("plain_http" in str(before.rows), before.says("in clear text")) == (True, False)
    own.plain_http = True
    assert drawn(own._draw_network, None).says("The key goes in clear text to a gateway")
    own.plain_http = False
    monkeypatch.setenv("TRELLIS_PLAIN_HTTP", "1")
    assert drawn(own._draw_network, None).says("variable TRELLIS_PLAIN_HTTP allows it")
