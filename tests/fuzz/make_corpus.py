# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the corpus: `python tests/fuzz/make_corpus.py`. Crashes and files by hand stay."""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import sys
import zipfile
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from support.glbs import cube, data_uri, png  # noqa: E402
from support.odd_files import bad_pictures, hostile, sound  # noqa: E402

LARGEST = 12_000
CALL = {"endpoint": "chat", "time": "2026-01-01T00:00:00.000Z", "cost_cents": 4.0, "status": 200}
RECORD = {
    "schema": 1,
    "id": "barrel-0123abcd",
    "state": "ready",
    "created": "2026-01-01T00:00:00.000Z",
    "request": {"prompt": "oak barrel", "seed": 7, "model": "microsoft/trellis"},
    "history": [{"state": "requested", "time": "2026-01-01T00:00:00.000Z"}],
    "origin": {"base_url": "https://api.aigateway.sh", "calls": [CALL], "locations": []},
    "files": {
        "model.glb": {"sha256": "0" * 64, "bytes": 5},
        "prop.blend": {"sha256": "0" * 64, "bytes": 6},
        "prop-4.2.blend": {"sha256": "0" * 64, "bytes": 6},
    },
    "prop": {
        "blender": "5.2.0",
        "size_metres": [1.0, 0.5, 2.0],
        "triangles": 12,
        "files": ["textures/wood.png"],
        "blends": {"prop-4.2.blend": {"blender": "4.2.1", "files": ["textures-1/wood.png"]}},
    },
    "tags": ["wood"],
    "error": {"kind": "unreachable", "message": "The gateway is silent", "retryable": True},
}


def chat(content: object) -> bytes:
    """An answer of the chat endpoint."""
    message = {"role": "assistant", "content": content}
    return b"\0" + json.dumps({"choices": [{"message": message}], "usage": {"cost": 0.04}}).encode()


def answers() -> dict[str, bytes]:
    link = "https://api.aigateway.sh/v1/files/jobs/a/model.glb"
    fenced = 'Here:\n```json\n{"model_mesh": {"url": "' + link + '"}}\n```'
    events = [{"choices": [{"delta": {"content": part}}]} for part in (link[:20], link[20:])]
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n"
    inline = {"artifacts": [{"base64": "Z2xURg" + "A" * 5000, "finishReason": "SUCCESS"}]}
    return {
        "link": chat(link),
        "markdown": chat(f"![view]({link[:-3]}png) and [model.glb]({link})"),
        "html-part": chat(f'<model-viewer src="{link}"></model-viewer><img src="a.png">'),
        "fence": chat(fenced),
        "parts": chat([{"type": "text", "text": link}]),
        "data-uri": chat("data:model/gltf-binary;base64,Z2xURgIAAAAUAAAA"),
        "inside-out": chat(json.dumps({"output": json.dumps({"glb": link})})),
        "inline": b"\0" + json.dumps(inline).encode(),
        "job": b"\0" + json.dumps({"id": "job_abc", "status": "queued"}).encode(),
        "failed": b"\0"
        + json.dumps({"id": "j", "status": "failed", "error": {"code": "x"}}).encode(),
        "stream": b"\2" + stream.encode(),
        "page": b"\1<!DOCTYPE html><html><a href='https://a.example/m.glb'>busy</a></html>",
        "filtered": b"\0" + json.dumps({"choices": [{"finish_reason": "content_filter"}]}).encode(),
        "payload-number": chat("@payload:" + "1" * 5000 + "@").replace(
            b"1" * 5000, b"\\u0031" * 5000
        ),
        "surrogates": b"\0"
        + json.dumps(
            {
                "job_id": "\ud800",
                "url": "https://a.example/\ud800.glb",
                "usage": {"\udfff": "\ud800"},
            }
        ).encode(),
        "usage-deep": b'\0{"usage": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
        "open-markdown": chat("[](http:x" * 800),
        "open-fence": b"\3```" + b" \n" * 4000,
        "local": chat("file:///etc/passwd.glb https://127.0.0.1/a.glb https://10.0.0.1/b.glb"),
    }


def error_bodies() -> dict[str, bytes]:
    def said(status: int, document: object) -> bytes:
        return bytes([status]) + b"3\n" + json.dumps(document).encode()

    return {
        "openai": said(2, {"error": {"message": "bad prompt", "type": "invalid", "code": "x"}}),
        "words": said(8, {"error": "overloaded"}),
        "detail": said(6, {"detail": [{"loc": ["body"], "msg": "field required"}]}),
        "nested": said(9, {"error": {"message": '{"message": "inner"}'}}),
        "page": b"\x0aWed, 21 Oct 2026 07:28:00 GMT\n<html><h1>502 Bad Gateway</h1></html>",
        "empty": b"\x08\n",
        "cut": b"\x02\n" + b'{"error": {"message": "the prompt is ' + b"x" * 500,
        "spaces": b"\x08\n" + b" " * 1500 + b"x",
        "spaces-said": said(8, {"error": {"message": "a" + " " * 1500 + "x"}}),
    }


