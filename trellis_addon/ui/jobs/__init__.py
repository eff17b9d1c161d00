# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the session with its running jobs, and starts, shows and reports them."""
