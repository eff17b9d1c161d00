# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that every room shares: identity, request, events, errors. No bpy, no network."""
