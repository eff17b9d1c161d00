# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a list of prompts from a .csv, .jsonl or .txt file, and checks its items."""
