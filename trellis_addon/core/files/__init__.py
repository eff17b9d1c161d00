# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files, and files that other programs hold open. No bpy."""
