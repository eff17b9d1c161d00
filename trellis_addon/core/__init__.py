# SPDX-License-Identifier: GPL-3.0-or-later
"""What every other package shares: identity, request, events, errors. No bpy, no network.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
files/        names of files, and files that other programs hold open. No bpy
(its own)     errors, events, settings, texts: what every room uses
prompt/       a prompt: how much of it a model reads, and words for it. No bpy
generation/   what is asked for: the request, its key, the finishing, the real size. No bpy
pictures/     pictures of a prompt, from which a look is chosen. No bpy
destinations/ where props go: the finishing and the export of each destination. No bpy
============= ==============================================================================
"""
