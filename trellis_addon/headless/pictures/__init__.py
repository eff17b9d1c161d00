# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes pictures of prompts before their props: ``pictures`` and ``--picture-first``."""
