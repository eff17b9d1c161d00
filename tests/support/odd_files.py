# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of files that are no sound models, and of odd ones that are."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from gateway.meshes import make_glb

from support.glbs import Document, Model, chain, changed, cube, data_uri, jpeg_of, pack, png

OUTSIDE = {
    "relative": "cube.bin",
    "parent": "../../secret.png",
    "absolute": "/etc/passwd",
    "file": "file:///etc/passwd",
    "http": "http://127.0.0.1:9/x.png",
    "https": "https://127.0.0.1:9/x.png",
    "unc-backslash": "\\\\server\\share\\x.png",
    "unc-slash": "//server/share/x.png",
    "drive": "C:\\x.png",
    "percent": "%2e%2e/%2e%2e/etc/passwd",
    "empty": "",
    "number": 7,
}
"""What a buffer or a picture must not point to."""

LONG = "EXT_" + "x" * 20_000


def put(*path: str | int, value: Any) -> Callable[[Document], None]:
    """A change that sets one field of the document."""

    def change(document: Document) -> None:
        place: Any = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def hostile() -> dict[str, bytes]:
    """Every file that is to be refused, by a name for the test's report."""
    return {**_containers(), **_numbers(), **_places(), **_nodes(), **_rest()}


def _containers() -> dict[str, bytes]:
    sound = cube().pack()
    text = json.dumps(cube().document)
    binary = bytes(cube().binary)
    cut = {f"truncated-{n:02}": sound[: len(sound) * n // 20] for n in range(20)}
    return {
        **cut,
        "html": b"<!DOCTYPE html><html><body>busy</body></html>",
        "words": b"Your model is ready.",
        "error-object": b'{"error": {"message": "no such file"}}',
        "magic-alone": b"glTF",
        "zeros": bytes(1000),
        "version-1": pack(text.encode(), binary, version=1),
        "version-3": pack(text.encode(), binary, version=3),
        "length-too-large": pack(text.encode(), binary, delta=4),
        "length-too-small": pack(text.encode(), binary, delta=-4),
        "length-zero": sound[:8] + bytes(4) + sound[12:],
        "length-largest": sound[:8] + b"\xff" * 4 + sound[12:],
        "trailing-bytes": sound + b"more",
        "json-chunk-too-large": sound[:12] + b"\xff\xff\xff\x7f" + sound[16:],
        "json-chunk-missing": sound[:16] + b"ABCD" + sound[20:],
        "bin-chunk-too-large": _with_bin_length(sound, 1 << 30),
        "bin-chunk-missing": pack(text.encode()),
        "json-latin-1": pack(text.replace("2.0", "2.0é").encode("latin-1"), binary),
        "json-utf-16": pack(text.encode("utf-16"), binary),
        "json-list": pack(b"[1, 2, 3]"),
        "json-number": pack(b"1234"),
        "json-cut": pack(text[:200].encode(), binary),
        "json-deep": pack(b"[" * 100_000 + b"]" * 100_000),
        "json-long-number": pack(b'{"asset": {"version": ' + b"2" * 10_000 + b"}}"),
        "json-empty-object": pack(b"{}"),
        "asset-version-1": changed(put("asset", value={"version": "1.0"})),
        "asset-list": changed(put("asset", value=["2.0"])),
    }


def _with_bin_length(content: bytes, length: int) -> bytes:
    (json_length,) = struct.unpack_from("<I", content, 12)
    at = 20 + json_length
    return content[:at] + struct.pack("<I", length) + content[at + 4 :]


def _numbers() -> dict[str, bytes]:
    wrong: dict[str, Any] = {
        "negative": -1,
        "true": True,
        "float": 8.5,
        "huge": 10**18,
        "infinite": float("inf"),
        "text": "8",
        "null": None,
        "list": [8],
    }
    table = {f"count-{n}": changed(put("accessors", 0, "count", value=v)) for n, v in wrong.items()}
    table |= {
        f"view-offset-{n}": changed(put("bufferViews", 0, "byteOffset", value=v))
        for n, v in wrong.items()
    }
    table |= {
        f"accessor-offset-{n}": changed(put("accessors", 0, "byteOffset", value=v))
        for n, v in wrong.items()
    }
    table |= {
        f"position-{n}": changed(
            put("meshes", 0, "primitives", 0, "attributes", "POSITION", value=v)
        )
        for n, v in wrong.items()
    }
    return table


def _places() -> dict[str, bytes]:
    table = {
        f"buffer-uri-{n}": changed(put("buffers", 0, "uri", value=v)) for n, v in OUTSIDE.items()
    }
    changes = {
        "accessor-beyond-view": put("accessors", 0, "count", value=9),
        "accessor-view-missing": put("accessors", 0, "bufferView", value=99),
        "accessor-view-negative": put("accessors", 0, "bufferView", value=-1),
        "accessor-component": put("accessors", 0, "componentType", value=9999),
        "accessor-type": put("accessors", 0, "type", value="VEC9"),
        "view-beyond-buffer": put("bufferViews", 1, "byteLength", value=5000),
        "view-length-negative": put("bufferViews", 0, "byteLength", value=-96),
        "view-buffer-missing": put("bufferViews", 0, "buffer", value=3),
        "view-stride-huge": put("bufferViews", 0, "byteStride", value=1000),
        "view-stride-zero": put("bufferViews", 0, "byteStride", value=0),
        "view-stride-beyond": put("bufferViews", 0, "byteStride", value=252),
        "buffer-beyond-binary": put("buffers", 0, "byteLength", value=1 << 40),
        "buffer-data-with-path": put("buffers", 0, "uri", value="data:/../../secret"),
        "buffer-length-missing": put("buffers", value=[{}]),
        "second-buffer": put("buffers", value=[{"byteLength": 168}, {"byteLength": 4}]),
        "no-view-huge-count": put(
            "accessors", 0, value={"componentType": 5126, "type": "VEC3", "count": 10**8}
        ),
    }
    return table | {name: changed(change) for name, change in changes.items()}


def bad_pictures() -> dict[str, bytes]:
    """Sound models each of whose pictures is damaged, too large, nowhere, or outside."""

    def with_view(content: bytes, mime: str = "image/png") -> bytes:
        model = cube()
        return model.picture(bufferView=model.view(content), mimeType=mime).pack()

    huge = png(claims=(100_000, 100_000))
    jpeg = jpeg_of(60_000, 60_000)
    webp = b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" + bytes(40)
    other = cube()
    other.document["buffers"].append({"byteLength": len(huge), "uri": data_uri(huge, "x/y")})
    other.document["bufferViews"].append({"buffer": 1, "byteLength": len(huge)})
    table = {f"image-uri-{n}": cube().picture(uri=v).pack() for n, v in OUTSIDE.items()}
    return table | {
        "image-png-huge": with_view(huge),
        "image-jpeg-huge": with_view(jpeg, "image/jpeg"),
        "image-webp-huge": with_view(webp, "image/webp"),
        "image-data-huge": cube().picture(uri=data_uri(huge)).pack(),
        "image-other-buffer-huge": other.picture(bufferView=2, mimeType="image/png").pack(),
        "image-data-with-path": cube().picture(uri="data:image/../../secret.png").pack(),
        "image-nowhere": cube().picture(mimeType="image/png").pack(),
        "image-view-missing": cube().picture(bufferView=77, mimeType="image/png").pack(),
        "image-html": with_view(b"<!DOCTYPE html><html>404</html>"),
        "image-webp-cut": with_view(b"RIFF\xff\xff\0\0WEBPVP8L" + bytes(40), "image/webp"),
        "image-png-cut": with_view(png()[:-9]),
    }


def _nodes() -> dict[str, bytes]:
    changes = {
        "node-cycle": put("nodes", value=[{"children": [1], "mesh": 0}, {"children": [0]}]),
        "node-own-child": put("nodes", value=[{"mesh": 0, "children": [0]}]),
        "node-two-parents": put(
            "nodes", value=[{"children": [2]}, {"children": [2]}, {"mesh": 0, "children": []}]
        ),
        "node-same-child-twice": put("nodes", value=[{"children": [1, 1]}, {"mesh": 0}]),
        "node-child-missing": put("nodes", value=[{"mesh": 0, "children": [5]}]),
        "node-child-negative": put("nodes", value=[{"mesh": 0, "children": [-1]}]),
        "node-children-number": put("nodes", value=[{"mesh": 0, "children": 3}]),
        "nodes-numbers": put("nodes", value=[1, 2, 3]),
        "nodes-object": put("nodes", value={"0": {"mesh": 0}}),
        "nodes-too-many": put("nodes", value=[{"mesh": 0}] * 30_000),
    }
    return {name: changed(change) for name, change in changes.items()} | {
        "node-400-deep": chain(400).pack()
    }


def _rest() -> dict[str, bytes]:
    primitive = ("meshes", 0, "primitives", 0)
    changes = {
        "needs-unknown": put("extensionsRequired", value=["ACME_secret_sauce"]),
        "needs-draco": put("extensionsRequired", value=["KHR_draco_mesh_compression"]),
        "needs-meshopt": put("extensionsRequired", value=["EXT_meshopt_compression"]),
        "needs-long-name": put("extensionsRequired", value=[LONG]),
        "needs-number": put("extensionsRequired", value=5),
        "meshes-empty": put("meshes", value=[]),
        "meshes-number": put("meshes", value=3),
        "mesh-without-primitives": put("meshes", value=[{}]),
        "points-only": put(*primitive, "mode", value=0),
        "lines-only": put(*primitive, "mode", value=1),
        "two-indices": put("accessors", 1, "count", value=2),
        "no-corners": put("accessors", 1, "count", value=0),
        "no-position": put(*primitive, "attributes", value={}),
        "counts-differ": put(*primitive, "attributes", "NORMAL", value=1),
        "long-attribute": put(*primitive, "attributes", LONG, value=1),
    }
    table = {name: changed(change) for name, change in changes.items()}
    nothing = Model()
    nothing.node(name="empty")
    return table | {"no-mesh-at-all": nothing.show(0).pack()}


def sound() -> dict[str, bytes]:
    """Odd files that are good models."""
    two = Model()
    first, second = two.cube(), two.cube((0.2, 0.2, 3.0))
    two.show(two.node(mesh=first), two.node(mesh=second, translation=[2, 0, 0]))
    packed = cube()
    packed.picture(bufferView=packed.view(png()), mimeType="image/png")
    ktx2 = cube()
    ktx2.document["extensionsRequired"] = ["KHR_texture_basisu"]
    undeclared = cube()
    undeclared.document["extensionsRequired"] = ["KHR_mesh_quantization"]
    optional = cube()
    optional.document["extensionsUsed"] = ["ACME_secret_sauce"]
    return {
        "cube": cube().pack(),
        "two-meshes": two.pack(),
        "image-data": cube().picture(uri=data_uri(png())).pack(),
        "image-view": packed.pack(),
        "stage": stage().pack(),
        "mirrored": changed(put("nodes", 0, "scale", value=[-1, 1, 1])),
        "tiny": cube((1e-4, 1e-4, 1e-4)).pack(),
        "100-deep": chain(100).pack(),
        "optional-extension": optional.pack(),
        "needs-ktx2": ktx2.pack(),
        "undeclared-extension": undeclared.pack(),
        "stand-in": make_glb("weathered oak barrel", 0, 2000, 64),
        "stand-in-jpeg": make_glb("stone lantern", 3, 2000, 64, "jpeg"),
    }


def stage() -> Model:
    """A cube with a camera and a lamp, as an export of a whole scene has them."""
    model = cube()
    model.document["cameras"] = [
        {"type": "perspective", "perspective": {"yfov": 0.7, "znear": 0.1, "zfar": 100.0}}
    ]
    model.document["extensionsUsed"] = ["KHR_lights_punctual"]
    lamp = {"type": "point", "intensity": 100.0, "color": [1, 1, 1]}
    model.document["extensions"] = {"KHR_lights_punctual": {"lights": [lamp]}}
    camera = model.node(camera=0, translation=[0, 0, 5])
    light = model.node(extensions={"KHR_lights_punctual": {"light": 0}}, translation=[0, 5, 0])
    return model.show(0, camera, light)
