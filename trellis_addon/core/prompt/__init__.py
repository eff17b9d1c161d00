# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes a prompt: how much of it a model reads, and lists of words for it. No bpy."""
