"""Reads the catalogues of Debian's furniture package: what models there are, and their OBJ and MTL files."""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np

from worldgen.conventions import F64

PACKS: Final = {
    "A": ("BlendSwap-CC-0", "CC0-1.0"),
    "B": ("BlendSwap-CC-BY", "CC-BY-3.0"),
    "K": ("KatorLegaz", "CC-BY-3.0-US"),
    "S": ("Scopia", "CC-BY-3.0"),
}


class Material:
    """One material of an MTL file: display colour (3,) and the bitmap below it, if there is one."""

    def __init__(self) -> None:
        self.color = np.array([0.8, 0.8, 0.8])
        self.bitmap: str | None = None
        self.alpha = 1.0


def catalogue(package: Path) -> dict[str, tuple[dict[str, str], zipfile.ZipFile]]:
    """Properties of every model and the zip it is in, by letter and number, like "A12"."""
    found: dict[str, tuple[dict[str, str], zipfile.ZipFile]] = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg", "-x", str(package), folder], check=True)
        for letter, (pack, _) in PACKS.items():
            path = Path(folder) / "usr/share/sweethome3d/furniture" / f"{pack}.sh3f"
            archive = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
            text = archive.read("PluginFurnitureCatalog.properties").decode("latin-1")
            rows: dict[int, dict[str, str]] = defaultdict(dict)
            for word, number, value in re.findall(r"^(\w+)#(\d+)=(.*)$", text, re.M):
                rows[int(number)][word] = value.strip()
            found.update({f"{letter}{number}": (row, archive) for number, row in rows.items()})
    return found


def read_obj(text: str) -> tuple[F64, F64, dict[str, list[list[tuple[int, int]]]], list[str]]:
    """Vertices, texture coordinates, per material the polygons' corners (vertex, coordinate or -1), and the MTLs."""
    points, coordinates, libraries = [], [], []
    polygons: dict[str, list[list[tuple[int, int]]]] = defaultdict(list)
    material = ""
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            points.append([float(x) for x in rest[:3]])
        elif word == "vt":
            coordinates.append([float(x) for x in rest[:2]])
        elif word == "usemtl":
            material = " ".join(rest)
        elif word == "mtllib":
            libraries.append(" ".join(rest))
        elif word == "f":
            corners = []
            for corner in rest:
                fields = corner.split("/")
                v = int(fields[0])
                t = int(fields[1]) if len(fields) > 1 and fields[1] else 0
                corners.append(
                    (v - 1 if v > 0 else len(points) + v, t - 1 if t > 0 else len(coordinates) + t if t else -1)
                )
            polygons[material].append(corners)
    return np.array(points), np.array(coordinates or [[0.0, 0.0]]), dict(polygons), libraries


def read_mtl(text: str) -> dict[str, Material]:
    """Materials by name."""
    found: dict[str, Material] = {}
    name = ""
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "newmtl":
            name = " ".join(rest)
            found[name] = Material()
        elif word == "Kd" and name:
            found[name].color = np.array([float(x) for x in rest[:3]])
        elif word == "d" and name:
            found[name].alpha = float(rest[0])
        elif word == "map_Kd" and name:
            found[name].bitmap = " ".join(rest)
    return found
