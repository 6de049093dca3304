"""Bakes the library of props, scenes/assets/props/*.glb with its props.json, from Debian's furniture package.

Input: the package ``sweethome3d-furniture`` 1.8-1 (``apt-get download sweethome3d-furniture``), whose catalogues are
zips of OBJ models. Its "BlendSwap-CC-0" catalogue is CC0, "Scopia", "KatorLegaz" and "BlendSwap-CC-BY" are CC-BY 3.0.
What is taken and how is in ``tools/bake_props.yaml``. Needs ``meshoptimizer`` (PyPI) besides what Setpiece needs.

    python -m tools.bake_props sweethome3d-furniture_1.8-1_all.deb [NAME ...]
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pygltflib as gltf
import trimesh
from PIL import Image
from ruamel.yaml import YAML

from tools.bake_props_read import PACKS, Material, catalogue, read_mtl, read_obj
from tools.bake_props_shape import outward, simplified, welded, whole
from worldgen.conventions import F64, I32, YUP_FROM_ZUP, linear_from_srgb, srgb_from_linear
from worldgen.polygons import filled

OUT: Final = Path(__file__).resolve().parents[1] / "scenes" / "assets" / "props"
RECIPES: Final = Path(__file__).with_suffix(".yaml")
MOST_TRIANGLES: Final = 7600
MOST_PIXELS: Final = 512
GUESSES: Final = (
    (r"glass|window|mirror|pane|pyrex|lcd|screen", "glass"),
    (r"chrome|alumin|stainless|steel|silver|brass|gold", "metal"),
    (r"iron|hierro", "iron"),
    (r"rubber|tire|tyre|tread", "rubber"),
    (r"wood|madera|oak|teca|theca|beech|cherry|walnut|bois|venge", "wood"),
    (r"leather|seat|saddle", "leather"),
    (r"fabric|cloth|textile|tela|cushion|couch|pillow|sheet|matress", "cloth"),
    (r"leaf|leaves|grass|cactus_green", "foliage"),
    (r"soil|ground|dirt", "soil"),
    (r"ceram|pot$|pottery|vase", "ceramic"),
    (r"concrete", "concrete"),
    (r"paint|metal", "painted-metal"),
)

CREDITS: Final = """## props/
Models as they ship in the Debian package `sweethome3d-furniture` 1.8, whose catalogues were gathered and converted by
Emmanuel Puybaret / eTeks. Baked by `tools/bake_props.py`, which changed all of them: turned, scaled to metres,
simplified, and given materials of this project, some with other colours. Those of BlendSwap-CC-0 are dedicated to the
public domain (https://creativecommons.org/publicdomain/zero/1.0/), those of Scopia and BlendSwap-CC-BY are under
Creative Commons Attribution 3.0 (https://creativecommons.org/licenses/by/3.0/), those of KatorLegaz, (C) Andrew Kator
and Jennifer Legaz, under Creative Commons Attribution 3.0 United States
(https://creativecommons.org/licenses/by/3.0/us/). Scopia's are (C) Emmanuel Puybaret / eTeks and Scopia Visual
Interfaces Systems, s.l. (http://www.scopia.es).

| asset | author | licence | model |
|---|---|---|---|
"""


def kind_of(name: str, material: Material, recipe: dict[str, Any]) -> str:
    """The word of our vocabulary for a material."""
    for part, kind in (recipe.get("kinds") or {}).items():
        if part.lower() in name.lower():
            return str(kind)
    if material.alpha < 0.6:
        return "glass"
    if "kind" in recipe:
        return str(recipe["kind"])
    return next((kind for pattern, kind in GUESSES if re.search(pattern, name.lower())), "plastic")


def baked(name: str, recipe: dict[str, Any], row: dict[str, str], archive: zipfile.ZipFile) -> dict[str, Any]:
    """Write NAME.glb, and return its row of the index."""
    inside = row["model"].lstrip("/")
    folder = inside.rpartition("/")[0]
    points, coordinates, polygons, libraries = read_obj(archive.read(inside).decode("utf-8", "replace"))
    materials: dict[str, Material] = {}
    for library in libraries:
        materials.update(read_mtl(archive.read(f"{folder}/{library}").decode("utf-8", "replace")))
    drop = [word.lower() for word in recipe.get("drop", ())]
    polygons = {m: p for m, p in polygons.items() if not any(word in m.lower() for word in drop)}
    points = _in_place(points, polygons, row, recipe)

    groups: dict[tuple[str, str, bytes | None], list[tuple[F64, I32]]] = defaultdict(list)
    total = sum(len(corners) - 2 for faces in polygons.values() for corners in faces)
    most = int(recipe.get("triangles", MOST_TRIANGLES))
    for word, faces in polygons.items():
        material = materials.get(word, Material())
        kind = kind_of(word, material, recipe)
        picture = _picture(archive, folder, material)
        kept = picture if any(b.lower() in word.lower() for b in recipe.get("bitmaps", ())) else None
        corners = np.array([c for face in faces for c in _fan(face, points)])
        vertices = points[corners[:, 0]]
        if kept is not None:
            vertices = np.concatenate([vertices, coordinates[corners[:, 1]]], axis=1)
        vertices, triangles = welded(vertices, np.arange(len(vertices), dtype=np.int32).reshape(-1, 3))
        share = max(min(len(triangles), 60), int(len(triangles) * min(1.0, most / total)))
        vertices, triangles = simplified(vertices, triangles, share, float(recipe.get("error", 0.08)))
        color = linear_from_srgb(material.color)
        if kept is None and picture is not None:
            pixels = np.asarray(picture.convert("RGB").resize((64, 64), Image.Resampling.BOX), np.float32) / 255.0
            color = linear_from_srgb(pixels).mean((0, 1))
        for part, value in (recipe.get("colors") or {}).items():
            if part.lower() in word.lower():
                color = linear_from_srgb(np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0)
        if kept is not None:
            color = np.ones(3, np.float32)
        code = "#" + "".join(f"{int(c):02x}" for c in np.round(srgb_from_linear(np.clip(color, 0.004, 0.92)) * 255))
        groups[kind, code, _compressed(kept) if kept is not None else None].append((vertices, triangles))

    parts = [(key, *_joined(pieces)) for key, pieces in groups.items()]
    offset = np.cumsum([0, *(len(v) for _, v, _ in parts)])
    everything = np.concatenate([v[:, :3] for _, v, _ in parts])
    turned = outward(everything, [f + o for (_, _, f), o in zip(parts, offset[:-1], strict=True)])
    parts = [(key, v, f - np.int32(o)) for (key, v, _), f, o in zip(parts, turned, offset[:-1], strict=True)]
    low, high = everything.min(axis=0), everything.max(axis=0)
    stand = np.array([-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]])
    parts = [(key, np.concatenate([v[:, :3] + stand, v[:, 3:]], axis=1), f) for key, v, f in parts]
    parts = [(key, v, whole(v, f)) for key, v, f in parts]
    parts = [part for part in parts if len(part[2])]
    _write(OUT / f"{name}.glb", name, parts)
    solid = trimesh.Trimesh(everything + stand, np.concatenate(turned), process=False)
    _, licence = PACKS[recipe["from"][0]]
    return {
        "name": name,
        "words": list(recipe["words"]),
        "size": [round(float(x), 3) for x in high - low],
        "triangles": int(sum(len(f) for _, _, f in parts)),
        "seats": _seats(name, solid, recipe),
        "source": f"sweethome3d-furniture 1.8, {PACKS[recipe['from'][0]][0]}, {row['id'].partition('#')[2]}",
        "author": recipe.get("author") or row.get("creator") or PACKS[recipe["from"][0]][0],
        "licence": licence,
    }


def _fan(face: list[tuple[int, int]], points: F64) -> list[tuple[int, int]]:
    """Corners of a polygon's triangles, one after the other."""
    return [face[k] for triple in filled(points[[v for v, _ in face]]) for k in triple]


def _in_place(points: F64, polygons: Any, row: dict[str, str], recipe: dict[str, Any]) -> F64:
    """+Z up, front to +Y, and as large as the catalogue says."""
    if "modelRotation" in row:
        points = points @ np.array([float(x) for x in row["modelRotation"].split()]).reshape(3, 3).T
    used = np.unique([c[0] for faces in polygons.values() for face in faces for c in face])
    size = np.array(recipe.get("size") or [float(row[w]) / 100 for w in ("width", "depth", "height")])[[0, 2, 1]]
    extent = np.ptp(points[used], axis=0)
    points = points * np.where(extent > 1e-9, size / np.maximum(extent, 1e-9), 1.0)
    points = np.stack([-points[:, 0], points[:, 2], points[:, 1]], axis=1)
    turn = np.radians(float(recipe.get("turn", 0.0)))
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def _picture(archive: zipfile.ZipFile, folder: str, material: Material) -> Image.Image | None:
    if material.bitmap is None:
        return None
    try:
        return Image.open(io.BytesIO(archive.read(f"{folder}/{material.bitmap}"))).convert("RGB")
    except KeyError:  # some name a file on their author's disk
        return None


def _compressed(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((MOST_PIXELS, MOST_PIXELS), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=82, optimize=True)
    return stream.getvalue()


def _joined(pieces: list[tuple[F64, I32]]) -> tuple[F64, I32]:
    offsets = np.cumsum([0, *(len(v) for v, _ in pieces)])
    faces = [f + np.int32(o) for (_, f), o in zip(pieces, offsets[:-1], strict=True)]
    return np.concatenate([v for v, _ in pieces]), np.concatenate(faces).astype(np.int32)


def _seats(name: str, solid: Any, recipe: dict[str, Any]) -> list[dict[str, Any]]:
    """Where the given places (x, y) meet the top of the seat."""
    result = []
    for x, y, *rest in recipe.get("seats", ()):
        top = float(rest[0]) if rest else 0.75
        hit, _, _ = solid.ray.intersects_location([[x, y, top]], [[0, 0, -1.0]])
        if not len(hit):
            raise ValueError(f"{name}: nothing to sit on at {x}, {y}")
        result.append(
            {"at": [x, y, round(float(hit[:, 2].max()), 3)], "facing": float(rest[1]) if len(rest) > 1 else 0.0}
        )
    return result


def _write(path: Path, name: str, parts: list[tuple[tuple[str, str, bytes | None], F64, I32]]) -> None:
    document = gltf.GLTF2(asset=gltf.Asset(version="2.0", generator="setpiece tools/bake_props.py"))
    blob = bytearray()

    def view(data: bytes) -> int:
        blob.extend(b"\0" * (-len(blob) % 4))
        document.bufferViews.append(gltf.BufferView(buffer=0, byteOffset=len(blob), byteLength=len(data)))
        blob.extend(data)
        return len(document.bufferViews) - 1

    def accessor(data: Any, kind: str, component: int) -> int:
        bounds = kind == "VEC3"
        document.accessors.append(
            gltf.Accessor(bufferView=view(np.ascontiguousarray(data).tobytes()), componentType=component,
                          count=len(data), type=kind, min=data.min(0).tolist() if bounds else None,
                          max=data.max(0).tolist() if bounds else None)
        )  # fmt: skip
        return len(document.accessors) - 1

    primitives = []
    for (kind, code, picture), vertices, faces in parts:
        position = (vertices[:, :3] @ YUP_FROM_ZUP[:3, :3].T).astype(np.float32)
        attributes = gltf.Attributes(POSITION=accessor(position, "VEC3", 5126))
        color = linear_from_srgb(np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0)
        pbr = gltf.PbrMetallicRoughness(
            baseColorFactor=[*np.round(color.astype(float), 5).tolist(), 1.0],
            metallicFactor=1.0 if kind == "metal" else 0.0,
            roughnessFactor=0.7,
        )
        if picture is not None:
            uv = vertices[:, 3:] * [1, -1] + [0, 1]
            attributes.TEXCOORD_0 = accessor(uv.astype(np.float32), "VEC2", 5126)
            document.images.append(gltf.Image(bufferView=view(picture), mimeType="image/jpeg"))
            document.textures.append(gltf.Texture(source=len(document.images) - 1))
            pbr.baseColorTexture = gltf.TextureInfo(index=len(document.textures) - 1)
        wide = len(vertices) > 65_535
        index = accessor(faces.ravel().astype(np.uint32 if wide else np.uint16), "SCALAR", 5125 if wide else 5123)
        document.materials.append(
            gltf.Material(name=f"{kind}-{code[1:]}", pbrMetallicRoughness=pbr, extras={"kind": kind}, doubleSided=True)
        )
        primitives.append(gltf.Primitive(attributes=attributes, indices=index, material=len(document.materials) - 1))
    document.meshes = [gltf.Mesh(name=name, primitives=primitives)]
    document.nodes = [gltf.Node(name=name, mesh=0)]
    document.scenes, document.scene = [gltf.Scene(nodes=[0])], 0
    document.buffers = [gltf.Buffer(byteLength=len(blob))]
    document.set_binary_blob(bytes(blob))
    path.parent.mkdir(parents=True, exist_ok=True)
    document.save_binary(str(path))


def main() -> None:
    """Bake all, or the named ones."""
    package, *names = sys.argv[1:]
    recipes = YAML(typ="safe").load(RECIPES.read_text(encoding="utf-8"))
    index = OUT / "props.json"
    rows = {row["name"]: row for row in json.loads(index.read_text())["props"]} if index.exists() else {}
    found = catalogue(Path(package))
    for name in names or recipes:
        recipe = recipes[name]
        rows[name] = baked(name, recipe, *found[recipe["from"]])
        print(name, rows[name]["size"], rows[name]["triangles"], [s["at"][2] for s in rows[name]["seats"]], flush=True)
    kept = [rows[name] for name in recipes if name in rows]
    index.write_text(json.dumps({"props": kept}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _credit(kept)
    print(sum(f.stat().st_size for f in OUT.iterdir()) / 1e6, "MB")


def _credit(rows: list[dict[str, Any]]) -> None:
    """Write the part of CREDITS.md that is about props."""
    path = OUT.parent / "CREDITS.md"
    before = path.read_text(encoding="utf-8").partition("## props/")[0].rstrip()
    lines = [f"| {r['name']} | {r['author']} | {r['licence']} | {r['source']} |" for r in rows]
    path.write_text(before + "\n\n" + CREDITS + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
