# SPDX-License-Identifier: GPL-3.0-or-later
"""What is fuzzed: each target takes any bytes, and raises for what must never happen.

A target lets through no exception but those that the function documents, and checks what must
hold for whatever comes out. Anything else that is raised is a crash, and becomes a corpus file.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from trellis_addon.core.cancel import CancelToken
from trellis_addon.core.errors import (
    AddressError,
    BadFileError,
    BrokenRecordError,
    GatewayError,
    InputError,
    NewerRecordError,
)
from trellis_addon.core.events import State
from trellis_addon.core.prompt.prompt_tokens import prompt_warning
from trellis_addon.core.secret import Secret
from trellis_addon.core.text import slug, title
from trellis_addon.gateway.answers.answer_parser import Answer, understand
from trellis_addon.gateway.answers.asset_locations import AssetLocation, Trust
from trellis_addon.gateway.answers.reply import Reply, job_is_done, read_reply, without_mesh
from trellis_addon.gateway.answers.status_errors import from_response
from trellis_addon.gateway.download import refuse_strange
from trellis_addon.gateway.http.address import Address, is_private
from trellis_addon.gateway.http.base64_extraction import Base64Extractor
from trellis_addon.gateway.http.content_coding import PIECE, decoded
from trellis_addon.gateway.http.file_type import check_model
from trellis_addon.gateway.http.rate_limit import MOST_SECONDS, retry_after, wait_words
from trellis_addon.gateway.source_url import SourceUrl
from trellis_addon.headless.prompts.prompt_list import MOST_FAULTS, read_batch
from trellis_addon.headless.prompts.rows import FORMATS
from trellis_addon.importer.check.archive import unpacked
from trellis_addon.importer.check.gaussian_splats import is_splat
from trellis_addon.importer.check.glb_check import load
from trellis_addon.importer.check.gltf_extensions import KNOWN_EXTENSIONS
from trellis_addon.importer.check.gltf_to_glb import embedded
from trellis_addon.importer.check.image_headers import picture_size, verdict
from trellis_addon.importer.read.gltf_textures import settle
from trellis_addon.importer.read.rewrite_references import prepared
from trellis_addon.importer.read.strip_geometry import split
from trellis_addon.job.model_files import fbx_textures, usd_textures
from trellis_addon.job.model_files.sibling_files import Beside, last_name
from trellis_addon.job.obtain.copy_model import files_beside
from trellis_addon.library.blend_versions import (
    blend_for,
    folders_in_use,
    is_blend_name,
    stale_files,
)
from trellis_addon.library.library_index import Stamp, _entry
from trellis_addon.library.record import Call, Origin, PropRecord, parse

GATEWAY = Address.parse("https://api.aigateway.sh/v1")
OWN_HOSTS = ("api.aigateway.sh", "media.aigateway.sh")
KEY = Secret("sk-aig-7f3a_9c51")
SECRET = b"a secret of this computer"
MOST_UNPACKED = 1 << 20
STATUSES = (200, 302, 400, 401, 404, 407, 422, 429, 500, 503, 504, 523, 599, 999)
TYPES = ("application/json", "text/html", "text/event-stream", "")


@dataclass(frozen=True)
class Target:
    """One function, or a few that belong together."""

    name: str
    run: Callable[[bytes], None]
    words: tuple[bytes, ...] = ()
    """What a mutation may put in: the words of the format."""


@contextmanager
def place() -> Iterator[Path]:
    """A folder in memory where there is one: a file is written for each input."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder:
        yield Path(folder)


def is_sentence(text: str, limit: int) -> bool:
    """Whether a text can stand in a report: one line, bounded, without control characters."""
    return len(text) <= limit and not any(unicodedata.category(c) == "Cc" for c in text)


