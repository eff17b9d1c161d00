# SPDX-License-Identifier: GPL-3.0-or-later
"""Records which process makes which item of a batch, so that each is made only once."""
