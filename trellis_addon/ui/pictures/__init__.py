# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes pictures of a prompt, shows them in a row, and lets one be chosen for the next prop."""
