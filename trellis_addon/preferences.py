# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads ``Settings`` such as key, gateway and library from the preferences and the environment.

The environment takes precedence, as in the gateway's own command line. Nothing of this is ever
written into a .blend, as preferences belong to the user, not to the file.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import bpy

from .blender_context import preferences_of
from .core.defaults import (
    DEFAULT_BASE_URL,
    DEFAULT_JOBS,
    DEFAULT_LIMIT_SECONDS,
    LONGEST_TAG,
    PLAIN_HTTP_VARIABLE,
    WORD_LISTS,
    WordList,
)
from .core.identity import ADDON_ID

if TYPE_CHECKING:
    from typing import Literal, TypedDict, Unpack

    from .core.secret import Secret
    from .core.settings import Endpoint, Settings

    class Overrides(TypedDict, total=False):
        """What the command line says, before environment and preferences. None says nothing."""

        base_url: str | None
        library: Path | None
        endpoint: Endpoint | None
        limit_seconds: float | None
        daily_limit_cents: float | None
        """US cents; there are no preferences without an installation."""
        online: bool
        """Consent, where there are no preferences to ask."""
        plain_http: bool
        """Consent to http in a private network, likewise."""

    KeySource = Literal["environment", "preferences", "nowhere"]


KEY_VARIABLE: Final = "AIGATEWAY_API_KEY"
URL_VARIABLE: Final = "AIGATEWAY_BASE_URL"
LIBRARY_VARIABLE: Final = "TRELLIS_LIBRARY"
PROVIDER_PREFIX: Final = "AIGATEWAY_BYOK_"


def apply_log_level(level: str) -> None:
    """Set the level of this product's own logger. Other loggers are not changed."""
    import logging

    logging.getLogger(ADDON_ID).setLevel(level)


def _level_changed(fields: "PreferenceFields", _context: bpy.types.Context) -> None:
    # Not a lambda, as Blender evaluates the annotations with the class's own names as globals.
    apply_log_level(fields.log_level)


