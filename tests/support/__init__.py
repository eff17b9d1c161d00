# SPDX-License-Identifier: GPL-3.0-or-later
"""What several tests share: odd GLB files, processes, and jobs run against the stand-in."""
