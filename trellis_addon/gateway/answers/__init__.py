# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out what an answer means: where the mesh may be, a job to poll, or an error."""
