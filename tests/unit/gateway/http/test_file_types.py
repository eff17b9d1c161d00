# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file is: its bytes decide over type, extension, field; and every format taken."""

from __future__ import annotations

import base64
import io
import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from gateway.meshes import make_glb, make_preview
from support.gw_lines import Bench, Ran, completion
from support.gw_raw import Asked, RawServer, http
from support.rooms import PROMPT, parts

GLB = make_glb(PROMPT, 0, 2000, 64)
OTHER = make_glb("a red chair", 0, 2000, 64)
PNG = make_preview(PROMPT)
MP4 = b"\0\0\0\x20ftypisom" + bytes(200)
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
TRIANGLE = struct.pack("<12fH", *range(12), 0)
STL = b"made by hand".ljust(80, b" ") + struct.pack("<I", 3) + TRIANGLE * 3
STL_WORDS = b"solid thing\n facet normal 0 0 1\n  outer loop\n   vertex 0 0 0\n" + b" " * 100
PLY = (
    b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    b"property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    b"0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
)
FBX = b"Kaydara FBX Binary  \x00\x1a\x00" + bytes(200)
OBJ = b"# by hand\nmtllib thing.mtl\no thing\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
GLTF = json.dumps(
    {
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}] * 20,
        "asset": {"version": "2.0"},
        "buffers": [{"uri": "data:application/octet-stream;base64," + "AAAA" * 3000}],
    },
    sort_keys=True,
).encode()
assert GLTF.index(b'"asset"') > 512


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


FORMATS = {
    "glb": ("glb", GLB),
    "gltf with data URIs": ("gltf", GLTF),
    "gltf in a ZIP": ("zip", zipped({"a/scene.gltf": GLTF, "a/scene.bin": b"1", "a/t.png": PNG})),
    "GLB in a ZIP": ("zip", zipped({"readme.txt": b"hi", "Model.GLB": GLB})),
    "OBJ in a ZIP": ("zip", zipped({"thing.mtl": b"", "thing.obj": OBJ, "t.png": PNG})),
    "OBJ": ("obj", OBJ),
    "PLY": ("ply", PLY),
    "STL": ("stl", STL),
    "STL in words": ("stl", STL_WORDS),
    "FBX": ("fbx", FBX),
    "USDZ": ("usdz", zipped({"model.usdc": b"PXR-USDC" + bytes(99), "0/texture.png": PNG})),
}


class Answering:
    """Answers chat calls with ``answer`` and serves ``files`` by their paths."""

    def __init__(self, files: Mapping[str, tuple[str, bytes]]) -> None:
        self.files = files
        self.answer: Any = {}
        self.kind = "application/json"
        self.server = RawServer(self)

    def __call__(self, asked: Asked) -> bytes:
        if asked.method == "POST":
            return http(self.answer, kind=self.kind)
        kind, content = self.files.get(asked.path, ("", b""))
        return http(content, 200 if content else 404, kind)

    @property
    def fetched(self) -> list[str]:
        """The files that were asked for, in order."""
        return [asked.path for asked in self.server.asked if asked.method == "GET"]


@pytest.fixture
def gateway() -> Iterator[Answering]:
    files = {
        "/glb": ("", GLB),
        "/mesh.glb": ("model/gltf-binary", GLB),
        "/other.glb": ("model/gltf-binary", OTHER),
        "/a.png": ("image/png", PNG),
        "/lies.glb": ("model/gltf-binary", PNG),
        "/video.mp4": ("video/mp4", MP4),
        "/gaussian.ply": ("", PLY),
        "/mesh.png": ("image/png", GLB),
        "/page.glb": ("text/html", PAGE),
        "/half.glb": ("model/gltf-binary", GLB[:5000]),
    }
    answering = Answering(files)
    with answering.server:
        yield answering


def run(gateway: Answering, library: Path, answer: Any, kind: str = "application/json") -> Ran:
    gateway.answer, gateway.kind = answer, kind
    return Bench(gateway.server.url, library, {"endpoint": "chat"}).run()


