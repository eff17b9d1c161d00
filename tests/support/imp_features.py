# SPDX-License-Identifier: GPL-3.0-or-later
"""Small GLBs that combine the features of glTF 2.0, so that every two of them meet in a file."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from support.glbs import FLOAT, LONG, SHORT, Document, Model
from support.imp_models import picture, sphere

Feature = Callable[[Model], None]
ROWS = 3
"""Of the egg: 36 triangles, 28 vertices."""


def _material(model: Model) -> Document:
    material: Document = model.document["materials"][0]
    return material


def _surface(model: Model) -> Document:
    surface: Document = _material(model).setdefault("pbrMetallicRoughness", {})
    return surface


def _primitive(model: Model) -> Document:
    primitive: Document = model.document["meshes"][0]["primitives"][0]
    return primitive


def _texture(model: Model, content: bytes, mime: str = "image/png", **more: Any) -> Document:
    """Add a picture; gives the reference to its texture."""
    images = model.document.setdefault("images", [])
    textures = model.document.setdefault("textures", [])
    images.append({"bufferView": model.view(content), "mimeType": mime})
    textures.append({"source": len(images) - 1})
    return {"index": len(textures) - 1, **more}


def _use(model: Model, *names: str) -> None:
    used = model.document.setdefault("extensionsUsed", [])
    used += [name for name in names if name not in used]


def _extend(name: str, **fields: Any) -> Feature:
    def feature(model: Model) -> None:
        _use(model, name)
        _material(model).setdefault("extensions", {})[name] = dict(fields)

    return feature


def _set(**fields: Any) -> Feature:
    return lambda model: _material(model).update(fields)


def _base(kind: str = "", factor: list[float] | None = None) -> Feature:
    def feature(model: Model) -> None:
        if kind:
            content = {
                "ramp": lambda: picture(pixels=16, ramp=True),
                "jpeg": lambda: picture("JPEG", 16),
                "webp": lambda: picture("WEBP", 16),
                "rgb": lambda: picture(pixels=16),
            }[kind]()
            mime = {"jpeg": "image/jpeg", "webp": "image/webp"}.get(kind, "image/png")
            _surface(model)["baseColorTexture"] = _texture(model, content, mime)
        if kind == "webp":
            _use(model, "EXT_texture_webp")
            source = model.document["textures"][-1].pop("source")
            model.document["textures"][-1]["extensions"] = {"EXT_texture_webp": {"source": source}}
        if factor:
            _surface(model)["baseColorFactor"] = factor

    return feature


def _sampler(**fields: int) -> Feature:
    def feature(model: Model) -> None:
        model.document["samplers"] = [fields]
        for texture in model.document.get("textures", []):
            texture["sampler"] = 0

    return feature


def _orm(model: Model) -> None:
    _surface(model)["metallicRoughnessTexture"] = _texture(model, picture(pixels=8, seed=60))


def _orm_factors(model: Model) -> None:
    _orm(model)
    _surface(model).update(metallicFactor=0.25, roughnessFactor=0.5)


def _normal_map(model: Model) -> None:
    _material(model)["normalTexture"] = _texture(model, picture(pixels=8, seed=9), scale=0.5)


def _emission(model: Model) -> None:
    _material(model).update(
        emissiveFactor=[1.0, 0.5, 0.0], emissiveTexture=_texture(model, picture(pixels=8, seed=3))
    )
    _extend("KHR_materials_emissive_strength", emissiveStrength=3.0)(model)


def _occlusion(model: Model) -> None:
    _material(model)["occlusionTexture"] = _texture(model, picture(pixels=8, seed=5), strength=0.5)


def _coat(model: Model) -> None:
    texture = _texture(model, picture(pixels=8, seed=7))
    _extend("KHR_materials_clearcoat", clearcoatFactor=0.7, clearcoatTexture=texture)(model)


def _both_uses(model: Model) -> None:
    """One picture as colour and as plain numbers."""
    reference = _texture(model, picture(pixels=8, seed=77))
    _surface(model).update(baseColorTexture=reference, metallicRoughnessTexture=dict(reference))


def _textures_of(model: Model) -> list[Document]:
    places = [*_material(model).items(), *_surface(model).items()]
    return [value for name, value in places if name.endswith("Texture")]


def _transformed(model: Model) -> None:
    _use(model, "KHR_texture_transform")
    move = {"offset": [0.1, 0.2], "rotation": 0.3, "scale": [2.0, 0.5]}
    for texture in _textures_of(model):
        texture["extensions"] = {"KHR_texture_transform": dict(move)}


def _second_uvs(model: Model) -> None:
    for texture in _textures_of(model):
        texture["texCoord"] = 1


def _converted(name: str, component: int, scale: float, *, normalized: bool = True) -> Feature:
    """Another number type for an attribute, where it is there."""

    def feature(model: Model) -> None:
        for mesh in model.document["meshes"]:
            for primitive in mesh["primitives"]:
                if name in primitive["attributes"]:
                    _convert(model, primitive, name, component, scale, normalized)

    return feature


_TYPES: Final = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", FLOAT: "<f4"}


def values_of(model: Model, accessor: int) -> Any:
    """What an accessor made by ``Model`` holds, (N, width)."""
    made = model.document["accessors"][accessor]
    view = model.document["bufferViews"][made["bufferView"]]
    content = bytes(model.binary[view["byteOffset"] :][: view["byteLength"]])
    return np.frombuffer(content, _TYPES[made["componentType"]]).reshape(made["count"], -1)


def _convert(
    model: Model, primitive: Document, name: str, component: int, scale: float, normalized: bool
) -> None:
    values = values_of(model, primitive["attributes"][name])
    kind = np.dtype(_TYPES[component])
    wide = -(-values.shape[1] * kind.itemsize // 4) * 4 // kind.itemsize
    padded = np.zeros((len(values), wide), kind)
    padded[:, : values.shape[1]] = np.round(values * scale)
    view = model.view(padded.tobytes(), byteStride=padded.strides[0])
    model.document["accessors"].append(
        {"bufferView": view, "componentType": component, "type": f"VEC{values.shape[1]}"}
        | {"count": len(values), "normalized": normalized}
    )
    primitive["attributes"][name] = len(model.document["accessors"]) - 1
    _use(model, "KHR_mesh_quantization")


def _colours(width: int) -> Feature:
    def feature(model: Model) -> None:
        count = model.document["accessors"][_primitive(model)["attributes"]["POSITION"]]["count"]
        shade = np.linspace(0.05, 0.95, count * width, dtype="<f4").reshape(count, width)
        place = model.accessor(shade.tobytes(), FLOAT, f"VEC{width}", count)
        _primitive(model)["attributes"]["COLOR_0"] = place

    return feature


def _changed_normals(change: Callable[[Any], Any]) -> Feature:
    def feature(model: Model) -> None:
        attributes = _primitive(model)["attributes"]
        values = change(values_of(model, attributes["NORMAL"]).copy()).astype("<f4")
        attributes["NORMAL"] = model.accessor(values.tobytes(), FLOAT, "VEC3", len(values))

    return feature


def _without_normals(model: Model) -> None:
    del _primitive(model)["attributes"]["NORMAL"]


def _some_zero(normals: Any) -> Any:
    normals[::5] = 0.0
    return normals


def _bent(normals: Any) -> Any:
    bent = normals + np.array([1.5, 0, 0])
    return bent / np.linalg.norm(bent, axis=1, keepdims=True)


def _flat_faces(model: Model) -> None:
    """Each triangle with its own vertices, whose normals are the face's."""
    primitive = _primitive(model)
    indices = _indices_of(model, primitive)
    for name, accessor in list(primitive["attributes"].items()):
        values = np.ascontiguousarray(values_of(model, accessor)[indices])
        if name == "NORMAL":
            corners = values_of(model, primitive["attributes"]["POSITION"]).reshape(-1, 3, 3)
            face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
            face /= np.linalg.norm(face, axis=1, keepdims=True)
            values = np.repeat(face, 3, axis=0).astype("<f4")
        kind = f"VEC{values.shape[1]}"
        primitive["attributes"][name] = model.accessor(
            values.astype("<f4").tobytes(), FLOAT, kind, len(values)
        )
    del primitive["indices"]


