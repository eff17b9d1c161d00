# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows Python with Blender's module for Windows, run by Wine on Debian, to run the tests in.

`machine.py` says whether this machine can do it, `stages.py` makes the parts of it, each once,
and `wine.py`, `interpreter.py` and `packages.py` know how each part is made. `enter.sh` starts a
program in it. What is made lies in `.venv/windows/`.
"""
