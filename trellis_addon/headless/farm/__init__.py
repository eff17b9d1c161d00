# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch on many machines, by a scheduler that is already there.

Nothing is scheduled here. Every machine runs ``trellis batch FILE --shard I/N`` over one shared
library, where claims keep two of them from making the same item; ``farm`` writes the job that a
scheduler reads. A job names no key: the machines have ``AIGATEWAY_API_KEY`` in their environment.
"""