def locations() -> dict[str, bytes]:
    known = {"url": "https://a.example/m.glb", "field": "model_mesh", "mime": "model/gltf-binary"}
    texts = (
        "https://api.aigateway.sh/v1/files/a.glb",
        "https://media.aigateway.sh/a.glb?token=x#y",
        "https://user:pass@api.aigateway.sh/a.glb",
        "https://api.aigateway.sh\\@127.0.0.1/a.glb",
        "https://[::ffff:127.0.0.1]/a.glb",
        "https://2130706433/a.glb",
        "https://10.0.0.1:8443/a.glb",
        "file:///etc/passwd.glb",
        "http:/example.com/a.glb",
    )
    table = {f"address-{number}": text.encode() for number, text in enumerate(texts)}
    return {**table, "record": json.dumps(known).encode(), "payload": b'{"payload": 0}'}


def prompt_files() -> dict[str, bytes]:
    line = {"prompt": "oak barrel", "seed": 3, "parameters": {"texture_size": 1024}, "count": 2}
    inner = {"request": {"prompt": "lamp"}, "finishing": {"up": "Z", "metres": 0.5}}
    many = json.dumps({f"a{n}": n for n in range(900)}).encode()
    return {
        "txt": "\0oak barrel\n# no\n\nstone lamp 椅子\n".encode(),
        "csv": b'\1prompt,seed,height,param.x\noak barrel,3,1.2,true\n"stone, lamp",4,,\n',
        "csv-excel": "\1\ufeffsep=;\nprompt;temperature;name\nbarrel;0,7;Faß\n".encode(),
        "csv-utf-16": b"\1" + "prompt\tseed\nbarrel\t3\n".encode("utf-16"),
        "jsonl": b"\2"
        + json.dumps(line).encode()
        + b"\n"
        + json.dumps(inner).encode()
        + b'\n"cup"\n',
        "jsonl-many-fields": b"\2" + many,
        "csv-many-columns": b"\1prompt" + b",a" * 2000 + b"\nbarrel\n",
        "jsonl-deep": b'\2{"prompt": ' + b"[" * 900 + b"]" * 900 + b"}",
        "json-surrogate": b'\2{"prompt": "a", "parameters": {"x": "\\ud800"}}',
        "guessed": b"\3prompt,seed\na,1\n",
    }


def records() -> dict[str, bytes]:
    huge = {**RECORD, "prop": {"size_metres": [10**400, 1, 1], "triangles": 10**30}}
    outside = {**RECORD, "files": {"model./../../secret.glb": {"sha256": "0", "bytes": 5}}}
    return {
        "ready": json.dumps(RECORD).encode(),
        "old": json.dumps({k: v for k, v in RECORD.items() if k != "schema"}).encode(),
        "newer": json.dumps({**RECORD, "schema": 2, "state": "melted"}).encode(),
        "huge-numbers": json.dumps(huge).encode(),
        "model-outside": json.dumps(outside).encode(),
        "not-finite": json.dumps(RECORD).replace("4.0", "1e999").encode(),
        "cut": json.dumps(RECORD).encode()[:200],
    }


def archives() -> dict[str, bytes]:
    model = sound()["cube"]

    def packed(*names: str, method: int = zipfile.ZIP_DEFLATED, content: bytes = model) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", method) as file:
            for name in names:
                file.writestr(name, content)
        return target.getvalue()

    encrypted = bytearray(packed("model.glb"))
    encrypted[6] |= 1
    encrypted[encrypted.find(b"PK\1\2") + 8] |= 1
    damaged = bytearray(packed("model.glb", content=bytes(range(256)) * 9))
    damaged[60:80] = bytes(20)
    return {
        "sound": packed("a/model.glb", "a/wood.png"),
        "stored": packed("model.glb", method=zipfile.ZIP_STORED),
        "bz2": packed("model.glb", method=zipfile.ZIP_BZIP2),
        "lzma": packed("model.glb", method=zipfile.ZIP_LZMA),
        "slip": packed("../out.glb", "/abs.glb", "..\\win.glb", "C:/drive.glb"),
        "run": packed("x.blend", "x.py", "x.zip", "model.obj"),
        "bomb": packed("model.glb", content=bytes(3 << 20)),
        "file-and-folder": packed("a.glb", "a.glb/b.glb"),
        "folder-and-file": packed("a.glb/b.glb", "a.glb"),
        "long-name": packed("n" * 300 + ".glb"),
        "encrypted": bytes(encrypted),
        "damaged": bytes(damaged),
        "nested": packed("inner.zip", content=packed("model.glb")),
    }


