# SPDX-License-Identifier: GPL-3.0-or-later
"""The product under one of its two names.

The same file imported as `trellis_addon.x` and as `bl_ext.user_default.trellis.trellis_addon.x` is
two modules, whose classes do not match. So no helper imports the product by name: tests without
Blender hand in the first name, tests with Blender the second.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEY = "sk-aig-test-0123456789"
PROMPT = "weathered oak barrel, iron hoops"


def unlocked(created: tuple[Any, Any]) -> Any:
    """The folder of `Library.create_locked`, with its lock given back."""
    folder, lock = created
    lock.release()
    return folder


@dataclass(frozen=True)
class Rooms:
    """Gives the product's modules: `rooms("library.library").Library`."""

    package: str

    def __call__(self, name: str) -> Any:
        """The module of this name inside the package."""
        return importlib.import_module(f"{self.package}.{name}")

    def request(self, prompt: str = PROMPT, **more: Any) -> Any:
        """A checked request."""
        return self("core.generation.request").GenerationRequest.checked(prompt=prompt, **more)

    def settings(self, url: str, **more: Any) -> Any:
        """How the gateway is reached: with a key, and by the chat endpoint alone."""
        module = self("core.settings")
        secret = self("core.secret").Secret(KEY)
        values = {"base_url": url, "key": secret, "endpoint": "chat", **more}
        return module.GatewaySettings(**values)

    def new_folder(self, library: Path, url: str = "http://127.0.0.1:9", **request: Any) -> Any:
        """A prop's folder as it is before anything was sent."""
        made = self("library.library").Library(library)
        return unlocked(made.create_locked(self.request(**request), url, "chat"))

    def downloaded(self, library: Path, content: bytes, **request: Any) -> Any:
        """A prop's folder as it is when its model is on the disk."""
        folder = self.new_folder(library, **request)
        folder.glb.write_bytes(content)
        state, name = self("core.events").State.DOWNLOADED, self("core.files.prop_files").MODEL
        folder.advance(state, files={name: folder.entry(name)})
        return folder

    def job(
        self,
        folder: Any,
        settings: Any,
        importer: Any,
        blender: tuple[int, ...] = (5, 2, 0),
        finishing: Any = None,
        *,
        early: bool = False,
        pictures: Any = "with the prop",
    ) -> Any:
        """A job that takes the folder from where it stands to the finished prop.

        The only place where tests put gateway and job together.

        :param blender: the version that is to link the prop.
        :param finishing: settings to finish it by, once more.
        :param early: have it say when the prop can be placed.
        :param pictures: when the picture is taken.
        """
        client, generate = self("gateway.client"), self("job.generation")

        def work(emit: Callable[[Any], None], token: Any) -> None:
            def line(token: Any, report_status: Callable[[str], None]) -> Any:
                return client.Gateway(settings, token, report_status=report_status)

            memory = self("library.day_cache").DayCache(folder.path.parent)
            generate.Generation(
                folder,
                line,
                memory,
                importer,
                emit,
                token,
                blender,
                finishing,
                early=early,
                pictures=self("core.generation.picture").Pictures(pictures),
            ).run()

        return self("job.job").Job(folder.id, work)


def states(record: Any) -> list[str]:
    """The history of a record as plain words."""
    return [str(step.state) for step in record.history]


def files_holding(folder: Path, secret: str = KEY) -> list[str]:
    """Names of the files below a folder in whose bytes a secret stands."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert found, f"no file in {folder}"
    return [path.name for path in found if secret.encode() in path.read_bytes()]


def props(library: Path) -> list[Path]:
    """The folders of a library's props."""
    return sorted(path.parent for path in library.glob("*/prop.json"))


def parts(folder: Path) -> list[str]:
    """Unfinished files below a folder."""
    return sorted(path.name for path in folder.rglob("*.part"))
