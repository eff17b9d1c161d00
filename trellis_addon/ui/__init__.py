# SPDX-License-Identifier: GPL-3.0-or-later
"""Provides the interface: properties -> frozen request -> job -> report. Panels only draw.

The sub-packages, each of which only imports those above it:

============= ==============================================================================
translation/  the interface's texts in Blender's translation system
common/       what several panels and operators share: text layout, redraws, timers,
              registration
account/      the facts about the account: balance, prices, models, the connection test,
              diagnostics
settings/     everything that the sidebar edits, as Blender properties: request, finishing,
              presets
setup/        the way from installation to the first prop: checklist, preferences page,
              shortcuts
gallery_data/ the data of the gallery: records of the library, thumbnails, search and sorting
jobs/         the session with its running jobs: starts, shows and reports them
job_list/     the Jobs panel: running, failed and interrupted jobs, with their buttons
pictures/     pictures of a prompt in a row, one of which the next prop is made from
generate/     the panels from which props are generated and imported
place/        operators that place props of the library, and that change placed ones
gallery/      the gallery in the sidebar, the active prop, the menus, and operators for props
============= ==============================================================================
"""
