# SPDX-License-Identifier: GPL-3.0-or-later
"""What an attacker would try, where no other test tries it. `tests/RED_TEAM.md` lists all of it."""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fuzz.make_corpus import RECORD
from support.glbs import cube
from support.processes import REPOSITORY
from support.rooms import unlocked

from trellis_addon.core.errors import BadFileError, InputError
from trellis_addon.core.generation.request import GenerationRequest
from trellis_addon.core.text import shorten, slug, title
from trellis_addon.gateway.answers.status_errors import from_response
from trellis_addon.gateway.download import refuse_strange
from trellis_addon.gateway.http.address import Address, is_private
from trellis_addon.gateway.source_url import SourceUrl
from trellis_addon.importer.check import archive as check_archive
from trellis_addon.importer.check.archive import unpacked
from trellis_addon.importer.check.gltf_to_glb import embedded
from trellis_addon.job.model_files.sibling_files import Beside
from trellis_addon.library.library import Library
from trellis_addon.library.library_index import scan
from trellis_addon.library.prop_folder import PropFolder

LIST = REPOSITORY / "tests" / "RED_TEAM.md"
FAR = Address.parse("https://api.aigateway.sh")
INWARD = (
    "10.0.0.1 172.16.3.4 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 127.1 127.0.0.1. "
    "2130706433 0x7f.1 0300.0250.1.1 localhost. "
    " [::1] [::] [fe80::1] [fd00::1] [::ffff:10.0.0.1] 10.0。0.1 "
    "[::ffff:127.0.0.1]"
).split()
OUTWARD = "example.com 10.0.0.1.example.com 8.8.8.8 [2606:4700::1111] localhost.example".split()


# --- the list itself


def named_tests() -> list[tuple[str, str]]:
    """Every `path::name` of the list."""
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", LIST.read_text("utf-8"))


