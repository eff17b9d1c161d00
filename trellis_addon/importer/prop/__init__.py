# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns imported objects into ``prop.blend``: finishing, asset and thumbnail."""
