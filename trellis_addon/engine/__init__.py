# SPDX-License-Identifier: GPL-3.0-or-later
"""What both entrances need to start a job: settings checked, library, background Blender.

A room of its own, since ``ui`` and ``headless`` never import each other and the job may not
know the importer that it is given.
"""