class PreferenceFields:
    """All fields of the preferences; ``ui.setup.preferences_page`` registers and draws them."""

    # PASSWORD only masks the field on the screen: Blender saves the value in clear text.
    api_key: bpy.props.StringProperty(
        name="API Key",
        description="Your AIgateway key; it begins with sk-aig- and is sent to the gateway only. "
        "Blender keeps it in its preferences file in clear text",
        subtype="PASSWORD",
    )
    base_url: bpy.props.StringProperty(
        name="Gateway URL",
        description="The gateway's address. A path of its own, such as /v1/openai, is kept as it "
        "is; a host alone gets /v1. The project's "
        "docs/gateways.md lists which gateways work",
        default=DEFAULT_BASE_URL,
    )
    plain_http: bpy.props.BoolProperty(
        name="Plain HTTP in Private Networks",
        description="Allow a gateway URL with http:// that names a computer of a private network, "
        "such as http://192.168.1.20:8000. Your API key and prompts then go through that network "
        "in clear text, for everyone in it to read. Public addresses always need https://",
        default=False,
    )
    library: bpy.props.StringProperty(
        name="Library Folder",
        description="Where generated props are kept, one folder each. Empty: a Trellis folder "
        "beside Blender's own user asset library",
        subtype="DIR_PATH",
    )
    export_folder: bpy.props.StringProperty(
        name="Export Folder",
        description="Where Finish For writes its files, in a folder for each destination and prop. "
        "Empty: the prop's own folder in the library",
        subtype="DIR_PATH",
    )
    endpoint: bpy.props.EnumProperty(
        name="Endpoint",
        description="Which of the gateway's two ways to generate is used",
        items=(
            ("auto", "Automatic", "Ask the gateway which one the model needs, once a day"),
            ("chat", "Chat", "Only /v1/chat/completions, as the model's page says"),
            ("jobs", "Jobs", "Only /v1/3d/generations, as the gateway's documents say"),
        ),
        default="auto",
    )
    jobs_at_once: bpy.props.IntProperty(
        name="Jobs at Once",
        description="How many props are generated at the same time; the others wait their turn. "
        "The gateway's free tier takes 10 requests a minute, which about two jobs use up",
        default=DEFAULT_JOBS,
        min=1,
        soft_max=8,
        max=32,
    )
    daily_limit: bpy.props.FloatProperty(
        name="Daily Limit (US$)",
        description="What the props of one day may cost at the most, in US dollars. Once it is "
        "reached nothing more is sent until the next day, unless it is raised. 0: no limit",
        default=0.0,
        min=0.0,
        soft_max=100.0,
        max=100_000.0,
        precision=2,
        step=25,
    )
    show_boxes: bpy.props.BoolProperty(
        name="Boxes in the Viewport",
        description="Show a light box with the progress where each prop under way will stand",
        default=True,
    )
    pointer_progress: bpy.props.BoolProperty(
        name="Progress at the Pointer",
        description="Show how far the first job is, in percent, in the place of the pointer, as "
        "Blender does during its own long tasks. Off: the status bar tells it",
        default=False,
    )
    prompt_materials: bpy.props.StringProperty(
        name="Materials",
        description="The words in the menu Material below the prompt, separated by commas",
        default=WORD_LISTS[0].default,
    )
    prompt_styles: bpy.props.StringProperty(
        name="Styles",
        description="The words in the menu Style below the prompt, separated by commas",
        default=WORD_LISTS[1].default,
    )
    prompt_ages: bpy.props.StringProperty(
        name="Ages",
        description="The words in the menu Age below the prompt, separated by commas",
        default=WORD_LISTS[2].default,
    )
    default_settings: bpy.props.StringProperty(
        name="Default Settings",
        description="The sidebar's settings that new files begin with, as JSON. Empty: those that "
        "Trellis Props comes with",
        options={"HIDDEN"},
    )
    log_level: bpy.props.EnumProperty(
        name="Log Level",
        description="How much Trellis Props writes to the system console. Keys and prompts are "
        "never written",
        items=(
            ("ERROR", "Errors", "Only what went wrong"),
            ("WARNING", "Warnings", "What went wrong, and what may"),
            ("INFO", "Info", "Also what is done, step by step"),
            ("DEBUG", "Debug", "Everything, for a report to the developers"),
        ),
        default="WARNING",
        update=_level_changed,
    )
    limit_minutes: bpy.props.IntProperty(
        name="Time Limit (min)",
        description="The longest that one generation may take, in minutes",
        default=int(DEFAULT_LIMIT_SECONDS // 60),
        min=1,
        max=24 * 60,
    )
    tag: bpy.props.StringProperty(
        name="Cost Tag",
        description="Sent with each generation, so that the gateway can group its costs by it. "
        "At most 64 characters; empty sends none",
        maxlen=LONGEST_TAG,
    )
    proxy: bpy.props.StringProperty(
        name="Proxy",
        description="A proxy's address, such as http://user:password@host:8080 or "
        "socks5://host:1080. Empty: the one of the environment (HTTPS_PROXY, ALL_PROXY)",
        subtype="PASSWORD",
    )
    ca_file: bpy.props.StringProperty(
        name="Certificates",
        description="A PEM file with certificates to trust besides the operating system's, for "
        "company networks",
        subtype="FILE_PATH",
    )
    provider_keys: bpy.props.StringProperty(
        name="Provider Keys",
        description="Your own keys of providers behind the gateway, as provider=key, separated by "
        "commas. They are sent to the gateway only",
        subtype="PASSWORD",
    )


def stored() -> PreferenceFields | None:
    """The extension's preferences; None if it runs without being installed."""
    addon = preferences_of(bpy.context).addons.get(ADDON_ID)
    return addon.preferences if addon else None


def prompt_words(listed: WordList) -> tuple[str, ...]:
    """The words of a list, as the user has edited it."""
    from .core.prompt.prompt_words import words_of

    own = stored()
    return words_of(getattr(own, f"prompt_{listed.name}") if own else listed.default)


def key_source(environment: Mapping[str, str] = os.environ) -> "KeySource":
    """Where the key in use comes from; never the key itself."""
    if environment.get(KEY_VARIABLE, "").strip():
        return "environment"
    own = stored()
    return "preferences" if own and own.api_key.strip() else "nowhere"


def plain_http_by(environment: Mapping[str, str]) -> bool:
    """Whether an environment variable allows http in private networks."""
    return environment.get(PLAIN_HTTP_VARIABLE, "").strip().lower() in ("1", "true", "yes", "on")


def default_library() -> Path:
    """A ``Trellis`` folder beside Blender's own user asset library.

    Never inside the extension's folder, which an uninstall deletes.
    """
    # Blender creates its user library as .../Documents/Blender/Assets, wherever the system has the
    # documents folder.
    for library in preferences_of(bpy.context).filepaths.asset_libraries:
        path = Path(library.path)
        if library.path and path.name == "Assets" and path.parent.name == "Blender":
            return path.parent / "Trellis"
    return Path.home() / "Documents" / "Blender" / "Trellis"


def read_settings(
    environment: Mapping[str, str] = os.environ, **given: "Unpack[Overrides]"
) -> "Settings":
    """Plain values for the other rooms. Main thread only."""
    from .core.secret import Secret
    from .core.settings import GatewaySettings, Settings

    own = stored()
    key = environment.get(KEY_VARIABLE, "").strip() or (own.api_key if own else "")
    url = (
        given.get("base_url")
        or environment.get(URL_VARIABLE, "").strip()
        or (own.base_url if own else "")
    )
    own_limit = own.limit_minutes * 60.0 if own else DEFAULT_LIMIT_SECONDS
    daily = given.get("daily_limit_cents")
    if daily is None:
        daily = round(own.daily_limit * 100.0, 2) if own else 0.0
    folder = environment.get(LIBRARY_VARIABLE, "").strip() or (own.library if own else "")
    return Settings(
        gateway=GatewaySettings(
            base_url=url or DEFAULT_BASE_URL,
            key=Secret(key),
            limit_seconds=given.get("limit_seconds") or own_limit,
            endpoint=given.get("endpoint") or (own.endpoint if own else "auto"),
            tag=own.tag if own else "",
            proxy=own.proxy if own else "",
            ca_file=bpy.path.abspath(own.ca_file) if own and own.ca_file else "",
            plain_http=given.get("plain_http", False)
            or plain_http_by(environment)
            or bool(own and own.plain_http),
            provider_keys=_provider_keys(environment, own.provider_keys if own else ""),
        ),
        # Absolute, as Blender writes a scene's links from it.
        library=Path(
            os.path.abspath(given.get("library") or (bpy.path.abspath(folder) or default_library()))
        ),
        online_access=given.get("online", False) or bpy.app.online_access,
        online_locked=bpy.app.online_access_override and not bpy.app.online_access,
        daily_limit_cents=daily,
        jobs_at_once=own.jobs_at_once if own else DEFAULT_JOBS,
        export_folder=_absolute(own.export_folder) if own and own.export_folder else None,
    )


def _absolute(folder: str) -> Path:
    return Path(os.path.abspath(bpy.path.abspath(folder)))


def _provider_keys(
    environment: Mapping[str, str], stored_keys: str
) -> "tuple[tuple[str, Secret], ...]":
    """The keys of providers: ``provider=key, ...`` from the preferences, overridden by variables
    ``AIGATEWAY_BYOK_<PROVIDER>=key``.
    """
    from .core.secret import Secret

    keys = {}
    for pair in stored_keys.split(","):
        provider, _, key = pair.partition("=")
        keys[provider.strip().lower()] = key.strip()
    for name in environment:
        if name.startswith(PROVIDER_PREFIX):
            keys[name.removeprefix(PROVIDER_PREFIX).lower()] = environment[name].strip()
    # A provider's name becomes part of an HTTP header's name.
    usable = re.compile(r"[a-z0-9-]{1,40}")
    return tuple((p, Secret(k)) for p, k in sorted(keys.items()) if k and usable.fullmatch(p))