def _indices_of(model: Model, primitive: Document) -> Any:
    made = model.document["accessors"][primitive["indices"]]
    view = model.document["bufferViews"][made["bufferView"]]
    content = bytes(model.binary[view["byteOffset"] :][: view["byteLength"]])
    return np.frombuffer(content, {LONG: "<u4", SHORT: "<u2", 5121: "u1"}[made["componentType"]])


def _indexed(kind: int, change: Callable[[Any], Any] = lambda indices: indices) -> Feature:
    def feature(model: Model) -> None:
        primitive = _primitive(model)
        if "indices" in primitive:
            name = {LONG: "<u4", SHORT: "<u2", 5121: "u1"}[kind]
            indices = change(_indices_of(model, primitive)).astype(name)
            primitive["indices"] = model.accessor(indices.tobytes(), kind, "SCALAR", len(indices))

    return feature


def _unindexed(model: Model) -> None:
    primitive = _primitive(model)
    if "indices" not in primitive:
        return
    indices = _indices_of(model, primitive)
    for name, accessor in list(primitive["attributes"].items()):
        values = np.ascontiguousarray(values_of(model, accessor)[indices])
        kind = f"VEC{values.shape[1]}"
        primitive["attributes"][name] = model.accessor(values.tobytes(), FLOAT, kind, len(values))
    del primitive["indices"]


