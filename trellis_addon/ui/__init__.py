# SPDX-License-Identifier: GPL-3.0-or-later
"""Entrance 1: properties -> frozen request -> job -> report. Panels only draw."""
