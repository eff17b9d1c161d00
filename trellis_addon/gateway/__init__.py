# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP only: a frozen request goes out, and files on disk come back. It uses httpx and pydantic,
and no bpy.

The path through the modules: ``http.address`` (which URL) -> ``answers.wire`` (what is sent) ->
``http.transport`` (one exchange) -> ``http.response_body`` (the answer is streamed to disk) ->
``answers.answer_parser`` (where is the mesh?) -> ``download`` -> ``http.file_type`` (what is it
really?). ``client`` is what ``job`` calls, and ``answers.status_errors`` describes refusals.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
http/         requests and bodies: which hosts get the key, timeouts, retries, limits, and
              streaming to disk
answers/      the meaning of an answer: where the mesh may be, a job to poll, or an error
              with its next step
(this folder) the client: submits, polls, fetches, downloads, uses the Batch API, and asks
              for what is free of charge
============= ==============================================================================
"""
