# SPDX-License-Identifier: GPL-3.0-or-later
"""What no file of the repository may hold, and what each must hold."""

import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.systems import first_system_only

pytestmark = first_system_only

ROOT = Path(__file__).resolve().parents[3]
LICENCE_LINE = "# SPDX-License-Identifier: GPL-3.0-or-later"

# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a package registry": "|".join(
        re.escape(name + "." + end)
        for name, end in (
            ("py" + "pi", "org"),
            ("python" + "hosted", "org"),
            ("np" + "mjs", "org"),
            ("anaconda" + "", "org"),
            ("deb." + "debian", "org"),
            ("download." + "blender", "org"),
        )
    ),
    "a download address": r"https?://[^\s\"'<>)]+\.(?:whl|zip|tar\.[a-z0-9]+|tgz|exe|msi|dmg|deb)\b",
    "a path of somebody's machine": r"(?<![\w.])/(?:ro" + r"ot|wo" + r"rk)/\w|/ho" + r"me/\w"
    r"|/Us" + r"ers/\w|\b[A-Z]:[\\/]Us" + r"ers",
}


def is_made(path: Path) -> bool:
    """Whether a path in the repository is one that .gitignore names, roughly."""
    made = {".git", ".venv", ".hypothesis", "dist", "out", "__pycache__"}
    return bool(made & set(path.parts)) or path.suffix == ".whl" or "_cache" in path.parts[0]


def listed() -> list[Path]:
    """Files that are tracked, or would be added; in a copy without git, all but what we make."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, encoding="utf-8")
    except (OSError, subprocess.CalledProcessError):
        return [p for p in ROOT.rglob("*") if not is_made(p.relative_to(ROOT))]
    return [ROOT / name for name in done.stdout.split("\0") if name]


@cache
def texts() -> dict[str, str]:
    """Relative path to content of every text file."""
    found = {}
    for path in listed():
        if path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                found[path.relative_to(ROOT).as_posix()] = content.decode("utf-8", "replace")
    return found


def matches(pattern: str) -> Iterator[str]:
    """Every match as `path:line: text`."""
    for name, text in texts().items():
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(pattern, line):
                yield f"{name}:{number}: {line.strip()[:120]}"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    assert list(matches(FORBIDDEN[what])) == []


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("a package registry", "https://files.python" + "hosted.org/x"),
        ("a download address", "see http://example.com/a/b-1.0" + ".zip"),
        ("a path of somebody's machine", "cd /ro" + "ot/x"),
        ("a path of somebody's machine", "/ho" + "me/someone"),
        ("a path of somebody's machine", "C:\\Us" + "ers\\someone"),
    ],
)
def test_patterns_bite(what: str, sample: str) -> None:
    assert re.search(FORBIDDEN[what], sample)


def test_scripts_name_the_licence() -> None:
    without = []
    for name, text in texts().items():
        lines = text.splitlines() or [""]
        script = name.endswith((".py", ".sh")) or lines[0].startswith("#!")
        first = lines[1:2] if lines[0].startswith("#!") else lines[:1]
        if script and first != [LICENCE_LINE]:
            without.append(name)
    assert without == []


def test_version_is_written_once() -> None:
    version = tomllib.loads(texts()["blender_manifest.toml"])["version"]
    pattern = rf"(?<![\w.]){re.escape(version)}(?![\w.]*\d)"
    # Other packages have versions too, and the changelog names every one of ours.
    elsewhere = re.compile(r"blender_manifest\.toml|CHANGELOG\.md|\.ci/requirements/.*|vendor/.*")
    found = [line for line in matches(pattern) if not elsewhere.match(line.split(":")[0])]
    assert found == []
    assert "project" not in tomllib.loads(texts()["pyproject.toml"])


def test_no_file_is_large() -> None:
    large = [path.name for path in listed() if path.is_file() and path.stat().st_size > 1_000_000]
    assert large == []


def test_each_file_of_tests_has_a_name_of_its_own() -> None:
    # pytest imports them by their names alone, as the folders are no packages.
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []


def test_licence_is_the_gpl() -> None:
    text = texts()["LICENSE"]
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text


def test_importing_the_root_needs_no_blender() -> None:
    # Test runners import the root as a package wherever they find it.
    imports = re.findall(r"^(?:import|from) .*", texts()["__init__.py"], re.MULTILINE)
    assert imports == []
