# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes drawn from words: `make_glb` turns a prompt into a prop. No model is involved."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping

from PIL import Image

from ..settings import TextureFormat
from .build import build_glb
from .containers import barrel, chest, crate, vase
from .furniture import chair, stool, table
from .lights import lamp, lantern
from .nature import mushroom, rock, tree
from .open_surfaces import curtain, plant, window
from .patch import Patch
from .style import Style
from .weapons import sword

__all__ = ["KINDS", "kind_of", "make_glb", "make_preview"]

KINDS: Mapping[str, Callable[[Style], list[Patch]]] = {
    "barrel": barrel,
    "crate": crate,
    "chest": chest,
    "chair": chair,
    "stool": stool,
    "table": table,
    "lamp": lamp,
    "lantern": lantern,
    "vase": vase,
    "mushroom": mushroom,
    "sword": sword,
    "tree": tree,
    "rock": rock,
    "plant": plant,
    "curtain": curtain,
    "window": window,
}
WORDS: Mapping[str, str] = {
    **{name: name for name in KINDS},
    **dict.fromkeys(("cask", "keg", "tun"), "barrel"),
    **dict.fromkeys(("box", "crates"), "crate"),
    **dict.fromkeys(("coffer", "strongbox"), "chest"),
    **dict.fromkeys(("armchair", "throne"), "chair"),
    **dict.fromkeys(("desk", "workbench"), "table"),
    **dict.fromkeys(("lampshade",), "lamp"),
    **dict.fromkeys(("torch",), "lantern"),
    **dict.fromkeys(("pot", "urn", "amphora", "jug", "jar", "planter"), "vase"),
    **dict.fromkeys(("toadstool", "fungus"), "mushroom"),
    **dict.fromkeys(("dagger", "blade", "katana"), "sword"),
    **dict.fromkeys(("oaktree", "sapling", "bonsai"), "tree"),
    **dict.fromkeys(("boulder", "stone"), "rock"),
    **dict.fromkeys(("fern", "houseplant"), "plant"),
    **dict.fromkeys(("banner", "flag"), "curtain"),
    **dict.fromkeys(("casement",), "window"),
}


def kind_of(prompt: str) -> str:
    """The kind of prop: the head noun's, so a lamp for "table lamp, brass" or "lamp on a table".

    A prompt without a known word is a rock.
    """
    head = re.split(r"[,.;:(]|\b(?:with|on|in|of|from|by|for|and)\b", prompt.lower(), maxsplit=1)[0]
    for text, which in ((head, -1), (prompt, 0)):
        words = Style.of(text, 0).words()
        known = [word if word in WORDS else word.removesuffix("s") for word in words]
        kinds = [WORDS[word] for word in known if word in WORDS]
        if kinds:
            return kinds[which]
    return "rock"


def make_glb(
    prompt: str,
    seed: int = 0,
    triangles: int = 20_000,
    texture: int = 1024,
    texture_format: TextureFormat = "png",
) -> bytes:
    """A GLB for the prompt; the same arguments give the same bytes.

    The number of triangles is met within a few per cent, from about 2,000 on (less than that and
    the coarsest form of the prop is given). Raises `ValueError` for a texture under 64 px.
    """

    style = Style.of(prompt, seed)
    patches = KINDS[kind_of(prompt)](style)
    return build_glb(patches, style.rng, triangles, texture, texture_format)


def make_preview(prompt: str, seed: int = 0) -> bytes:
    """A small PNG of one colour, to stand for a preview picture."""
    colour = tuple(round(255 * part) for part in Style.of(prompt, seed).wood())
    out = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "PNG")
    return out.getvalue()
