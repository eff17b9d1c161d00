# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares every line of ``--json``: one frozen class for each event, with its fields and units.

``docs/events.md`` is made from these classes (``tests/support/event_table.py``). To add an event,
declare its class in the module that suits it, and pass an instance to ``Output.json``.
"""