def _twice(indices: Any) -> Any:
    """Two triangles are there again, one of them the other way around."""
    return np.concatenate([indices, indices[3:6], indices[8:5:-1]])


def _collapsed(indices: Any) -> Any:
    """Two triangles that name a vertex twice."""
    return np.concatenate([indices[:9], indices[[0, 0, 1, 4, 5, 5]], indices[9:]])


def _both_sides(model: Model) -> None:
    """The same triangles again over vertices of their own, turned around (as leaves are made)."""
    primitive = _primitive(model)
    if "indices" not in primitive:
        return
    indices = _indices_of(model, primitive)
    count = model.document["accessors"][primitive["attributes"]["POSITION"]]["count"]
    for name, accessor in list(primitive["attributes"].items()):
        values = values_of(model, accessor)
        values = np.concatenate([values, -values if name == "NORMAL" else values])
        kind = f"VEC{values.shape[1]}"
        primitive["attributes"][name] = model.accessor(values.tobytes(), FLOAT, kind, len(values))
    both = np.concatenate([indices, indices[::-1] + count]).astype("<u4")
    primitive["indices"] = model.accessor(both.tobytes(), LONG, "SCALAR", len(both))


def _needle(model: Model) -> None:
    """A triangle of which two different vertices are at one place."""
    primitive = _primitive(model)
    if "indices" in primitive:
        # The seam's two ends: the first and the last ring of the egg lie on each other.
        last = 2 * ROWS * (ROWS + 1)
        _indexed(LONG, lambda indices: np.concatenate([indices, [0, last, 1]]))(model)


def _moved(**fields: Any) -> Feature:
    return lambda model: model.document["nodes"][0].update(fields)


def _nested(model: Model) -> None:
    """A turn inside an uneven scale: a shear, which no object of Blender can hold by itself."""
    nodes = model.document["nodes"]
    nodes[0].update(rotation=[0.0, 0.3826834, 0.0, 0.9238795], translation=[0.5, 0.0, 0.0])
    middle = model.node(children=[0], scale=[1.0, 3.0, 0.5], rotation=[0.5, 0.5, 0.5, 0.5])
    model.show(model.node(children=[middle], translation=[0.0, 1.0, 0.0], name="Root"))


def _second_primitive(**more: Any) -> Feature:
    def feature(model: Model) -> None:
        other = sphere(model, 2, offset=(2.0, 0.0, 0.0), colours="COLOR" in more)
        (primitive,) = model.document["meshes"].pop(other)["primitives"]
        if more.get("plain"):
            model.document["materials"].append({"name": "Plain", "doubleSided": True})
            primitive["material"] = len(model.document["materials"]) - 1
        if more.get("bare"):
            primitive["attributes"] = {"POSITION": primitive["attributes"]["POSITION"]}
        model.document["meshes"][0]["primitives"].append(primitive)

    return feature


def _second_mesh(model: Model) -> None:
    other = sphere(model, 2, uvs=0, normals="none")
    model.document["meshes"][other]["primitives"][0]["material"] = 0
    model.document["meshes"][other]["name"] = model.document["meshes"][0]["name"] = "Same"
    more = [model.node(mesh=mesh, translation=[3.0 + mesh, 0.0, 0.0]) for mesh in (other, 0)]
    model.show(*model.document["scenes"][0]["nodes"], *more)


def _animated(model: Model) -> None:
    times = model.accessor(
        np.array([0, 1], "<f4").tobytes(), FLOAT, "SCALAR", 2, min=[0.0], max=[1.0]
    )
    moves = model.accessor(np.array([[0, 0, 0], [0, 2, 0]], "<f4").tobytes(), FLOAT, "VEC3", 2)
    channel = {"sampler": 0, "target": {"node": 0, "path": "translation"}}
    model.document["animations"] = [
        {"samplers": [{"input": times, "output": moves}], "channels": [channel]}
    ]


def _instanced(model: Model) -> None:
    _use(model, "EXT_mesh_gpu_instancing")
    places = np.array([[0, 0, 0], [3, 0, 0], [6, 1, 0]], "<f4")
    accessor = model.accessor(places.tobytes(), FLOAT, "VEC3", 3)
    model.document["nodes"][0]["extensions"] = {
        "EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": accessor}}
    }


