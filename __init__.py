# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's entrance for Blender.

Nothing is imported until Blender calls: test runners import this file too, where there may be no
Blender.
"""


def register() -> None:
    """Register the extension with Blender."""
    from .trellis_addon import registration

    registration.register()


def unregister() -> None:
    """Undo `register`."""
    from .trellis_addon import registration

    registration.unregister()
