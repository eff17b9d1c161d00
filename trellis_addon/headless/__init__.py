# SPDX-License-Identifier: GPL-3.0-or-later
"""Entrance 2: the command line, through three doors with the same options and exit codes.

``blender --command trellis`` (``command``), ``blender -b --python .../run.py`` (``run``) and
``python -m trellis_addon`` all call ``cli.run_cli``.
"""