def test_every_test_of_the_list_exists() -> None:
    named = named_tests()
    assert len(named) > 40
    for path, name in named:
        tree = ast.parse((REPOSITORY / path).read_text("utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in there, f"{path}::{name}"


def test_no_line_of_the_list_is_without_a_test() -> None:
    rows = [line for line in LIST.read_text("utf-8").splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [row for row in rows if "::" not in row] == []


def test_every_test_of_these_files_is_in_the_list() -> None:
    listed = set(named_tests())
    for path in (
        "tests/unit/repository/test_red_team.py",
        "tests/blender/test_red_team_blender.py",
    ):
        for node in ast.parse((REPOSITORY / path).read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert (
                    (path, node.name) in listed
                    or "of_the_list" in node.name
                    or ("in_the_list" in node.name)
                )


# --- where an answer may lead


@pytest.mark.parametrize("host", INWARD)
def test_private_network_is_for_a_gateway_in_one(host: str) -> None:
    url = f"https://{host}/model.glb"
    with pytest.raises(BadFileError, match=r"not fetched|broken"):
        refuse_strange(FAR, url)
    if not host.startswith("0300"):  # which httpx itself refuses
        refuse_strange(Address.parse("http://127.0.0.1:8000"), url)


def test_gateway_in_a_private_network_leads_into_it_and_not_to_this_machine() -> None:
    near = Address.parse("https://192.168.1.5")
    refuse_strange(near, "https://192.168.1.6/model.glb")
    with pytest.raises(BadFileError, match="not fetched"):
        refuse_strange(near, "https://127.0.0.1/model.glb")


def test_redirect_leads_into_a_private_network_only_from_within() -> None:
    assert not FAR.may_lead_to("10.0.0.1", "files.example")
    assert FAR.may_lead_to("10.0.0.1", "10.0.0.2")
    assert not FAR.may_lead_to("127.0.0.1", "10.0.0.2")
    assert FAR.may_lead_to("files.example", "api.aigateway.sh")


def test_user_may_name_an_address_of_the_own_network() -> None:
    source = SourceUrl.of("https://192.168.1.7/barrel.glb")
    assert source is not None
    source.check(FAR)
    here = SourceUrl.of("https://127.0.0.1/barrel.glb")
    assert here is not None
    with pytest.raises(InputError):
        here.check(FAR)


@pytest.mark.parametrize("host", OUTWARD)
def test_public_hosts_are_public(host: str) -> None:
    assert not is_private(host)
    refuse_strange(FAR, f"https://{host}/model.glb")


# --- what a stranger's words may do


@pytest.mark.parametrize(
    "word", ["\x1b[2J\x1b]0;owned\x07", "\u202etxt.exe", "\ud800", "\x00", "\r"]
)
def test_no_control_character_comes_into_a_sentence(word: str) -> None:
    body = json.dumps({"error": {"message": f"bad {word} prompt"}})
    message = from_response(400, {"x-request-id": f"a{word}b"}, body).facts
    assert (message.message + (message.request_id or "")).isprintable()
    assert shorten(f"a{word}b").isprintable()


HOSTILE_NAMES = [
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "C:\\CON",
    "/absolute",
    "a" * 10_000,
    "word " * 2000,
    "\x00\x1b[31m\r\n",
    "\u202egnp.exe",
    "__import__('os').system('id')",
    "#frame + {0.__class__.__init__.__globals__} %n$(id)`id`",
    "\udce9 named in another code page",
]


@pytest.mark.parametrize("text", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_hostile_name_is_a_plain_folder(text: str, tmp_path: Path) -> None:
    folder = Library(tmp_path / "library").create_import(tmp_path / "x")[0]
    assert folder.path.parent == tmp_path / "library"
    assert re.fullmatch(r"[a-z0-9-]{1,40}", slug(text))
    assert title(text).isprintable()
    assert len(title(text).encode("utf-8")) <= 56


def test_hostile_prompt_stays_in_the_library(tmp_path: Path) -> None:
    for text in HOSTILE_NAMES[:-1]:
        request = GenerationRequest(prompt=text)
        folder = unlocked(
            Library(tmp_path / "library").create_locked(request, "https://a.example", "chat")
        )
        assert folder.path.parent == tmp_path / "library"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["library"]


# --- a library that others write into


def prop(library: Path, **changes: Any) -> PropFolder:
    folder = library / "barrel-0123abcd"
    (folder / "model.").mkdir(parents=True)
    (folder / "prop.json").write_text(json.dumps({**RECORD, **changes}), encoding="utf-8")
    return PropFolder(folder)


def test_hostile_record_names_no_model_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.glb").write_bytes(b"12345")
    name = "model./../../../secret.glb"
    files = {name: {"sha256": "0", "bytes": 5}}
    folder = prop(tmp_path / "library", files=files, state="failed", error=None)
    assert (folder.path / name).is_file()
    record = folder.read()
    assert record.model_file == "model.glb"
    assert not folder.holds(record, record.model_file)
    assert not record.is_resumable
    assert not scan(tmp_path / "library").entries[0].has_model


@pytest.mark.parametrize(
    "facts",
    [
        {"size_metres": [10**400, 1, 1], "triangles": 10**30},
        {"size_metres": [float("nan"), float("inf"), -1.0], "triangles": -1},
        {
            "size_metres": "x",
            "triangles": "12",
            "notes": 7,
            "blends": {"../x": {}},
            "files": [".."],
        },
    ],
)
def test_hostile_record_breaks_no_listing(tmp_path: Path, facts: dict[str, Any]) -> None:
    prop(tmp_path / "library", prop=facts, request={"prompt": "a" * 100_000, "seed": 10**30})
    (entry,) = scan(tmp_path / "library").entries
    assert entry.size is None
    assert entry.triangles is None
    assert entry.seed is None
    assert len(entry.name) <= 56


# --- archives


def archive(folder: Path, *names: str, content: bytes = b"v 0 0 0\n", method: int = 8) -> Path:
    path = folder / "model.zip"
    with zipfile.ZipFile(path, "w", method) as file:
        for name in names:
            file.writestr(name, content)
    return path


def refused(path: Path, most: int = check_archive.MOST_UNPACKED) -> str:
    with pytest.raises(BadFileError) as caught, unpacked(path, most):
        pass
    return caught.value.facts.message


def test_zip_slip_lands_nowhere(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    names = ("../out.obj", "x/../../out.obj", "/out.obj", "..\\out.obj", "C:\\out.obj", "C:out.obj")
    assert refused(archive(inner, *names)) == "There is no model in the ZIP file"
    assert [path.name for path in tmp_path.rglob("*.obj")] == []


def test_zip_bomb_is_stopped_on_the_way(tmp_path: Path) -> None:
    path = archive(tmp_path, "model.obj", content=bytes(5 << 20))
    assert path.stat().st_size < 10_000
    assert "more than anyone can use" in refused(path, 1 << 20)
    parts = archive(tmp_path, *(f"{n}.obj" for n in range(20)), content=bytes(1 << 16))
    assert "more than anyone can use" in refused(parts, 1 << 20)
    many = archive(tmp_path, *(f"{n}.obj" for n in range(check_archive.MOST_FILES + 1)))
    assert "too many files" in refused(many)


def test_nested_archive_stays_closed(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("model.obj", "v 0 0 0\n")
    path = archive(tmp_path, "inner.zip", "INNER.ZIP", content=inner.getvalue())
    assert refused(path) == "There is no model in the ZIP file"


def test_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, "model.obj")
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert refused(path) == "The ZIP file is encrypted"


def test_what_can_be_run_is_never_unpacked(tmp_path: Path) -> None:
    names = ("prop.blend", "a/PROP.BLEND", "startup.py", "model.obj")
    with unpacked(archive(tmp_path, *names)) as (model, folder):
        assert model.name == "model.obj"
        assert [path.name for path in folder.rglob("*") if path.is_file()] == ["model.obj"]
    assert refused(archive(tmp_path, "prop.blend")) == "There is no model in the ZIP file"


@pytest.mark.parametrize(
    "names", [("a.obj", "a.obj/b.obj"), ("a.obj/b.obj", "a.obj"), ("n" * 300 + ".obj",)]
)
def test_names_that_no_folder_can_hold(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert refused(archive(tmp_path, *names)) == "The ZIP file is damaged"


@pytest.mark.parametrize("method", [8, 12, 14])
def test_damage_of_every_packing(tmp_path: Path, method: int) -> None:
    path = archive(tmp_path, "model.obj", content=bytes(range(256)) * 40, method=method)
    content = bytearray(path.read_bytes())
    content[50:70] = b"\xff" * 20
    path.write_bytes(content)
    assert refused(path) == "The ZIP file is damaged"


# --- models


def test_gltf_names_nothing_outside_and_nothing_too_long(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(200))
    inner = tmp_path / "inner"
    inner.mkdir()
    for uri in ("../secret.bin", "%2e%2e/secret.bin", "a" * 5000, "x\0y", "."):
        model = cube()
        model.document["buffers"][0]["uri"] = uri
        (inner / "model.gltf").write_text(json.dumps(model.document), encoding="utf-8")
        with pytest.raises(BadFileError):
            embedded(inner / "model.gltf", Beside(inner))


# --- what is bundled


def test_audit_that_knows_nothing_is_not_a_clean_one() -> None:
    import audit

    fine = {"name": "h11", "version": "1", "vulns": []}
    fault = {"id": "X-1", "fix_versions": ["2"]}
    assert audit.verdict({"dependencies": [fine]})[0] == audit.CLEAN
    assert audit.verdict({"dependencies": []})[0] == audit.UNKNOWN
    skipped = {"name": "idna", "skip_reason": "not found"}
    code, lines = audit.verdict({"dependencies": [fine, skipped]})
    assert code == audit.UNKNOWN
    assert "idna" in lines[-1]
    code, lines = audit.verdict({"dependencies": [skipped, {**fine, "vulns": [fault]}]})
    assert code == audit.FOUND
    assert "X-1" in lines[0]
