# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a batch on many machines, by an existing scheduler.

Nothing is scheduled here. Every machine runs ``trellis batch FILE --shard I/N`` with one shared
library, in which claims prevent two of them from making the same item. ``farm`` writes the job for
the scheduler. A job does not contain a key: the machines have ``AIGATEWAY_API_KEY`` in their
environment.
"""
