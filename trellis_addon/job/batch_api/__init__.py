# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores the parts of a list that are sent to the Batch API, and turns answers into records."""