def _sparse(model: Model) -> None:
    accessor = model.document["accessors"][_primitive(model)["attributes"]["POSITION"]]
    moved = model.view(np.array([0, 2, 0], "<f4").tobytes())
    place = model.view(np.array([5], "<u4").tobytes())
    accessor["sparse"] = {
        "count": 1,
        "indices": {"bufferView": place, "componentType": LONG},
        "values": {"bufferView": moved},
    }


def _strip(model: Model) -> None:
    _primitive(model)["mode"] = 5


def _own_attribute(model: Model) -> None:
    count = model.document["accessors"][_primitive(model)["attributes"]["POSITION"]]["count"]
    place = model.accessor(np.arange(count, dtype="<f4").tobytes(), FLOAT, "SCALAR", count)
    _primitive(model)["attributes"]["_HEAT"] = place


def _morphed(model: Model) -> None:
    count = model.document["accessors"][_primitive(model)["attributes"]["POSITION"]]["count"]
    place = model.accessor(np.full((count, 3), 0.5, "<f4").tobytes(), FLOAT, "VEC3", count)
    _primitive(model)["targets"] = [{"POSITION": place}]


def _nothing(_model: Model) -> None:
    """As the egg is."""


def _bad_uvs(model: Model) -> None:
    attributes = _primitive(model)["attributes"]
    if "TEXCOORD_0" in attributes:
        values = values_of(model, attributes["TEXCOORD_0"]).copy()
        values[3], values[8] = (np.nan, 0.5), (0.25, np.inf)
        attributes["TEXCOORD_0"] = model.accessor(values.tobytes(), FLOAT, "VEC2", len(values))


AXES: Final[dict[str, dict[str, Feature]]] = {
    "base": {
        "ramp": _base("ramp"),
        "none": _nothing,
        "factor": _base("", [0.2, 0.4, 0.6, 0.35]),
        "ramp x factor": _base("ramp", [1.0, 0.5, 0.25, 1.0]),
        "ramp x alpha": _base("ramp", [1.0, 1.0, 1.0, 0.35]),
        "rgb": _base("rgb"),
        "jpeg x factor": _base("jpeg", [0.5, 0.5, 1.0, 0.6]),
        "webp": _base("webp"),
        "both uses": _both_uses,
    },
    "alpha": {
        "opaque": _nothing,
        "mask": _set(alphaMode="MASK"),
        "mask 0.3": _set(alphaMode="MASK", alphaCutoff=0.3),
        "mask 0": _set(alphaMode="MASK", alphaCutoff=0.0),
        "mask 1.5": _set(alphaMode="MASK", alphaCutoff=1.5),
        "blend": _set(alphaMode="BLEND", doubleSided=True),
    },
    "orm": {
        "none": _nothing,
        "factors": lambda model: _surface(model).update(metallicFactor=0.3, roughnessFactor=0.6),
        "texture": _orm,
        "texture x factors": _orm_factors,
    },
    "extra": {
        "none": _nothing,
        "normal map": _normal_map,
        "emission": _emission,
        "grey emission": _set(emissiveFactor=[0.5, 0.5, 0.5]),
        "occlusion": _occlusion,
        "clearcoat": _coat,
        "transmission": _extend("KHR_materials_transmission", transmissionFactor=0.8),
        "unlit": _extend("KHR_materials_unlit"),
        "ior": _extend("KHR_materials_ior", ior=1.8),
        "sheen": _extend("KHR_materials_sheen", sheenColorFactor=[0.5, 0.1, 0.1]),
        "volume": _extend("KHR_materials_volume", thicknessFactor=0.3),
        "gloss": _extend("KHR_materials_pbrSpecularGlossiness", diffuseFactor=[0.9, 0.2, 0.1, 0.5]),
        "specular": _extend("KHR_materials_specular", specularFactor=0.4),
    },
    "sampler": {
        "none": _nothing,
        "nearest": _sampler(magFilter=9728, minFilter=9728),
        "nearest far": _sampler(magFilter=9729, minFilter=9984),
        "clamp": _sampler(wrapS=33071, wrapT=33071),
        "mirror": _sampler(wrapS=33648, wrapT=33648),
        "mixed": _sampler(wrapS=33071, wrapT=10497),
        "mixed mirror": _sampler(wrapS=33648, wrapT=33071, magFilter=9728),
    },
    "reference": {
        "plain": _nothing,
        "transform": _transformed,
        "second UVs": _second_uvs,
    },
    "normals": {
        "smooth": _nothing,
        "none": _without_normals,
        "long": _changed_normals(lambda n: n * 2.5),
        "short": _changed_normals(lambda n: n * 0.2),
        "bent": _changed_normals(_bent),
        "some zero": _changed_normals(_some_zero),
        "flat": _flat_faces,
        "inward": _changed_normals(lambda n: -n),
    },
    "faces": {
        "long": _nothing,
        "short": _indexed(SHORT),
        "bytes": _indexed(5121),
        "no indices": _unindexed,
        "twice": _indexed(LONG, _twice),
        "collapsed": _indexed(LONG, _collapsed),
        "both sides": _both_sides,
        "needle": _needle,
        "fewer": _indexed(LONG, lambda indices: indices[:60]),
    },
    "colours": {
        "none": _nothing,
        "rgb": _colours(3),
        "rgba": _colours(4),
        "bytes": lambda m: (_colours(4)(m), _converted("COLOR_0", 5121, 255)(m))[0],
        "shorts": lambda m: (_colours(3)(m), _converted("COLOR_0", 5123, 65535)(m))[0],
    },
    "types": {
        "floats": _nothing,
        "u8 UVs": _converted("TEXCOORD_0", 5121, 255),
        "u16 UVs": _converted("TEXCOORD_0", 5123, 65535),
        "whole UVs": _converted("TEXCOORD_0", 5123, 3, normalized=False),
        "i8 normals": _converted("NORMAL", 5120, 127),
        "i16 points": _converted("POSITION", 5122, 32767),
        "whole points": _converted("POSITION", 5122, 50, normalized=False),
        "odd UVs": _bad_uvs,
        "sparse": _sparse,
    },
    "parts": {
        "one": _nothing,
        "two materials": _second_primitive(plain=True),
        "no material": _second_primitive(),
        "bare": _second_primitive(plain=True, bare=True),
        "two meshes": _second_mesh,
        "instances": _instanced,
        "own attribute": _own_attribute,
        "strip": _strip,
        "morph": _morphed,
    },
    "place": {
        "none": _nothing,
        "turned": _moved(rotation=[0.5, 0.5, -0.5, 0.5], translation=[1.0, 2.0, 3.0]),
        "uneven": _moved(scale=[1.0, 2.0, 0.5], rotation=[0.0, 0.3826834, 0.0, 0.9238795]),
        "mirrored": _moved(scale=[-1.0, 1.0, 2.0]),
        "unnormalised": _moved(rotation=[0.2, 0.4, 0.1, 1.6]),
        "flat": _moved(scale=[1.0, 0.0, 1.0]),
        "matrix": _moved(matrix=[0, 0, -2, 0, 0, 1, 0, 0, 1, 0, 0, 0, 3, 4, 5, 1]),
        "nested": _nested,
        "animated": _animated,
    },
}
"""By kind: how the egg may differ. Applied in this order."""


