# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes options that are not given from variables of the environment and from ``trellis.toml``."""
