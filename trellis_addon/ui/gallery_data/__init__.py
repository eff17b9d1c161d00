# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides the gallery's data: records of the library, thumbnails, search and sorting."""