def gltfs() -> dict[str, bytes]:
    def named(**image: str) -> bytes:
        model = cube().picture(**image)
        model.document["buffers"][0]["uri"] = "cube.bin"
        return json.dumps(model.document).encode()

    return {
        "beside": named(uri=data_uri(png())),
        "outside": named(uri="../secret.png"),
        "percent": named(uri="%2e%2e/secret.png"),
        "absolute": named(uri="/etc/hostname"),
        "backslash": named(uri="..\\secret.png"),
    }


def names() -> dict[str, bytes]:
    return {
        "plain": b"A weathered oak barrel, iron hoops",
        "paths": b"../../etc/passwd\\..\\x:y|z",
        "controls": bytes(range(32)) + b"\x7f",
        "long": b"a" * 10_000,
        "words": b"word " * 2000,
        "chair": "椅子".encode(),
        "right-to-left": "\u202egnp.exe \u200b\u2066x".encode(),
        "marks": ("e" + "\u0301" * 3000).encode(),
        "driver": b"#frame; __import__('os').system('id') {0.__class__} %s",
        "reserved": b"CON",
        "article": b"the " * 100,
    }


def waits() -> dict[str, bytes]:
    texts = ("3", "0.5", "-1", "nan", "inf", "1e400", "Wed, 21 Oct 2026 07:28:00 GMT", "soon")
    odd = (
        "Thu, 01 Jan 0000 00:00:00 +9999",
        "Mon, 31 Feb 99999 99:99:99 GMT",
        "1" * 5000,
        "(" * 99,
    )
    return {f"{number:02}": text.encode() for number, text in enumerate((*texts, *odd))}


def codings() -> dict[str, bytes]:
    """The first byte chooses the names: see targets.CODINGS."""
    text = b'{"choices": []}' * 40
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return {
        "gzip": b"\0" + gzip.compress(text, mtime=0),
        "zlib": b"\1" + zlib.compress(text),
        "raw-deflate": b"\1" + raw.compress(text) + raw.flush(),
        "deflate-of-gzip": b"\2" + zlib.compress(gzip.compress(text, mtime=0)),
        "bomb": b"\3" + gzip.compress(gzip.compress(bytes(8 << 20), mtime=0), mtime=0),
        "three-times": b"\5" + gzip.compress(b"", mtime=0),
        "cut": b"\0" + gzip.compress(text, mtime=0)[:-9],
        "no-coding": b"\6" + text,
    }


def echoes() -> dict[str, bytes]:
    """The key of targets.KEY in a few forms."""
    key = "sk-aig-7f3a_9c51"
    forms = {
        "plain": key,
        "json": "".join(f"\\u{ord(c):04x}" for c in key),
        "json-in-json": "".join(f"\\\\u{ord(c):04x}" for c in key),
        "percent": "".join(f"%{ord(c):02x}" for c in key),
        "html": "".join(f"&#{ord(c)};" for c in key),
        "base64": base64.b64encode(f"Bearer {key}".encode()).decode(),
        "zero-bytes": "\0".join(key),
        "markup": "<b>".join(key),
        "nine": f"{key.upper()} " * 9,
    }
    return {name: f'{{"error": "{form} is wrong"}}'.encode() for name, form in forms.items()}


def objs() -> dict[str, bytes]:
    libraries = {
        "plain": b"newmtl a\nKd 1 1 1\nmap_Kd wood.png\n",
        "options": b"newmtl a\nmap_Kd -s 2 2 1 -o 0 0 wood.png\nbump -bm 0.5 wood.png\n",
        "spaces": b"map_Kd my wood wood.png -clamp on\r\nrefl -type sphere wood.png\r\n",
        "outside": b"map_Kd ../secret.png\nmap_Ks C:\\secret.png\nmap_d %2e%2e/secret.png\n",
        "long": b"map_Kd" + b" a" * 3000 + b"\nmap_Kd " + b" " * 8000 + b"x\n",
        "latin-1": b'map_Kd "w\xf6od.png"\nmap_bump \xff\xfe\n',
    }
    return {name: b"v 0 0 0\nf 1 1 1\n\0" + content for name, content in libraries.items()} | {
        "library-outside": b"mtllib ../a.mtl\nmtllib /etc/passwd a.mtl\n\0map_Kd wood.png\n"
    }


