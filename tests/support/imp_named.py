# SPDX-License-Identifier: GPL-3.0-or-later
"""Small models of each format that name a picture, as text with a place for the name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from support.glbs import data_uri, png
from support.imp_models import dressed, egg

PIXELS = 24
TEXTURE = png(PIXELS, PIXELS)

OBJ = (
    "mtllib {library}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl m\nf 1/1 2/2 3/3\n"
)
MTL = "newmtl m\nKd 0.25 0.5 0.75\nmap_Kd {name}\n"
USDA = """#usda 1.0
(
  defaultPrim = "M"
  upAxis = "Z"
)
def Mesh "M" (prepend apiSchemas = ["MaterialBindingAPI"])
{{
  int[] faceVertexCounts = [3]
  int[] faceVertexIndices = [0, 1, 2]
  point3f[] points = [(0,0,0), (1,0,0), (0,1,0)]
  texCoord2f[] primvars:st = [(0,0), (1,0), (0,1)] (interpolation = "vertex")
  rel material:binding = </Skin>
}}
def Material "Skin"
{{
  token outputs:surface.connect = </Skin/S.outputs:surface>
  def Shader "S"
  {{
    uniform token info:id = "UsdPreviewSurface"
    color3f inputs:diffuseColor.connect = </Skin/T.outputs:rgb>
    token outputs:surface
  }}
  def Shader "T"
  {{
    uniform token info:id = "UsdUVTexture"
    asset inputs:file = @{name}@
    float2 inputs:st.connect = </Skin/R.outputs:result>
    float3 outputs:rgb
  }}
  def Shader "R"
  {{
    uniform token info:id = "UsdPrimvarReader_float2"
    string inputs:varname = "st"
    float2 outputs:result
  }}
}}
"""
ASCII_FBX = """; FBX 7.4.0 project file
FBXHeaderExtension:  {{
	FBXHeaderVersion: 1003
	FBXVersion: 7400
}}
GlobalSettings:  {{
	Version: 1000
	Properties70:  {{
		P: "UpAxis", "int", "Integer", "",2
		P: "UpAxisSign", "int", "Integer", "",1
		P: "FrontAxis", "int", "Integer", "",1
		P: "FrontAxisSign", "int", "Integer", "",-1
		P: "CoordAxis", "int", "Integer", "",0
		P: "CoordAxisSign", "int", "Integer", "",1
	}}
}}
Objects:  {{
	Geometry: 10, "Geometry::g", "Mesh" {{
		Vertices: *9 {{
			a: 0,0,0,1,0,0,0,0,2
		}}
		PolygonVertexIndex: *3 {{
			a: 0,1,-3
		}}
		LayerElementUV: 0 {{
			MappingInformationType: "ByPolygonVertex"
			ReferenceInformationType: "Direct"
			UV: *6 {{
				a: 0,0,1,0,0,1
			}}
		}}
		LayerElementMaterial: 0 {{
			MappingInformationType: "AllSame"
			ReferenceInformationType: "IndexToDirect"
			Materials: *1 {{
				a: 0
			}}
		}}
		Layer: 0 {{
			LayerElement:  {{
				Type: "LayerElementUV"
				TypedIndex: 0
			}}
			LayerElement:  {{
				Type: "LayerElementMaterial"
				TypedIndex: 0
			}}
		}}
	}}
	Model: 20, "Model::m", "Mesh" {{
		Version: 232
	}}
	Material: 30, "Material::m", "" {{
		Version: 102
		ShadingModel: "phong"
	}}
	Texture: 40, "Texture::t", "" {{
		Type: "TextureVideoClip"
		TextureName: "Texture::t"
		FileName: "{name}"
		RelativeFilename: "{name}"
	}}
}}
Connections:  {{
	C: "OO",20,0
	C: "OO",10,20
	C: "OO",30,20
	C: "OP",40,30, "DiffuseColor"
}}
"""
"""A triangle that stands upright: two units along Z, which is up."""


def obj(folder: Path, name: str) -> Path:
    """A triangle with a library whose only map is ``name``."""
    (folder / "a.mtl").write_text(MTL.format(name=name))
    return written(folder / "m.obj", OBJ.format(library="a.mtl"))


def usda(folder: Path, name: str) -> Path:
    """A triangle with one texture."""
    return written(folder / "m.usda", USDA.format(name=name))


def gltf(folder: Path, name: str) -> Path:
    """An egg whose geometry is inside and whose picture is not."""
    model = dressed(egg(), TEXTURE)
    model.document["images"][0] = {"uri": name}
    model.document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = [0.2, 0.4, 0.6, 1]
    whole = data_uri(bytes(model.binary), "application/octet-stream")
    model.document["buffers"] = [{"byteLength": len(model.binary), "uri": whole}]
    return written(folder / "m.gltf", json.dumps(model.document))


def glb(folder: Path, name: str) -> Path:
    """The same as a GLB."""
    model = dressed(egg(), TEXTURE)
    model.document["images"][0] = {"uri": name}
    (folder / "m.glb").write_bytes(model.pack())
    return folder / "m.glb"


def fbx(folder: Path, name: str) -> Path:
    """An FBX that is text, where it can be read."""
    if bpy.app.version < (4, 5, 0):
        pytest.skip("this Blender reads no FBX that is text")
    return written(folder / "m.fbx", ASCII_FBX.format(name=name))


def written(path: Path, text: str) -> Path:
    """A text file; gives its path."""
    path.write_text(text, encoding="utf-8")
    return path


WRITERS: dict[str, Callable[[Path, str], Path]] = {
    "obj": obj,
    "usda": usda,
    "gltf": gltf,
    "glb": glb,
    "fbx": fbx,
}
"""Models named ``m`` in a folder, each with a picture of any name."""
