# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Blender (the bpy module) with this checkout installed as an extension.

Everything here goes by the extension's own name, `bl_ext.user_default.trellis.trellis_addon`; see
`support.rooms` for why.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import StandInGateway
from gateway.meshes import make_glb
from support.processes import REPOSITORY, Ended
from support.rooms import KEY, PROMPT, Rooms

# A Blender user of its own. bpy reads the variable when it is imported, so it has to stand here.
assert "bpy" not in sys.modules, "bpy came before its disposable profile"
PROFILE = Path(tempfile.mkdtemp(prefix="trellis profile "))
os.environ["BLENDER_USER_RESOURCES"] = str(PROFILE)

EXTENSION = "bl_ext.user_default.trellis"


def install() -> None:
    """Put the checkout where Blender looks for extensions."""
    place = PROFILE / "extensions" / "user_default"
    place.mkdir(parents=True)
    if os.name != "nt":
        (place / "trellis").symlink_to(REPOSITORY, target_is_directory=True)
        return
    (place / "trellis").mkdir()
    for name in ("__init__.py", "blender_manifest.toml"):  # Windows asks for a right to link
        shutil.copy2(REPOSITORY / name, place / "trellis" / name)
    for name in ("trellis_addon", "icons"):
        shutil.copytree(REPOSITORY / name, place / "trellis" / name)


@pytest.fixture(scope="session", autouse=True)
def rooms() -> Iterator[Rooms]:
    """The enabled extension's modules.

    It is disabled at the end: whatever stays registered crashes bpy 4.2 and hangs bpy 4.5 at exit.
    """
    import bpy

    # isort: split
    import addon_utils  # one of Blender's own modules: importable once bpy is

    install()
    bpy.ops.wm.read_homefile(use_empty=True)
    addon_utils.enable(EXTENSION, default_set=True)
    assert addon_utils.check(EXTENSION) == (True, True)
    yield Rooms(f"{EXTENSION}.trellis_addon")
    bpy.ops.wm.read_homefile(use_empty=True)
    addon_utils.disable(EXTENSION, default_set=True)
    shutil.rmtree(PROFILE, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process as soon as everything is told.

    After a thousand tests in one process bpy 4.5 hangs in its own static destructors (seen with
    4.5.15; each file alone ends well). How Blender ends with the extension is tested in processes
    of their own: `test_doors.py`, `tests/package`.
    """
    session = config.pluginmanager.get_plugin("session")
    if session is None or config.option.collectonly:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(session.exitstatus))


def end_jobs(session: Any) -> None:
    """End all jobs of a session, and empty it."""
    session.cancel()
    for running in list(session.running):
        session.wait(running.job.prop_id)
    session.forget()
    session.reports.clear()


@pytest.fixture(autouse=True)
def fresh_file(rooms: Rooms) -> Iterator[None]:
    """An empty file for each test, and no setting or job left over from the one before."""
    import bpy
    from support import bpy_context

    bpy.ops.wm.read_homefile(use_empty=True)
    yield
    if (session := rooms("ui.jobs.session").Session.current) is not None:
        end_jobs(session)
    bpy_context.preferences().system.use_online_access = False
    own = bpy_context.add_on(EXTENSION)
    for name in ("api_key", "base_url", "library"):
        own.property_unset(name)


@pytest.fixture(scope="session")
def background(rooms: Rooms) -> Iterator[Any]:
    """One background Blender for all tests that only need one."""
    process = rooms("importer.pipe.background_blender")
    blender = process.BackgroundBlender(process.command_for("", sys.executable))
    yield blender
    blender.close()


Make = Callable[..., Any]


@pytest.fixture(scope="session")
def make(rooms: Rooms, background: Any) -> Make:
    """Makes a prop of a GLB in the background Blender: `folder, made = make(library, content)`."""

    def made(library: Path, content: bytes, **request: Any) -> tuple[Any, Any]:
        folder = rooms.downloaded(library, content, **request)
        token = rooms("core.cancel").CancelToken()
        return folder, background.convert(folder, folder.read(), token, lambda text: None)

    return made


@pytest.fixture(scope="session")
def barrel(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The folder of a finished prop. Tests leave it as it is."""
    library = tmp_path_factory.mktemp("Bibliothek für alle")
    folder, _ = make(library, make_glb(PROMPT, 0, 2000, 64), prompt=PROMPT, seed=7)
    return folder


@pytest.fixture
def settings(stand_in: StandInGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of a user with a key, a gateway and a library, whose folder it gives."""
    library = tmp_path / "my library"
    monkeypatch.setenv("AIGATEWAY_API_KEY", KEY)
    monkeypatch.setenv("AIGATEWAY_BASE_URL", stand_in.base_url)
    monkeypatch.setenv("TRELLIS_LIBRARY", str(library))
    return library


@pytest.fixture
def own(rooms: Rooms) -> Iterator[Any]:
    """The extension's preferences; whatever a test sets is unset again."""
    import bpy

    preferences = rooms("preferences").stored()
    yield preferences
    inherited = bpy.types.AddonPreferences.bl_rna.properties.keys()
    for name in set(preferences.bl_rna.properties.keys()) - set(inherited):
        preferences.property_unset(name)


@pytest.fixture
def group() -> Any:
    """The sidebar's properties in the open file."""
    from support import bpy_context

    return bpy_context.properties()


@pytest.fixture
def session(rooms: Rooms) -> Any:
    """The enabled extension's session."""
    return rooms("ui.jobs.session").Session.get()


@pytest.fixture
def account(rooms: Rooms) -> Iterator[Any]:
    """A fresh account in the enabled extension."""
    owner = rooms("ui.account.account").Account
    owner.end()
    yield owner.get()
    owner.end()


@pytest.fixture
def gallery(rooms: Rooms, settings: Path) -> Iterator[Any]:
    """A fresh gallery that has looked at nothing yet."""
    owner = rooms("ui.gallery_data.gallery").Gallery
    owner.end()
    yield owner.get()
    owner.end()


@pytest.fixture
def trellis(rooms: Rooms, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command of the command line inside this Blender."""

    def command(*arguments: str | Path) -> Ended:
        capfd.readouterr()
        code = rooms("headless.blender_command")._execute([str(argument) for argument in arguments])
        stdout, stderr = capfd.readouterr()
        return Ended(code, stdout, stderr)

    return command
