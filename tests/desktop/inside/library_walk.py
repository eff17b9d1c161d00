# SPDX-License-Identifier: GPL-3.0-or-later
"""The library in a real window: the Asset Browser fills, props are placed on what is there.

Runs inside Blender: `blender --python library_walk.py -- --out DIR --library DIR`; key and gateway
come from the environment. What it sees goes to DIR/facts.json.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import product
from support import bpy_context
from support.bpy_context import trellis_ops
from window import Facts, Steps, Window, play

PROMPTS = ("weathered oak barrel", "brass lantern", "red mushroom", "stone well", "wooden chair")


def asset_picture(asset: Any) -> list[int] | None:
    """The size of the picture that an Asset Browser finds in the file."""
    data: Any = bpy.data
    with data.temp_data() as other:
        with other.libraries.load(asset.library.filepath) as (_there, wanted):
            wanted.collections = [asset.name]
        preview = other.collections[asset.name].preview
        return list(preview.image_size) if preview else None


class LibraryWalk:
    """The steps: fill the library, look at it, place from it."""

    def __init__(self) -> None:
        self.given = product.options()
        self.window = Window(self.given.out)
        self.facts = Facts(self.given.out / "facts.json")
        self.ids: list[str] = []

    def all(self) -> Steps:
        """Everything, then quit."""
        product.preferences().library = str(self.given.library)
        yield 2.0
        yield from self.fill()
        yield from self.browse()
        yield from self.surface()
        yield from self.quad_view()
        yield from self.local_view()
        yield from self.edit_mode()
        yield from self.stroke()
        yield from self.linked_and_appended()
        self.facts.note("end", reached=True)
        bpy.ops.wm.quit_blender()

    def failed(self, text: str) -> Steps:
        """A step did not work: say so, with a picture."""
        self.facts.note("end", reached=False, traceback=text)
        yield from self.window.picture("error")

    # --- the Asset Browser

    def fill(self) -> Steps:
        """An Asset Browser is open while props arrive: they are in it without a restart."""
        _, area = self.window.area("DOPESHEET_EDITOR")
        area.ui_type = "ASSETS"
        yield 1.0
        space: Any = self.window.area("FILE_BROWSER")[1].spaces.active
        space.params.asset_library_reference = "ALL"
        before = yield from self.assets()
        session = product.session()
        yield from product.load_libraries()
        for index, prompt in enumerate(PROMPTS):
            bpy_context.scene().cursor.location = (-3.0 + 1.5 * index, 0.0, 0.0)
            with self.window.override():
                trellis_ops.generate("INVOKE_DEFAULT", prompt=prompt)
            self.ids.append(session.running[-1].job.prop_id)
        yield lambda: not session.running
        props = [o.name for o in self.props()]
        sizes = [asset_picture(o.instance_collection) for o in self.props()]
        error = session.last_error
        after = yield from self.assets()
        self.facts.note("fill", before=before, after=after, props=props, error=error)
        self.facts.note("fill", pictures=sizes)

    def assets(self) -> Steps:
        """Names of what the Asset Browser shows."""
        yield from self.window.still()
        window, area = self.window.area("FILE_BROWSER")
        region = next(r for r in area.regions if r.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.file.select_all(action="SELECT")
            found = list(bpy.context.selected_assets or ())
            named = sorted(asset.name for asset in found)
            bpy.ops.file.select_all(action="DESELECT")
        return named

    def browse(self) -> Steps:
        """The library alone, large, with its catalog chosen in the tree."""
        entries = [e.name for e in bpy_context.preferences().filepaths.asset_libraries]
        window, area = self.window.area("FILE_BROWSER")
        space: Any = area.spaces.active
        space.params.asset_library_reference = "Trellis"
        with bpy.context.temp_override(window=window, area=area):
            bpy.ops.screen.screen_full_area()
        yield 1.0
        _, area = self.window.area("FILE_BROWSER")
        space = area.spaces.active
        space.show_region_tool_props = True
        alone = yield from self.assets()
        region = next(r for r in area.regions if r.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.file.select_all(action="SELECT")
            chosen: list[Any] = bpy.context.selected_assets or [None]
            asset = chosen[0]
            data = asset.metadata if asset else None
            told = data and {
                "author": data.author,
                "description": data.description,
                "tags": [tag.name for tag in data.tags],
                "catalog": data.catalog_id,
            }
            bpy.ops.file.select_all(action="DESELECT")
        yield from self.window.still(3)
        yield from self.window.picture("10-asset-browser")
        with bpy.context.temp_override(window=window, area=area):
            bpy.ops.screen.back_to_previous()
        yield 1.0
        main = product.part("library.asset_catalogs").MAIN.id
        self.facts.note("browse", entries=entries, alone=alone, told=told, main=main)

    # --- on the surface under the mouse

    def begin(self, **how: Any) -> Steps:
        """Start the operator with the pointer over the cube."""
        with self.window.override():
            trellis_ops.place_on_surface("INVOKE_DEFAULT", prop_id=self.ids[0], **how)
        yield 0.3

    def box(self) -> list[Any]:
        """The lines of the box that is drawn."""
        shown = product.part("ui.common.box_overlay").BoxOverlay.shown
        return [line for overlay in shown for line in overlay.lines]

    def stones(self) -> Any:
        """A leaning slab to stand things on, and nothing else."""
        for obj in list(bpy.data.objects):
            if obj.library is None:
                bpy.data.objects.remove(obj)
        mesh = bpy.data.meshes.new("Slab")
        mesh.from_pydata([(-3, -3, -1), (3, -3, -1), (3, 3, 1), (-3, 3, 1)], [], [(0, 1, 2, 3)])
        slab = bpy.data.objects.new("Slab", mesh)
        bpy_context.scene().collection.objects.link(slab)
        bpy_context.view_layer().objects.active = slab
        with self.window.override():
            bpy.ops.ed.undo_push(message="Slab")
        return slab

    def surface(self) -> Steps:
        """The box follows the pointer; Esc and the right button leave nothing; a click places.

        The sidebar lies over the view: there is nothing to stand on in it.
        """
        window = self.window
        self.stones()
        window.area()[1].spaces.active.show_region_ui = True
        yield 1.0
        yield from window.move()
        before = sorted(o.name for o in bpy.data.objects)
        ends = []
        for end in ("Escape", "right"):
            yield from self.begin(align=True)
            yield from window.move(across=0.52, down=0.55)
            over = len(self.box())
            if end == "Escape":
                yield from window.still()
                yield from window.picture("11-surface")
            yield from window.move("UI" if end == "right" else "HEADER")
            outside = len(self.box())
            yield from window.move()
            yield from (window.press("Escape") if end == "Escape" else window.click(3))
            ends.append({
                "over": over, "outside": outside, "left": len(self.box()),
                "same": sorted(o.name for o in bpy.data.objects) == before,
            })  # fmt: skip
        yield from self.begin(align=True)
        yield from window.move(across=0.55, down=0.5)
        yield from window.click()
        yield lambda: len(bpy.data.objects) > len(before)
        new = self.placed()
        self.facts.note(
            "surface",
            ends=ends,
            off_plane=abs(new.location.z - new.location.y / 3),
            upright=list(new.matrix_world.to_3x3().col[2]),
            selected=[o.name for o in bpy.context.selected_objects],
            active=bpy_context.active_object().name,
        )

    def placed(self) -> Any:
        """The only prop in the scene."""
        (found,) = self.props()
        return found

    def quad_view(self) -> Steps:
        """Each of the four views is looked through by itself."""
        window = self.window
        self.stones()
        with window.override():
            bpy.ops.screen.region_quadview()
        yield from window.still()
        places = []
        # A little to the right of and above each middle. In the fourth, from the right, the slab
        # and the ground are seen from their edges.
        for across, down in ((0.27, 0.23), (0.77, 0.23), (0.27, 0.73), (0.77, 0.73)):
            yield from self.begin()
            yield from self.point(across, down)
            yield from window.click()
            yield 0.5
            made = self.props()
            places.append([round(c, 2) for c in made[-1].location] if made else None)
            for obj in made:
                bpy.data.objects.remove(obj)
            yield from window.press("Escape")
        yield from window.picture("12-quad")
        with window.override():
            bpy.ops.screen.region_quadview()
        yield 0.5
        self.facts.note("quad", places=places)

    def point(self, across: float, down: float) -> Steps:
        """Put the pointer into the area, quad view or not."""
        _, area = self.window.area()
        left, top = yield from self.window.corner()
        height = self.window.area()[0].height
        x = left + area.x + int(area.width * across)
        y = top + height - area.y - area.height + int(area.height * down)
        yield from self.window.run("xdotool", "mousemove", x, y)
        yield 0.4

    def local_view(self) -> Steps:
        """What a local view hides is not stood on, and what is placed is seen there."""
        window, slab = self.window, self.stones()
        roof = bpy.data.objects.new("Roof", slab.data)
        roof.location.z = 0.5
        bpy_context.scene().collection.objects.link(roof)
        slab.select_set(True)
        with window.override():
            bpy.ops.view3d.localview(frame_selected=False)
        yield 1.0
        yield from self.begin()
        yield from window.move(across=0.52, down=0.5)
        yield from window.click()
        yield 0.5
        new = self.placed()
        with window.override():
            seen = sorted(o.name for o in bpy.context.visible_objects)
        on_slab = abs(new.location.z - new.location.y / 3)
        self.facts.note("local", on_slab=on_slab, seen=seen, placed=new.name)
        with window.override():
            bpy.ops.view3d.localview(frame_selected=False)
        yield 1.0

    # --- in the middle of work

    def edit_mode(self) -> Steps:
        """A prop is placed in Edit Mode; one Ctrl Z takes it away and no more."""
        window, _ = self.window, self.stones()
        yield from window.move()
        with window.override():
            bpy.ops.object.mode_set(mode="EDIT")
            bpy.ops.ed.undo_push(message="Edit Mode")
            bpy.ops.mesh.select_all(action="SELECT")
            bpy.ops.mesh.subdivide(number_cuts=1)
            bpy.ops.ed.undo_push(message="Subdivide")
            trellis_ops.place(prop_id=self.ids[0])
        yield 0.5
        there = bool(self.props())
        mode = bpy.context.mode
        yield from window.press("ctrl+z")
        yield 1.0
        gone = not self.props()
        after = bpy.context.mode
        slab = bpy.data.objects["Slab"]
        slab.update_from_editmode()
        vertices = len(bpy_context.mesh(slab).vertices)
        yield from window.press("ctrl+shift+z")
        yield 1.0
        back = bool(self.props())
        with window.override():
            if bpy.context.mode != "OBJECT":
                bpy.ops.object.mode_set(mode="OBJECT")
        self.facts.note(
            "edit", there=there, mode=mode, gone=gone, after=after, vertices=vertices, back=back
        )

    def stroke(self) -> Steps:
        """A prop that arrives in the middle of a stroke waits until the hand is free."""
        window, _ = self.window, self.stones()
        arriving = product.part("scene.place.prefetch")
        bpy.data.objects.remove(bpy.data.objects["Slab"])
        with window.override():
            bpy.ops.mesh.primitive_grid_add(
                x_subdivisions=60, y_subdivisions=60, size=6, location=(0, 0, 0)
            )
            bpy.ops.object.mode_set(mode="SCULPT")
            bpy.ops.ed.undo_push(message="Sculpt Mode")
        yield 1.0
        yield from window.move(across=0.45)
        try:
            with window.override():
                brush_ops: Any = bpy.ops.brush
                brush_ops.asset_activate(
                    asset_library_type="ESSENTIALS",
                    relative_asset_identifier="brushes/essentials_brushes-mesh_sculpt.blend/Brush/Draw",
                )
            brush = True
        except RuntimeError:  # some builds come without Blender's own brushes
            brush = False
        yield 1.0
        idle = arriving.hands_busy()
        yield from window.run("xdotool", "mousedown", 1)
        for _ in range(6):
            yield from window.run("xdotool", "mousemove_relative", "--", 12, 0)
            yield 0.2
        busy = arriving.hands_busy()
        yield from window.run("xdotool", "mouseup", 1)
        yield 1.0
        after = arriving.hands_busy()
        carved = [self.carved()]
        with window.override():
            trellis_ops.place(prop_id=self.ids[0])
        there, gone = bool(self.props()), []
        for _ in range(3):
            yield from window.press("ctrl+z")
            yield 1.0
            gone.append(not self.props())
            carved.append(self.carved())
        mode = bpy.context.mode
        with window.override():
            bpy.ops.object.mode_set(mode="OBJECT")
        self.facts.note("stroke", brush=brush, idle=idle, busy=busy, after=after, mode=mode)
        self.facts.note("stroke", there=there, gone=gone, carved=carved)

    def props(self) -> list[Any]:
        """The linked props in the scene."""
        return [o for o in bpy_context.scene().objects if o.instance_collection]

    def carved(self) -> bool:
        """Whether the grid is no longer flat."""
        return any(
            abs(v.co.z) > 1e-5 for v in bpy_context.mesh(bpy_context.active_object()).vertices
        )

    # --- a scene with both kinds

    def linked_and_appended(self) -> Steps:
        """Linked and appended props side by side, with the Outliner."""
        window = self.window
        self.stones()
        bpy.data.objects.remove(bpy.data.objects["Slab"])
        for index, prop_id in enumerate(self.ids):
            for row, method in enumerate(("LINK", "APPEND")):
                bpy_context.scene().cursor.location = (-3.0 + 1.5 * index, 1.5 * row, 0.0)
                with window.override():
                    trellis_ops.place(prop_id=prop_id, method=method)
        kinds = [bool(o.instance_collection) for o in bpy_context.scene().objects if not o.parent]
        space = window.area()[1].spaces.active
        space.shading.type, space.shading.color_type = "SOLID", "TEXTURE"
        space.show_region_ui = False
        with window.override():
            bpy.ops.view3d.view_all()
        window.area("PROPERTIES")[1].ui_type = "OUTLINER"
        outliner: Any = window.area("OUTLINER")[1].spaces.active
        outliner.display_mode = "VIEW_LAYER"
        yield from window.still()
        yield from window.picture("13-linked-and-appended")
        self.facts.note("both", linked=kinds.count(True), appended=kinds.count(False))


if __name__ == "__main__":
    product.quiet()
    walk = LibraryWalk()
    play(walk.all(), walk.failed)
