# SPDX-License-Identifier: GPL-3.0-or-later
"""Describes pictures of a prompt, from which a look is chosen before a prop is made. No bpy."""