def uri(content: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


# --- formats


@pytest.mark.parametrize("way", ["linked", "inline", "body"])
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_format_is_kept_under_its_own_ending(
    gateway: Answering, tmp_path: Path, name: str, way: str
) -> None:
    kind, content = FORMATS[name]
    gateway.files = {"/model": ("application/octet-stream", content)}
    answer: Any = {
        "linked": {"model_url": f"{gateway.server.url}/model"},
        "inline": completion(uri(content, "application/octet-stream")),
        "body": content,
    }[way]
    labels = {"gltf": "model/gltf+json"}
    label = labels.get(kind, "model/unknown") if way == "body" else "application/json"
    ran = run(gateway, tmp_path, answer, label)
    assert ran.finished.glb.name == f"model.{kind}"
    assert ran.model == content
    assert set(ran.record.files) == {f"model.{kind}", "prop.blend", "thumbnail.png"}
    assert parts(tmp_path) == []


BAD = {
    "empty": (b"", "is empty"),
    "web page": (PAGE, "A web page was downloaded"),
    "picture": (PNG, "not a model but a picture"),
    "video": (MP4, "not a model but a video"),
    "words": (b"Sorry, no model today.", "not a model but something else"),
    "ZIP without a mesh": (zipped({"a.png": PNG, "b.txt": b""}), "There is no model"),
    "empty ZIP": (zipped({}), "not a model"),
    "cut ZIP": (zipped({"a.glb": GLB})[:-200], "ZIP file is damaged"),
    "cut GLB": (GLB[:5000], "truncated"),
    "GLB version 1": (b"glTF" + struct.pack("<II", 1, 100) + bytes(88), "glTF version 1"),
    "GLB of 8 bytes": (GLB[:8], "truncated"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_file_that_is_no_model(gateway: Answering, tmp_path: Path, name: str) -> None:
    content, words = BAD[name]

    def answer(asked: Asked) -> bytes:
        if asked.method == "POST":
            return http({"model_url": f"{gateway.server.url}/model"})
        return http(content, kind="model/gltf-binary")

    gateway.server._answer = answer
    error = run(gateway, tmp_path, {}).error
    assert error.kind == "bad_file"
    assert words in error.message
    assert error.next_step
    assert error.retryable is (name in ("cut GLB", "GLB of 8 bytes", "empty", "web page"))
    assert parts(tmp_path) == []


def test_bytes_behind_a_glb_are_left_out(gateway: Answering, tmp_path: Path) -> None:
    def answer(asked: Asked) -> bytes:
        if asked.method == "POST":
            return http({"model_url": f"{gateway.server.url}/model"})
        return http(GLB + bytes(5000), kind="model/gltf-binary")

    gateway.server._answer = answer
    assert run(gateway, tmp_path, {}).model == GLB


# --- bytes over type over extension over field


@pytest.mark.parametrize(
    ("asset", "order"),
    [
        ({"url": "/mesh.glb"}, ["/mesh.glb"]),
        ({"url": "/glb"}, ["/glb"]),
        ({"url": "/glb", "content_type": "model/gltf-binary"}, ["/glb"]),
        ({"url": "/glb", "file_name": "model.glb"}, ["/glb"]),
        # The type says mesh and the name says picture: type first.
        ({"url": "/mesh.png", "mime_type": "model/gltf-binary"}, ["/mesh.png"]),
        # The type says picture and the name says mesh: tried, after all others.
        ({"url": "/mesh.glb", "mime_type": "image/png"}, ["/mesh.glb"]),
        ([{"url": "/mesh.glb", "mime_type": "image/png"}, {"url": "/glb"}], ["/glb"]),
        # A picture that everything calls a mesh, next to a true one.
        ([{"url": "/lies.glb", "mime_type": "model/gltf-binary"}, {"mesh": "/glb"}],
         ["/lies.glb", "/glb"]),
        ([{"model_mesh": "/lies.glb"}, {"url": "/mesh.glb"}], ["/lies.glb", "/mesh.glb"]),
        ([{"model_mesh": "/page.glb"}, {"url": "/mesh.glb"}],
         ["/page.glb", "/page.glb", "/mesh.glb"]),
        # A field's name counts where nothing else tells.
        ([{"url": "/unknown"}, {"model_mesh": "/glb"}], ["/glb"]),
        ({"preview": "/glb", "thumbnail": "/a.png", "mesh": "/mesh.glb"}, ["/mesh.glb"]),
        ({"color_video": "/video.mp4", "gaussian_ply": "/gaussian.ply", "model_file": "/glb"},
         ["/glb"]),
        # Splats are taken only when there is nothing else.
        ([{"gaussian_ply": "/gaussian.ply"}, {"url": "/mesh.glb", "mime_type": "image/png"}],
         ["/mesh.glb"]),
        # The first of several meshes; the next when it is broken.
        ([{"url": "/mesh.glb"}, {"url": "/other.glb"}], ["/mesh.glb"]),
        ([{"url": "/gone.glb"}, {"url": "/mesh.glb"}], ["/gone.glb", "/mesh.glb"]),
        ([{"url": "/half.glb"}, {"url": "/mesh.glb"}], ["/half.glb", "/half.glb", "/mesh.glb"]),
    ],
)  # fmt: skip
def test_order_of_trust(gateway: Answering, tmp_path: Path, asset: Any, order: list[str]) -> None:
    text = json.dumps({"files": asset}).replace('"/', f'"{gateway.server.url}/')
    ran = run(gateway, tmp_path, completion(text))
    assert gateway.fetched == order
    assert ran.model == GLB


def test_mesh_after_a_host_that_is_not_there(gateway: Answering, tmp_path: Path) -> None:
    dead = {"model_mesh": "http://127.0.0.1:9/a.glb", "url": f"{gateway.server.url}/mesh.glb"}
    assert run(gateway, tmp_path, dead).model == GLB


@pytest.mark.parametrize(
    "content",
    [
        uri(GLB, "image/png"),
        uri(GLB, "text/plain"),
        uri(GLB, ""),
        uri(PNG * 60, "model/gltf-binary") + " " + uri(GLB, "video/mp4"),
        base64.b64encode(GLB).decode(),
        base64.urlsafe_b64encode(GLB).decode().rstrip("="),
        "\n".join(base64.encodebytes(GLB).decode().splitlines()),
        "Done.\n```base64\n" + base64.b64encode(GLB).decode() + "\n```\nEnjoy it",
        "Here\nyou are\n" + base64.encodebytes(GLB).decode() + "\nEnjoy",
        base64.b64encode(GLB + bytes(-len(GLB) % 3)).decode() + "\nEnjoy your model",
    ],
)
def test_inline_bytes_decide(gateway: Answering, tmp_path: Path, content: str) -> None:
    assert run(gateway, tmp_path, completion(content)).model == GLB


TINY = b"glTF" + struct.pack("<II", 2, 100) + bytes(88)


@pytest.mark.parametrize("mime", ["model/gltf-binary", "image/png", "application/octet-stream"])
@pytest.mark.parametrize("pad", ["=", "", "%3D"])
def test_small_inline_mesh(gateway: Answering, tmp_path: Path, mime: str, pad: str) -> None:
    """Less than what is lifted out of the answer."""
    content = uri(PNG, "model/gltf-binary") + "\n" + uri(TINY, mime).replace("=", pad)
    assert run(gateway, tmp_path, completion(content)).model == TINY


def test_preview_inline_and_mesh_linked(gateway: Answering, tmp_path: Path) -> None:
    pictures = [
        {"type": "image_url", "image_url": {"url": uri(PNG * 60, "image/png")}},
        {"type": "image_url", "image_url": {"url": f"{gateway.server.url}/mesh.glb"}},
    ]
    assert run(gateway, tmp_path, completion("Done", images=pictures)).model == GLB


def test_fenced_json_in_prose_with_everything(gateway: Answering, tmp_path: Path) -> None:
    facts = {
        "color_video": "/video.mp4",
        "gaussian_ply": "/gaussian.ply",
        "no_background_images": ["/a.png"],
        "model_file": "/mesh.glb",
    }
    text = json.dumps(facts, indent=1).replace('"/', f'"{gateway.server.url}/')
    prose = f"Here is your barrel ({gateway.server.url}/a.png):\n```json\n{text}\n```\nHave fun."
    ran = run(gateway, tmp_path, completion(prose))
    assert ran.model == GLB
    assert gateway.fetched == ["/mesh.glb"]


def test_splats_when_there_is_nothing_else(gateway: Answering, tmp_path: Path) -> None:
    answer = {"gaussian_ply": f"{gateway.server.url}/gaussian.ply"}
    assert run(gateway, tmp_path, answer).finished.glb.name == "model.ply"


def test_pictures_alone_are_no_model(gateway: Answering, tmp_path: Path) -> None:
    picture = {"thumbnail": f"{gateway.server.url}/a.png", "image": uri(PNG * 60, "image/png")}
    error = run(gateway, tmp_path, completion("Look!", images=[picture])).error
    assert error.kind == "no_model"
    assert "Look!" in error.message
    assert gateway.fetched == []
    assert parts(tmp_path) == []


def test_long_text_is_shown_shortened(gateway: Answering, tmp_path: Path) -> None:
    error = run(gateway, tmp_path, completion("I can tell you a story. " * 200)).error
    assert len(error.message) < 250
    assert "I can tell you a story." in error.message
    assert "…" in error.message
