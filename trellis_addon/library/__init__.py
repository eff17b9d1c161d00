# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores each prop as one folder, whose record is true at every moment.

A library is an ordinary folder of folders, so an artist can copy it, back it up and open it. No
bpy, no network.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
disk/         files that survive a power failure, locks of processes, free space, the
              system's trash
(this folder) the folders of props, their records, the index, locks, the ledger of costs
claims/       which process makes which item of a batch, so that each is made only once
pictures/     sets of pictures of a prompt, each a folder that is found by what was asked for
============= ==============================================================================
"""
