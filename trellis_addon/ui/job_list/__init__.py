# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows running, failed and interrupted jobs in the Jobs panel, with their buttons."""
