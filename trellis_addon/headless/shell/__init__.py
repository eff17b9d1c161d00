# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes scripts with which a shell completes commands and options."""
