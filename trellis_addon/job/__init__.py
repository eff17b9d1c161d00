# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one generation from request to prop: its steps, its thread and its queue. No bpy.

The path through the modules: ``generation`` (the steps) -> ``obtain.obtain_model`` (how the model
is obtained) -> ``obtain.paid_request`` (one paid request with its key) -> ``obtain.poll_job`` (a
job at the gateway) -> ``obtain.fetch_model`` (the file). ``generation`` then has the importer make
the ``.blend``. The order of events, from the paid request to the model on disk, is a table in
``core.billing_state``, according to which ``obtain.record_notes`` writes the record.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
model_files/  the files that a model refers to: textures and buffers beside it, and the
              spelling of their names
obtain/       obtains ``model.glb`` for a request: from the gateway, from the web, or from
              this disk
batch_api/    the parts of a list that are sent to the Batch API, and their answers as
              records of props
pictures/     the steps of a set of pictures: paid calls, and the pictures that they give
(this folder) one generation from the request to the prop, on its thread
============= ==============================================================================
"""
