# SPDX-License-Identifier: GPL-3.0-or-later
"""One generation from request to prop: the steps, the thread and its queue. No bpy.

The way through the files: ``generate`` (the steps) -> ``asking`` (how the model is got) ->
``sending`` (one paid request under its key) -> ``following`` (a job at the gateway) -> ``fetching``
(the file) -> ``making``. What may follow what, from the paid request to the model on the disk, is a
table, ``core.standing``, by which ``noting`` writes the record.
"""
