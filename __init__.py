# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's entrance for Blender.

Nothing is imported until Blender calls: test runners import this file too, where there may be no
Blender.
"""


def register() -> None:
    """Register the extension with Blender."""
    import gc

    # Meanwhile the collector would go through all of Blender's modules, several times: that is a
    # sixth of the time that enabling takes.
    collects = gc.isenabled()
    gc.disable()
    try:
        from .trellis_addon import registration

        registration.register()
    finally:
        if collects:
            gc.enable()


def unregister() -> None:
    """Undo `register`."""
    from .trellis_addon import registration

    registration.unregister()
