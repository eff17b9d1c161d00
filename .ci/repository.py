# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a static extension repository out of the zips, from which Blender installs and updates.

    python .ci/repository.py                    into dist/repository/: zips, index.json, index.html
    python .ci/repository.py --tag v1.2.3       first see that this tag may be released
    python .ci/repository.py --output DIR       somewhere else

Any web server of static files can give the folder out; a user adds the address of its index.json
in Blender's preferences, under Get Extensions > Repositories. Blender's own tool writes the index.

The version stands in blender_manifest.toml alone. A tag is that version with a v before it, and
CHANGELOG.md has an entry for it.

Exit codes: 0 made, 1 not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "vendor"), str(ROOT / ".ci")]

import fetch  # noqa: E402 - lives in vendor/
from package import PackageError, package, run_builder  # noqa: E402 - beside this file


def version() -> str:
    """The manifest's version."""
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    return str(manifest["version"])


def check_release(tag: str, changelog: str, number: str) -> None:
    """See that a tag is the manifest's version and that the change log tells of it.

    Raises PackageError naming what is wrong.
    """
    if tag != f"v{number}":
        raise PackageError(f"the tag is {tag}, the manifest says {number}.")
    entry = re.search(rf"^## {re.escape(number)}\b.*\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    if entry is None or not entry[1].strip():
        raise PackageError(f"CHANGELOG.md has no entry for {number}.")


def write_index(folder: Path) -> None:
    """Write index.json and index.html for the zips in a folder, and read them back.

    Raises PackageError when the index does not say what the zips are.
    """
    run_builder("server-generate", "--repo-dir", str(folder), "--html")
    listing: dict[str, Any] = json.loads((folder / "index.json").read_text("utf-8"))
    named = {Path(entry["archive_url"]).name: entry for entry in listing["data"]}
    archives = {path.name: path for path in folder.glob("*.zip")}
    if not archives or set(named) != set(archives):
        raise PackageError(f"the index names {sorted(named)}, the folder has {sorted(archives)}.")
    for name, entry in named.items():
        digest = hashlib.sha256(archives[name].read_bytes()).hexdigest()
        if entry["archive_hash"] != f"sha256:{digest}":
            raise PackageError(f"the index has a wrong hash for {name}.")
    print(f"{folder}: {len(named)} zips, version {listing['data'][0]['version']}")


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, build, write the index, and return the exit code."""
    parser = argparse.ArgumentParser(prog="repository.py", description="Make a repository.")
    parser.add_argument("--tag", help="the tag that is to be released, such as v1.2.3")
    parser.add_argument("--output", type=Path, default=ROOT / "dist" / "repository")
    options = parser.parse_args(arguments)
    try:
        if options.tag:
            check_release(options.tag, (ROOT / "CHANGELOG.md").read_text("utf-8"), version())
        shutil.rmtree(options.output, ignore_errors=True)
        # One zip a platform: a user loads the wheels of one system, not of all.
        package(options.output, only="split")
        write_index(options.output)
    except (PackageError, fetch.FetchError) as error:
        print(f"repository: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
