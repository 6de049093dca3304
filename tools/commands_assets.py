"""The verb about the library of props: what there is, and how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from render.files import written_whole
from render.raster import open_rasterizer
from render.shade import Shader
from render.sheet import Tile, contact_sheet
from tools.console import emit, progress, say
from worldgen.camera import Camera, Lens
from worldgen.conventions import U8, look_at, translation
from worldgen.errors import nearest
from worldgen.light import Sky
from worldgen.material import make
from worldgen.props import Asset, found, library
from worldgen.shapes import plane
from worldgen.world import Thing, World

TILE: Final = (240, 200)
COLUMNS: Final = 10
_BEARING: Final = np.radians(32.0)
_SKY: Final = Sky(sun_azimuth=float(_BEARING) + 1.0, sun_elevation=0.75, turbidity=4.0)


def list_assets(word: str | None, sheet: Path | None, as_json: bool) -> None:
    """Say which assets there are, all or those that ``word`` finds; with ``sheet``, draw them into that file."""
    chosen = tuple(library().values()) if word is None else found(word)
    if not chosen:
        near = nearest(word or "", [*library(), *(said for item in library().values() for said in item.words)])
        raise ValueError(f"no asset is found by {word!r}" + (f"; did you mean `{near}`?" if near else ""))
    if sheet is not None:
        if sheet.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise ValueError(f"{sheet} is no picture: end its name in .png or .jpg")
        with progress("drawing") as update:
            page = draw_sheet(chosen, update)
        with written_whole(sheet) as part:
            Image.fromarray(page).save(part, "PNG" if sheet.suffix.lower() == ".png" else "JPEG", quality=85)
    if as_json:
        emit([described(item) for item in chosen])
        return
    for item in chosen:
        x, y, z = item.size
        seats = f"  {len(item.seats)} seats" if len(item.seats) > 1 else "  1 seat" if item.seats else ""
        say(
            f"{item.name:<18} {x:6.2f} x {y:5.2f} x {z:5.2f} m {item.triangles:6,d} triangles  {item.licence:<12} "
            f"{', '.join(item.words)}{seats}"
        )
    say(f"{len(chosen)} assets. In a scene: {{name: {chosen[0].name}-1, asset: {chosen[0].name}, at: [0, 0]}}")
    if sheet is not None:
        say(f"Drawn in {sheet}.")


def described(item: Asset) -> dict[str, Any]:
    """An asset as JSON values."""
    return {
        "name": item.name,
        "size_m": list(item.size),
        "triangles": item.triangles,
        "words": list(item.words),
        "seats": {
            name: {"position": list(spot.position), "facing_rad": spot.facing} for name, spot in item.seats.items()
        },
        "source": item.source,
        "author": item.author,
        "licence": item.licence,
    }


def draw_sheet(assets: Sequence[Asset], update: Any = lambda done, total: None) -> U8:
    """(H, W, 3) uint8: each asset on its own ground in the morning sun, its name and its height under it."""
    rasterizer = open_rasterizer()
    tiles = []
    for row, item in enumerate(assets):
        world, camera = studio(item)
        proxy = Shader(world, rasterizer).shade(world.at(0.0), camera).proxy
        image = (np.clip(proxy, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
        tiles.append(Tile(image, item.name, f"{item.size[2]:.2f} m"))
        update(row + 1, len(assets))
    return contact_sheet(tiles, columns=COLUMNS, tile_width=TILE[0])


def studio(item: Asset) -> tuple[World, Camera]:
    """The asset on a plain ground, and a camera that sees all of it from the front and its right."""
    mesh = item.loader()
    low, high = mesh.vertices.min(axis=0).astype(float), mesh.vertices.max(axis=0).astype(float)
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    ground = plane((40 * radius, 40 * radius), make("paper", (0.2, 0.2, 0.21)))
    ground = ground.transformed(translation([0.0, 0.0, -0.002 * radius]))
    lens = Lens(50.0, (24.0, 24.0 * TILE[1] / TILE[0]))
    distance = radius / np.sin(np.arctan(lens.sensor_mm[1] / 2 / lens.focal_mm)) * 0.93
    way = np.array([np.sin(_BEARING), np.cos(_BEARING), 0.42])
    eye = middle + distance * way / np.linalg.norm(way)
    pose = look_at(eye, middle)
    camera = Camera(pose, lens.intrinsics(*TILE), *TILE, 0.01 * radius, 100 * radius)
    return World((Thing("ground", ground), Thing(item.name, mesh)), _SKY), camera
