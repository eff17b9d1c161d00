# SPDX-License-Identifier: GPL-3.0-or-later
"""Obtains ``model.glb`` for a request: asks the gateway, downloads, or copies from this disk."""
