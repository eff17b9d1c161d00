# SPDX-License-Identifier: GPL-3.0-or-later
"""One generation from request to prop: the steps, the thread and its queue. No bpy."""
