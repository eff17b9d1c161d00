# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts jobs for both entrances: checks the settings, and provides the library and the background
Blender.

This is a separate package, as ``ui`` and ``headless`` never import each other, and ``job`` must not
know the importer that it uses.
"""
