# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides the command line, in three forms with the same options and exit codes.

``blender --command trellis`` (``blender_command``), ``blender -b --python .../run.py`` (``run``)
and ``python -m trellis_addon`` all call ``cli.run_cli``.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
terminal/     what people see besides the results: colours, examples, and the log of every step
contract/     declares every line of ``--json``, with its fields and units
console/      what all commands share: options, output, signals, exit codes, and running one job
observers/    follows the events of a command, for ``--exec`` and ``--summary``
config/       options that are not given: from the environment and from trellis.toml
pool/         makes many props side by side: the number of processes, and jobs that share them
prompts/      reads a list of prompts from a .csv, .jsonl or .txt file, and checks its items
selection/    the rows of a list, and the props of the library, that a command is about
report/       the result of each item: report lines, progress, summary and the HTML page
outputs/      what a command writes beside the library: exports, shots, scene files, contact sheets
pictures/     pictures of prompts before their props: ``pictures``, ``--picture-first``
rows/         compares rows with what was applied to their props, and applies what has changed
checking/     what a run needs, without a connection: ``batch --check``
batch/        runs a batch: items in parallel, each made only once and written to the report
economy/      ``batch --economy``: the same list through the Batch API, at half the price
commands/     the commands, one module each, and the parser of their options
farm/         a batch as a job for OpenJD, Flamenco or Slurm
shell/        scripts with which a shell completes commands and options
(this folder) the entrances: ``cli.py``, ``run.py``, and Blender's ``--command``
============= ==============================================================================
"""
