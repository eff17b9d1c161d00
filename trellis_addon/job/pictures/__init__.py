# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a set of pictures: the paid calls, and the pictures that they give. No bpy."""