WHOLE: Final = {
    "normals": {"long", "short", "some zero"},
    "types": {"i8 normals", "odd UVs", "sparse"},
    "parts": {"bare", "own attribute", "strip", "morph"},
}
"""Features for which Blender's importer reads the whole file."""


@cache
def combinations(*, fast: bool = False) -> list[dict[str, str]]:
    """Rows that hold every two features of different axes at least once; the same in every run.

    :param fast: only of features whose geometry is read by numpy.
    """
    names = list(AXES)
    axes = {
        name: [value for value in AXES[name] if not (fast and value in WHOLE.get(name, ()))]
        for name in names
    }
    left = {
        ((one, a), (other, b))
        for one, other in itertools.combinations(names, 2)
        for a in axes[one]
        for b in axes[other]
    }
    rows = []
    while left:
        row: dict[str, str] = dict(min(left))
        for name in names:
            if name not in row:
                row[name] = max(axes[name], key=lambda value: _gain(row, name, value, left))
        left -= {_pair(names, a, b) for a, b in itertools.combinations(row.items(), 2)}
        rows.append({name: row[name] for name in names})
    return rows


def _pair(names: list[str], a: tuple[str, str], b: tuple[str, str]) -> Any:
    return (a, b) if names.index(a[0]) < names.index(b[0]) else (b, a)


def _gain(row: dict[str, str], name: str, value: str, left: set[Any]) -> int:
    names = list(AXES)
    return sum(_pair(names, held, (name, value)) in left for held in row.items())


def made_of(row: dict[str, str]) -> bytes:
    """The file of one combination."""
    model = Model()
    model.show(model.node(mesh=sphere(model, ROWS, uvs=2), name="Egg"))
    model.document["materials"] = [{"name": "Skin"}]
    _primitive(model)["material"] = 0
    for name, features in AXES.items():
        features[row[name]](model)
    return model.pack()
