# SPDX-License-Identifier: GPL-3.0-or-later
"""One prop = one folder. In: a request. Out: a folder that tells, at any moment, what is true.

A library is an ordinary folder of folders: an artist can copy, back up and open it.
No bpy, no network.
"""
