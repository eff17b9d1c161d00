# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes many props side by side: the number of processes, and jobs that share them."""
