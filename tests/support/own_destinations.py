# SPDX-License-Identifier: GPL-3.0-or-later
"""A destination of a studio's own, as a file in its library's `destinations` has it."""

SITE = """
[site]
label = "Our Site"
use = "web"
[site.finishing]
shading = "flat"
[site.export]
formats = ["glb"]
"""