def answer(data: bytes) -> None:
    """Any answer of the gateway, through the lifting to its locations."""
    kind, body = TYPES[data[0] % len(TYPES)] if data else "", data[1:]
    with place() as folder:
        lifter = Base64Extractor(folder, 1 << 20)
        try:
            step = max(1, len(body) // 3)
            for start in range(0, len(body), step):
                lifter.feed(body[start : start + step])
            lifted = lifter.finish(kind)
        except BadFileError:
            lifter.discard()
            return
        found = understand(lifted)
        assert len(found.assets) <= 1000
        for asset in found.assets:
            _check_asset(asset, len(lifted.payloads))
        reply = Reply(found, lifted, "chat", 200)
        assert is_sentence(without_mesh(reply).facts.message, 600)
        with suppress(GatewayError):
            job_is_done(reply)
        headers: Any = {
            "content-type": kind,
            "x-cost-cents": found.text[:20].encode("ascii", "ignore"),
        }
        cost = read_reply(httpx.Response(200, headers=headers), lifted, "chat").cost_cents
        assert cost is None or 0 <= cost < 1e9
        _check_written(found)


CODINGS = ("gzip", "deflate", "x-gzip, deflate", "gzip, gzip", "br", "gzip,gzip,gzip", "utf-8", "")


def coding(data: bytes) -> None:
    """Any body in any coding: small pieces, and as many as are asked for."""
    named, body = CODINGS[data[0] % len(CODINGS)] if data else "", data[1:]
    step = max(1, len(body) // 3)
    parts = (body[at : at + step] for at in range(0, len(body), step))
    response = httpx.Response(200, headers={"content-encoding": named}, content=parts)
    with suppress(BadFileError, httpx.DecodingError):
        for piece in islice(decoded(response, CancelToken()), 64):
            assert 0 < len(piece) <= PIECE


def echo(data: bytes) -> None:
    """Any text that repeats a key: nothing of it is left, so that a second look changes nothing."""
    text = data.decode("utf-8", "replace")
    left = KEY.hide_in(text)
    assert KEY.reveal() not in left
    assert KEY.hide_in(left) == left
    assert left == text or "***" in left


def _check_written(found: Answer) -> None:
    """What an answer leaves in the record can be written, read, and asked for again."""
    call = Call(endpoint="chat", time="", usage=found.usage)
    places = tuple(asset.to_record() for asset in found.assets if not asset.inline)
    known: dict[str, Any] = {"job_id": found.job_id, "job_urls": found.job_urls}
    origin = Origin(calls=(call,), locations=places, **known)
    fresh = PropRecord(id="a", state=State.WAITING, created="", request={}, history=())
    again = parse(fresh.model_copy(update={"origin": origin}).to_json(), "a")
    assert again.origin == origin
    assert GATEWAY.endpoint(f"jobs/{quote(found.job_id or 'a', safe='')}")


def _check_asset(asset: AssetLocation, payloads: int) -> None:
    assert asset.trust is not Trust.NOT_A_MESH
    assert asset.url or asset.inline or asset.payload is not None
    assert not asset.url or asset.url.lower().startswith("http")
    assert asset.payload is None or 0 <= asset.payload < payloads
    known = json.loads(json.dumps(asset.to_record()))
    assert asset.inline or AssetLocation.from_record(known) is not None
    _check_url(asset.url)


def location(data: bytes) -> None:
    """A location of a record, and any text as an address."""
    text = data.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        known = json.loads(text)
        if isinstance(known, dict):
            again = AssetLocation.from_record(known)
            _check_url(again.url if again else "")
    _check_url(text)
    with suppress(AddressError):
        address = Address.parse(text)
        assert address.scheme == "https" or address.loopback
    with suppress(InputError):
        if source := SourceUrl.of(text):
            assert source.shown.startswith(("http://", "https://"))
            assert "?" not in source.shown.partition("://")[2].partition("/")[0]
            with suppress(InputError):
                source.check(GATEWAY)


def _check_url(url: str) -> None:
    """What is fetched for a far gateway, and who is given the key, by httpx's own reading."""
    if GATEWAY.may_have_key(url):
        with suppress(httpx.InvalidURL):
            assert httpx.URL(url).host in OWN_HOSTS, url
            assert httpx.URL(url).scheme == "https", url
    try:
        refuse_strange(GATEWAY, url)
    except BadFileError:
        return
    read = httpx.URL(url)
    assert read.scheme == "https"
    assert read.host
    assert not is_private(read.host), url
    assert not read.userinfo, url


def error_body(data: bytes) -> None:
    """Any body of an error, with any status."""
    status = STATUSES[data[0] % len(STATUSES)] if data else 500
    head, _, body = data[1:].partition(b"\n")
    headers = httpx.Headers([(b"retry-after", head[:200]), (b"x-request-id", head[:3000])])
    for subject in ("", "job"):
        text = body.decode("utf-8", "replace")
        facts = from_response(status, headers, text, model="m", subject=subject).facts
        assert is_sentence(facts.message, 400), facts.message
        assert is_sentence(facts.next_step, 400), facts.next_step
        assert facts.next_step
        assert facts.message
        assert len(facts.request_id or "") <= 200


def wait(data: bytes) -> None:
    """``Retry-After`` and ``Date``, one of which or both are hostile."""
    good = b"Sun, 22 Nov 2026 12:00:00 GMT"
    for until, there in ((data, b""), (data, good), (good, data), (data, data)):
        seconds = retry_after(httpx.Headers([(b"retry-after", until), (b"date", there)]))
        assert seconds is None or 0 <= seconds <= MOST_SECONDS
        assert wait_words(seconds)


def _usable(_index: int) -> bool:
    return True


def _unusable(_index: int) -> bool:
    return False


def glb(data: bytes) -> None:
    """A GLB, through the check and the quick reader."""
    with place() as folder:
        path = folder / "model.glb"
        path.write_bytes(data)
        with suppress(BadFileError):
            check_model(path)
        with suppress(BadFileError):
            sound = load(path)
            assert 0 < sound.facts.triangles <= 20_000_000
            for usable in (True, False):
                settle(sound.document, _usable if usable else _unusable, KNOWN_EXTENSIONS)
            content, meshes = split(sound) or (b"", [])
            for mesh in meshes:
                corners: Any = mesh.corners
                assert corners.size == 0 or corners.min() >= 0
                assert corners.size == 0 or corners.max() < len(mesh.points)
                assert all(len(layer) == mesh.corners.size for layer in mesh.uvs + mesh.colours)
            if content:  # Blender sees the copy instead of the file
                path.write_bytes(content)
                load(path)


def gltf(data: bytes) -> None:
    """A glTF beside which there is one file, and a secret above it."""
    with place() as folder:
        (folder / "secret.png").write_bytes(SECRET)
        inner = folder / "inner"
        inner.mkdir()
        (inner / "cube.bin").write_bytes(bytes(200))
        (inner / "model.gltf").write_bytes(data)
        with suppress(BadFileError):
            made = embedded(inner / "model.gltf", Beside(inner))
            assert made is None or SECRET not in made.content


def _with_secret(folder: Path, name: str, data: bytes) -> Path:
    """A model in a folder with a picture, above which there is a secret."""
    (folder / "secret.png").write_bytes(SECRET)
    inner = folder / "inner"
    inner.mkdir()
    (inner / "wood.png").write_bytes(b"1")
    (inner / name).write_bytes(data)
    return inner / name


def obj(data: bytes) -> None:
    """An OBJ and, after a NUL, its library: both as they come to the disk, and on to Blender."""
    words, _, library = data.partition(b"\0")
    with place() as folder:
        model = _with_secret(folder, "a.obj", b"mtllib a.mtl\n" + words)
        (model.parent / "a.mtl").write_bytes(library)
        _all_inside(model)
        scratch = folder / "scratch"
        scratch.mkdir()
        ready = prepared(model, Beside(model.parent, everywhere=True), scratch)
        assert ready.path.parent == scratch
        assert not re.search(rb"\nmtllib[\x00-\x20]", ready.path.read_bytes())
        for written in scratch.iterdir():
            content = written.read_bytes()
            assert SECRET not in content
            named = re.search(rb"(?im)^\s*(?:map_|bump|refl).*secret", content)
            assert written == ready.path or not named


def _all_inside(model: Path) -> None:
    for path in files_beside(model):
        assert path.is_file()
        assert path.is_relative_to(model.parent.resolve())


def usd(data: bytes) -> None:
    """The names in a USD, and the file with others."""
    with place() as folder:
        model = _with_secret(folder, "a.usd", data)
        _all_inside(model)
        names = usd_textures.pictures_of(model, 1 << 20)
        other = dict.fromkeys(names, "wood.png")
        with suppress(ValueError):
            model.write_bytes(usd_textures.renamed(data, other))
            assert set(usd_textures.pictures_of(model, 1 << 20)) <= {"wood.png"}


def fbx(data: bytes) -> None:
    """The names in an FBX."""
    names = fbx_textures.names_in(data)
    assert len(names) <= fbx_textures.MOST_NAMES
    with place() as folder:
        _all_inside(_with_secret(folder, "a.fbx", data))


def beside(data: bytes) -> None:
    """A name of a file from anybody."""
    text = data.decode("utf-8", "surrogateescape")
    with place() as folder:
        inner = _with_secret(folder, "Wood.PNG", b"2").parent
        for everywhere in (True, False):
            found = Beside(inner, everywhere).find(text)
            assert found is None or found.parent == inner.resolve()
    assert len(last_name(text)) <= 60
    last_name(text).encode("utf-8")


def picture(data: bytes) -> None:
    """The head of a picture, of any kind."""
    verdict(data)
    size = picture_size(data)
    assert size is None or all(isinstance(side, int) for side in size)


def splat(data: bytes) -> None:
    """The header of a PLY."""
    with place() as folder:
        path = folder / "a.ply"
        path.write_bytes(data)
        is_splat(path)


def archive(data: bytes) -> None:
    """A ZIP: what is unpacked stays in its folder, and is nothing that is run."""
    with place() as folder:
        path = folder / "model.zip"
        path.write_bytes(data)
        with suppress(BadFileError):
            check_model(path)
        with suppress(BadFileError), unpacked(path, MOST_UNPACKED) as (model, inner):
            assert model.is_relative_to(inner)
            files = [found for found in inner.rglob("*") if found.is_file()]
            assert sum(found.stat().st_size for found in files) <= MOST_UNPACKED
            assert not any(f.suffix.lower() in (".blend", ".py", ".zip") for f in files)
            assert not any(f.is_symlink() for f in files)
        left = [found.name for found in folder.iterdir()]
        assert left == ["model.zip"]


def prompts(data: bytes) -> None:
    """A file of prompts, in every format."""
    ending = (*FORMATS, "")[data[0] % 4] if data else ""
    with suppress(InputError):
        batch = read_batch(io.BytesIO(data[1:]), f"prompts.{ending}")
        assert len(batch.faults) <= 2 * MOST_FAULTS
        for fault in batch.faults:
            assert fault.line >= 0
            assert is_sentence(fault.reason, 2000), fault.reason
        for item in batch.items:
            assert re.fullmatch(r"[0-9a-f]{32}", item.key)
            assert item.request.prompt.strip()
            assert not any(unicodedata.category(c) == "Cs" for c in item.request.prompt)
            _check_name(item.request.name or item.request.prompt)
            # As it is sent and written down.
            item.request.model_dump_json()
            json.dumps(item.request.model_dump(), ensure_ascii=False).encode("utf-8")
        batch.check()


def record(data: bytes) -> None:
    """``prop.json`` of a library that others share."""
    folder = Path("/library/barrel-0123abcd")
    try:
        known = parse(data, "barrel-0123abcd")
    except (BrokenRecordError, NewerRecordError):
        return
    assert (folder / known.model_file).parent == folder
    assert ".." not in known.model_file
    for version in ((4, 2, 0), (5, 2, 0)):
        assert is_blend_name(blend_for(known, version, lambda _: True).name)
    assert all(is_blend_name(name) for name in stale_files(known))
    folders_in_use(known, "")
    assert known.cost_cents is None or math.isfinite(known.cost_cents)
    entry = _entry(folder, known, Stamp(record=1))
    assert entry.size is None or all(math.isfinite(metres) for metres in entry.size)
    assert entry.seed is None or 0 <= entry.seed < 2**31
    assert entry.triangles is None or 0 <= entry.triangles < 2**31
    assert math.isfinite(entry.created)
    assert isinstance(known.is_resumable, bool)
    if not known.is_newer:
        parse(known.to_json(), "again")


def name(data: bytes) -> None:
    """A text from elsewhere that becomes the name of a folder, a data-block, a mesh."""
    _check_name(data.decode("utf-8", "replace"))
    _check_name(data.decode("utf-8", "surrogateescape"))  # as of a file that is named in Latin-1


def _check_name(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", slug(text)), text
    shown = title(text)
    assert shown
    assert len(shown.encode("utf-8", "surrogatepass")) <= 56
    assert shown.isprintable()
    prompt_warning(text)


_JSON = tuple(
    b"null true false NaN Infinity -1 1e999 99999999999999999999 0.5 [] {} ud800 u0000".split()
)
_URLS = tuple(
    b"file:///etc/passwd.glb https://127.0.0.1/a.glb https://10.0.0.1/a.glb https://[::1]/a.glb "
    b"https://user:pass@api.aigateway.sh/a.glb https://api.aigateway.sh@127.1/a.glb @ # %2e "
    b"https://api.aigateway.sh/v1/files/a.glb ://[ :99999 https://[::ffff:127.0.0.1]/ "
    b"http://0x7f.1/ \xe3\x80\x82 \\ \\@".split()
)
_ANSWER = tuple(
    b"``` ```json ![a]( [a]( <img\x0bsrc= data:a/b;base64, @payload:0@ @payload: Z2xURg choices "
    b"message content job_id artifacts error usage status u0031 id url".split(b" ")
)
_GLB = tuple(
    b"bufferView byteOffset byteStride children uri sparse data:;base64,AAAA matrix mesh "
    b"KHR_draco_mesh_compression \xff\xff\xff\x7f".split()
)
_RECORD = tuple(
    b"model./../../x prop-4.2.blend size_metres files origin calls cost_cents history blends "
    b"textures/.. tags".split()
)
_PROMPTS = tuple(b'prompt|\n|;|,|"|\t|sep=;|\xff\xfe|count|seed|param.x|image|\x00'.split(b"|"))
_ECHO = (
    b"sk-aig-7f3a_9c51", b"sk-aig", b"\\u0073", b"\\", b"%73", b"%25", b"&#115;", b"&lowbar;",
    b"<b>", b"\0", b"c2stYWlnLTdmM2FfOWM1MQ",
)  # fmt: skip
_ERRORS = (b'{"error":', b'"message":', b'"detail"', b'"msg"', b"<html", b"\x00")
_DATES = tuple(b"nan inf -1 1e400 GMT Thu, Dec 0000 9999 00:00:00 -0000 +9999 ( ) , : 31".split())
_OBJ = tuple(b"map_Kd -s -bm on 1 2 3 mtllib wood.png ../secret.png \\ \0 # a.mtl \xff".split())
_USD = tuple(b"@ @./a.png@ @../secret.png@ @wood.png@ PXR-USDC TOKENS .png #usda \xff\xff".split())
_FBX = tuple(b'RelativeFilenameS \x08\0\0\0wood.png FileName: " ../secret.png \xff'.split(b" "))
_PATHS = (b"../", b"..\\", b"%2e%2e/", b"C:\\", b"file:///", b"?v=1", b"WOOD.png", b"secret.png")
_HEADS = (b"BM", b"DDS ", b"II*\0", b"MM\0*", b"ftypavif", b"ispe", b"jP  ", b"\x76\x2f\x31\x01")
_PLY = (b"property float ", b"f_dc_0", b"opacity", b"scale_0", b"rot_0", b"element face 1")
_ZIP = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"../", b"a.glb/b.glb")
_NAMES = (b"../", b"\\", b"\x00", b"CON", b"\xe2\x80\xae", b"\xcc\x81" * 50, b"{0.__class__}")

TARGETS = {
    target.name: target
    for target in (
        Target("answer", answer, (*_JSON, *_URLS, *_ANSWER, b" " * 99, b"\n" * 99, b"\ndata: ")),
        Target("coding", coding, (b"\x1f\x8b\x08", b"\x78\x9c", b"\x00\x00\xff\xff")),
        Target("echo", echo, _ECHO),
        Target("location", location, (*_JSON, *_URLS, b"\t", b"payload", b"url")),
        Target("error_body", error_body, (*_JSON, *_ERRORS, b" " * 500)),
        Target("retry_after", wait, _DATES),
        Target("glb", glb, (*_JSON, *_GLB)),
        Target("gltf", gltf, (*_JSON, b"../secret.png", b"cube.bin", b"data:;base64,AA", b"file:")),
        Target("obj", obj, _OBJ),
        Target("usd", usd, _USD),
        Target("fbx", fbx, _FBX),
        Target("beside", beside, _PATHS),
        Target("picture", picture, _HEADS),
        Target("splat", splat, _PLY),
        Target("archive", archive, _ZIP),
        Target("prompts", prompts, (*_JSON, *_PROMPTS, b"[" * 300, b"finishing", b"1" * 5000)),
        Target("record", record, (*_JSON, *_RECORD, b"9" * 400)),
        Target("name", name, _NAMES),
    )
}