def usds() -> dict[str, bytes]:
    tokens = b"points\0./wood.png\0../secret.png\0"
    packed = b"\0" + bytes([0xF0, len(tokens) - 15]) + tokens
    section = struct.pack("<QQQ", 3, len(tokens), len(packed)) + packed
    head = b"PXR-USDC" + bytes([0, 8, 0, 0, 0, 0, 0, 0]) + struct.pack("<Q", 24 + len(section))
    table = struct.pack("<Q16sQQ", 1, b"TOKENS", 24, len(section))
    crate = head + section + table
    return {
        "crate": crate,
        "crate-cut": crate[:-9],
        "crate-far": crate[:16] + b"\xff" * 8 + crate[24:],
        "text": b"#usda 1.0\nasset a = @./wood.png@\nasset b = @../secret.png@\n",
        "layers": b"#usda 1.0\n(subLayers = [@a.usd@, @../secret.usda@])\n",
        "open": b"#usda 1.0\n@" + b"x" * 3000,
    }


def fbxs() -> dict[str, bytes]:
    def named(name: bytes) -> bytes:
        return b"\x10RelativeFilenameS" + struct.pack("<I", len(name)) + name

    head = b"Kaydara FBX Binary  \0\x1a\0" + struct.pack("<I", 7400)
    return {
        "binary": head + named(b"wood.png") + named(b"C:\\a\\wood.png"),
        "outside": head + named(b"../secret.png") + named(b"/etc/passwd"),
        "cut": head + named(b"wood.png")[:-4],
        "length": head + b"FileNameS\xff\xff\xff\x7fwood.png",
        "text": b'; FBX 7.4.0 project file\nRelativeFilename: "tex\\wood.png"\n',
    }


def paths() -> dict[str, bytes]:
    texts = (
        *("wood.png", "a/b/WOOD.PNG", "C:\\art\\a\\wood.png", "../secret.png", "'wood.png'"),
        *("wood%2Epng?v=1", "file:///a/wood.png", "100%.png", "/" * 200 + "wood.png", "..\\" * 99),
    )
    return {f"{number:02}": text.encode() for number, text in enumerate(texts)}


def heads() -> dict[str, bytes]:
    entries = [struct.pack("<HHII", tag, 4, 1, 8) for tag in (256, 257)]
    window = b"dataWindow\0box2i\0" + struct.pack("<Iiiii", 16, 0, 0, 7, 7)
    return {
        "png": png(),
        "bmp": b"BM" + bytes(16) + struct.pack("<ii", 8, -8),
        "dds": b"DDS " + struct.pack("<IIII", 124, 7, 8, 8),
        "ktx2": b"\xabKTX 20\xbb\r\n\x1a\n" + struct.pack("<IIII", 0, 1, 8, 8),
        "tiff": b"II*\0" + struct.pack("<IH", 8, 2) + b"".join(entries),
        "exr": b"\x76\x2f\x31\x01\2\0\0\0" + window,
        "avif": b"\0\0\0\x20ftypavif" + b"\0\0\0\x14ispe" + struct.pack(">III", 0, 8, 8),
        "jpeg": b"\xff\xd8\xff\xc0\0\x0b\x08\0\x08\0\x08\xff\xd9 behind",
        "webp": b"RIFF\x20\0\0\0WEBPVP8L" + bytes(30),
    }


def splats() -> dict[str, bytes]:
    def header(*lines: str) -> bytes:
        return "\n".join(("ply", "format ascii 1.0", *lines, "end_header", "0")).encode()

    signs = [f"property float {name}" for name in ("f_dc_0", "opacity", "scale_0", "rot_0")]
    return {
        "splat": header("element vertex 1", *signs),
        "mesh": header("element vertex 1", "property float x", "element face 1"),
        "both": header("element vertex 1", *signs, "element face 1"),
        "no-end": header("element vertex 1", *signs)[:-20] + b" " * 3000,
        "empty": b"",
    }


def main() -> None:
    """Write all of them."""
    glbs = {f"sound-{name}": content for name, content in sound().items()}
    glbs |= {f"picture-{name}": content for name, content in bad_pictures().items()}
    glbs |= {f"hostile-{name}": content for name, content in list(hostile().items())[20::3]}
    tables = {
        "answer": answers(),
        "error_body": error_bodies(),
        "coding": codings(),
        "echo": echoes(),
        "location": locations(),
        "retry_after": waits(),
        "glb": {name: content for name, content in glbs.items() if len(content) <= LARGEST},
        "gltf": gltfs(),
        "obj": objs(),
        "usd": usds(),
        "fbx": fbxs(),
        "beside": paths(),
        "picture": heads(),
        "splat": splats(),
        "archive": archives(),
        "prompts": prompt_files(),
        "record": records(),
        "name": names(),
    }
    for target, table in tables.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in table.items():
            (folder / name).write_bytes(content)
        print(f"{target}: {len(table)} files, {sum(map(len, table.values())):,} bytes")


if __name__ == "__main__":
    main()
