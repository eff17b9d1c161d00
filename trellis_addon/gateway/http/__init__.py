# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends requests and receives bodies: the key's hosts, timeouts, retries, limits, streaming."""
