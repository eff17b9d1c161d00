# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a batch: items in parallel, each made only once and written to the report."""
