# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents: every link leads somewhere, every page is in the index, none is in the zip."""

from __future__ import annotations

import fnmatch
import re
import tomllib

import package
import pytest
from support.documents import DOCUMENTS, INDEX, anchors, links, pages, read, without_code
from support.processes import REPOSITORY
from support.systems import first_system_only

pytestmark = first_system_only

OTHERS = ("CHANGELOG.md", "tests/RED_TEAM.md", "tests/desktop/README.md", "tests/gateway/README.md")
"""Documents whose links are checked as well."""
README_WORDS = 750
"""Two minutes of reading for someone who skims, three for someone who does not."""


def broken(document: str, text: str) -> list[str]:
    """The relative links of a document that lead nowhere."""
    found = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (REPOSITORY / document).parent / name if name else REPOSITORY / document
        if not target.exists():
            found.append(f"{link}: there is no such file")
        elif anchor and anchor not in anchors(target.read_text("utf-8")):
            found.append(f"{link}: there is no such heading")
    return found


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHERS])
def test_links_lead_somewhere(document: str) -> None:
    assert broken(document, read(document)) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[x](nowhere.md)", "nowhere.md: there is no such file"),
        ("![x](docs/none.png)", "docs/none.png: there is no such file"),
        ("[x](README.md#nowhere)", "README.md#nowhere: there is no such heading"),
        ("[x](#nowhere)", "#nowhere: there is no such heading"),
    ],
)
def test_broken_links_are_found(text: str, complaint: str) -> None:
    assert broken("README.md", text) == [complaint]


def test_anchors_are_made_as_git_hosts_do() -> None:
    text = "# The API key\n## prop.json\n```\n# no heading\n```\n## What's *new*?\n## prop.json\n"
    assert anchors(text) == {"the-api-key", "propjson", "whats-new", "propjson-1"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_stay_in_the_repository(document: str) -> None:
    """A link by an absolute path, or to this repository's address, breaks in a copy of it."""
    local = [link for link in links(read(document)) if not re.match(r"[a-z]+:", link)]
    for link in local:
        target = ((REPOSITORY / document).parent / link.partition("#")[0]).resolve()
        assert target.is_relative_to(REPOSITORY), link


def test_every_page_is_in_the_index() -> None:
    files = {f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md")}
    assert set(pages()) == files - {INDEX}


def test_front_door_is_short() -> None:
    words = without_code(read("README.md")).split()
    assert len(words) <= README_WORDS
    assert any("panel.png" in link for link in links(read("README.md")))
    assert INDEX in links(read("README.md"))


def test_pages_stay_out_of_the_zip() -> None:
    manifest = tomllib.loads(read("blender_manifest.toml"))
    assert "/docs/" in manifest["build"]["paths_exclude_pattern"]
    assert not any(package.ALLOWED.fullmatch(page) for page in (INDEX, *pages()))


def test_product_names_only_pages_that_exist() -> None:
    sources = REPOSITORY / "trellis_addon"
    named = {
        page
        for path in sources.rglob("*.py")
        for page in re.findall(r"docs/[\w-]+\.md", path.read_text("utf-8"))
    }
    assert named
    assert named <= {INDEX, *pages()}
    assert not fnmatch.filter(named, "*README*")
