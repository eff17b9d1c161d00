# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments for development: one per Blender version, made on demand.

    python .ci/setup.py path newest      make it if needed, print its interpreter's path
    python .ci/setup.py path 4.2         the same for one Blender version
    python .ci/setup.py all              make those of all versions that this machine allows
    python .ci/setup.py available        which versions this machine allows, which are left out, and
    why

Exit codes: 0 done, 1 a step failed or no CPython fits, 2 bad usage.
"""

from __future__ import annotations

import argparse
import sys
from typing import List, Optional

if sys.version_info < (3, 8):
    sys.exit(
        "This script itself needs Python 3.8 or newer; the environments need CPython 3.11 or 3.13."
    )

import environments


def print_available() -> int:
    """Print one line per Blender version; 1 when none can be made."""
    versions, search = environments.available()
    for version, series in environments.PYTHON_OF.items():
        if version in versions:
            print("%s  available  CPython %s" % (version, search.found[series].version))
        else:
            print("%s  left out   %s" % (version, environments.missing_sentence(version)))
    if search.refused:
        print("Refused: " + search.describe_refused())
    return 0 if versions else 1


def main(arguments: Optional[List[str]] = None) -> int:
    """Parse the command line, do it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="setup.py", description="Environments for development.")
    commands = parser.add_subparsers(dest="command", required=True)
    path = commands.add_parser("path", help="make an environment, print its interpreter")
    path.add_argument("version", choices=["newest", *environments.PYTHON_OF])
    commands.add_parser("all", help="make every environment that can be made")
    commands.add_parser("available", help="which Blender versions this machine allows")
    options = parser.parse_args(arguments)
    try:
        if options.command == "available":
            return print_available()
        if options.command == "all":
            for version in reversed(environments.available()[0]):
                print(environments.ensure(version))
            return 0
        version = environments.newest() if options.version == "newest" else options.version
        print(environments.ensure(version))
    except environments.SetupError as error:
        environments.say("setup: %s" % error)
        return 1
    except KeyboardInterrupt:
        environments.say("setup: interrupted; the next run starts this environment anew")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
