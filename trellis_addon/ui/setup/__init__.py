# SPDX-License-Identifier: GPL-3.0-or-later
"""Leads from installation to the first prop: checklist, preferences page, shortcuts."""
