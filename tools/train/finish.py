"""What surfaces are for the path tracer: textures of its one material, which rain wets and snow covers.

Numbers that change with the weather are opaque to the compiler, so that a scene is compiled once for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from worldgen.conventions import F32, seed_from
from worldgen.material import Material, Texture

TILE_M: Final = 7.3
"""Metres after which the noise of puddles and drifts repeats."""

COVER_CELLS: Final = 384
COVER_M: Final = 0.2
"""Cells a side of the map of what lies under the open sky, and their size."""


@dataclass(frozen=True)
class Finish:
    """What weather does to surfaces, each 0 to 1.

    wet: how much rain there is on what it reaches. puddles: share of level ground under water. snow: how much lies.
    """

    wet: float = 0.0
    puddles: float = 0.0
    snow: float = 0.0


DRY: Final = Finish()


def texture_rows(materials: tuple[Material, ...]) -> tuple[list[Texture], list[int]]:
    """The distinct textures, and for each material the index of its own (-1: none)."""
    textures = list(dict.fromkeys(m.texture for m in materials if m.texture is not None))
    return textures, [textures.index(m.texture) if m.texture is not None else -1 for m in materials]


def takes_weather(kind: str) -> tuple[float, float]:
    """How far snow settles on a material of ``kind``, and how far rain darkens it, each 0 to 1."""
    if kind in ("skin", "lamp-glow", "window-glow", "neon", "screen", "flame", "ember", "water"):
        return 0.0, 0.0
    settles = {"hair": 0.4, "glass": 0.7}.get(kind, 0.55 if kind in _WORN else 1.0)
    return settles, 0.0 if kind in _SEALED else 1.0


_WORN: Final = frozenset({"cloth", "denim", "linen", "velvet", "knit", "leather", "fur"})
_SEALED: Final = frozenset(
    {"glass", "frosted-glass", "metal", "chrome", "gold", "brass", "copper", "iron", "painted-metal", "ceramic", "tile",
     "plastic", "ice", "snow", "wax", "wire-mesh", "skin"}
)  # fmt: skip


class Weathered:
    """The one material of a scene, and the numbers that weather it."""

    def __init__(self, mi: Any, materials: tuple[Material, ...]) -> None:
        import drjit as dr

        self._mi, self._dr = mi, dr
        self._wet, self._puddles, self._snow = (mi.Float(0.0) for _ in range(3))
        self._heights = mi.Float(np.full(COVER_CELLS * COVER_CELLS, -1e4, np.float32))
        self._corner_x, self._corner_y = mi.Float(0.0), mi.Float(0.0)
        self._noise = mi.Float(_world_noise().ravel())
        for value in (self._wet, self._puddles, self._snow, self._corner_x, self._corner_y):
            dr.make_opaque(value)
        textures, _ = texture_rows(materials)
        sizes = [t.detail.shape[:2] for t in textures] or [(1, 1)]
        starts = np.cumsum([0] + [h * w for h, w in sizes])[:-1]
        self._pixels = mi.Float(
            np.concatenate([t.detail.reshape(-1, 3) for t in textures] or [np.ones((1, 3), np.float32)]).ravel()
        )
        self._start = mi.UInt32(starts.astype(np.uint32))
        self._rows = mi.UInt32(np.array([h for h, _ in sizes], np.uint32))
        self._columns = mi.UInt32(np.array([w for _, w in sizes], np.uint32))
        self.bsdf = self._made(mi)

    def set(self, finish: Finish, cover: tuple[F32, float, float] | None = None) -> None:
        """Weather the scene. cover: as :func:`cover_map` gives it; without one, all is under the open sky."""
        mi, dr = self._mi, self._dr
        self._wet, self._puddles, self._snow = (mi.Float(v) for v in (finish.wet, finish.puddles, finish.snow))
        heights, x, y = cover or (np.full((COVER_CELLS, COVER_CELLS), -1e4, np.float32), 0.0, 0.0)
        self._heights, self._corner_x, self._corner_y = mi.Float(heights.ravel()), mi.Float(x), mi.Float(y)
        for value in (self._wet, self._puddles, self._snow, self._corner_x, self._corner_y):
            dr.make_opaque(value)

    def _made(self, mi: Any) -> Any:
        outer = self

        class Color(mi.Texture):  # type: ignore[misc]
            """Base colour of the face times the detail of its layer, weathered."""

            def __init__(self, properties: Any) -> None:
                mi.Texture.__init__(self, properties)

            def eval(self, si: Any, active: Any = True) -> Any:
                return outer._color(si, active)

            def to_string(self) -> str:
                return "Color[]"

        class Number(mi.Texture):  # type: ignore[misc]
            """Roughness or metallic of the face, weathered."""

            def __init__(self, properties: Any) -> None:
                mi.Texture.__init__(self, properties)
                self.of = str(properties["of"])

            def eval_1(self, si: Any, active: Any = True) -> Any:
                return outer._roughness(si, active) if self.of == "roughness" else outer._metallic(si, active)

            def eval(self, si: Any, active: Any = True) -> Any:
                return mi.Color3f(self.eval_1(si, active))

            def to_string(self) -> str:
                return f"Number[{self.of}]"

        mi.register_texture("setpiece_color", Color)
        mi.register_texture("setpiece_number", Number)
        return mi.load_dict(
            {
                "type": "twosided",
                "inner": {
                    "type": "principled",
                    "base_color": {"type": "setpiece_color"},
                    "roughness": {"type": "setpiece_number", "of": "roughness"},
                    "metallic": {"type": "setpiece_number", "of": "metallic"},
                    "specular": 0.5,
                },
            }
        )

    def _detail(self, si: Any, active: Any) -> Any:
        """Bilinear; row 0 of a layer is v = 1."""
        mi, dr = self._mi, self._dr
        layer = si.shape.eval_attribute_1("face_layer", si, active)
        tiles = si.shape.eval_attribute_1("face_tiles", si, active)
        textured = active & (layer > -0.5)
        index = mi.UInt32(dr.maximum(layer + 0.5, 0.0))
        start = dr.gather(mi.UInt32, self._start, index, textured)
        rows = dr.gather(mi.UInt32, self._rows, index, textured)
        columns = dr.gather(mi.UInt32, self._columns, index, textured)
        x = (si.uv.x * tiles - dr.floor(si.uv.x * tiles)) * mi.Float(columns) - 0.5
        v = si.uv.y * tiles - dr.floor(si.uv.y * tiles)
        y = (1.0 - v) * mi.Float(rows) - 0.5
        x0, y0 = dr.floor(x), dr.floor(y)
        total = mi.Color3f(0.0)
        for dy in (0, 1):
            for dx in (0, 1):
                column = mi.UInt32(mi.Int32(x0 + dx) + mi.Int32(columns)) % dr.maximum(columns, 1)
                row = mi.UInt32(mi.Int32(y0 + dy) + mi.Int32(rows)) % dr.maximum(rows, 1)
                share = (x - x0 if dx else 1 - x + x0) * (y - y0 if dy else 1 - y + y0)
                total += dr.gather(mi.Color3f, self._pixels, start + row * columns + column, textured) * share
        return dr.select(textured, total, mi.Color3f(1.0))

    def _table(self, table: Any, x: Any, y: Any, size: int, active: Any) -> list[tuple[Any, Any]]:
        """The four values of a (size, size) table around a place in cells, each with its share; it wraps around."""
        mi, dr = self._mi, self._dr
        x0, y0 = dr.floor(x), dr.floor(y)
        found = []
        for dy in (0, 1):
            for dx in (0, 1):
                column, row = (mi.UInt32(mi.Int32(v) & (size - 1)) for v in (x0 + dx, y0 + dy))
                share = (x - x0 if dx else 1 - x + x0) * (y - y0 if dy else 1 - y + y0)
                found.append((dr.gather(mi.Float, table, row * size + column, active), share))
        return found

    def _drift(self, si: Any, scale: float, active: Any) -> Any:
        """Noise in 0-1, of world places."""
        cells = _NOISE / (TILE_M * scale)
        return sum(v * w for v, w in self._table(self._noise, si.p.x * cells, si.p.y * cells, _NOISE, active))

    def _open(self, si: Any, active: Any) -> Any:
        """1 under the open sky, 0 under something."""
        mi, dr = self._mi, self._dr
        x = (si.p.x - self._corner_x) / COVER_M - 0.5
        y = (si.p.y - self._corner_y) / COVER_M - 0.5
        x0, y0 = dr.floor(x), dr.floor(y)
        within = active & (x0 >= 0) & (y0 >= 0) & (x0 < COVER_CELLS - 1) & (y0 < COVER_CELLS - 1)
        total = mi.Float(0.0)
        for dy in (0, 1):
            for dx in (0, 1):
                index = mi.UInt32(dr.maximum(mi.Int32(y0 + dy) * COVER_CELLS + mi.Int32(x0 + dx), 0))
                height = dr.gather(mi.Float, self._heights, index, within)
                share = (x - x0 if dx else 1 - x + x0) * (y - y0 if dy else 1 - y + y0)
                total += dr.select(si.p.z > height - 0.25, share, 0.0)
        return dr.select(within, total, 1.0)

    def _shares(self, si: Any, active: Any) -> tuple[Any, Any, Any, Any]:
        """How much of a point is under snow, wet, and a puddle; and how far water darkens it."""
        dr = self._dr
        up = si.sh_frame.n.z
        settles = si.shape.eval_attribute_1("face_settles", si, active)
        soaks = si.shape.eval_attribute_1("face_soaks", si, active)
        open_ = self._open(si, active)
        fine, broad = self._drift(si, 0.31, active), self._drift(si, 1.0, active)
        noise = 0.4 * fine + 0.6 * broad
        snow = self._snow * settles * open_ * _step(dr, 0.52, 0.72, up + 0.35 * (noise - 0.5) + 0.35 * (self._snow - 1))
        wet = self._wet * settles * (0.35 + 0.65 * _step(dr, 0.2, 0.8, up)) * (0.25 + 0.75 * open_)
        level = _step(dr, 0.97, 0.995, up) * open_ * settles
        puddle = level * _step(dr, 0.47, 0.53, noise + 0.5 * (self._puddles - 0.5)) * dr.select(self._puddles > 0, 1, 0)
        return snow, wet, puddle, soaks

    def _color(self, si: Any, active: Any) -> Any:
        mi = self._mi
        snow, wet, puddle, soaks = self._shares(si, active)
        color = si.shape.eval_attribute_3("face_color", si, active) * self._detail(si, active)
        color *= (1 - 0.5 * wet * soaks) * (1 - 0.45 * puddle * soaks)
        fresh = mi.Color3f(0.80, 0.84, 0.90) * (0.94 + 0.12 * self._drift(si, 0.17, active))
        return color * (1 - snow) + fresh * snow

    def _roughness(self, si: Any, active: Any) -> Any:
        dr = self._dr
        snow, wet, puddle, _ = self._shares(si, active)
        rough = si.shape.eval_attribute_1("face_roughness", si, active)
        rough = dr.lerp(rough, dr.minimum(rough, 0.12 + 0.3 * rough), wet)
        rough = dr.lerp(rough, 0.05, puddle)
        return dr.lerp(rough, 0.7, snow)

    def _metallic(self, si: Any, active: Any) -> Any:
        snow, _, _, _ = self._shares(si, active)
        return si.shape.eval_attribute_1("face_metallic", si, active) * (1 - snow)


_NOISE: Final = 256


def _step(dr: Any, low: float, high: float, x: Any) -> Any:
    t = dr.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _world_noise() -> F32:
    """(_NOISE, _NOISE) in 0-1, median 0.5, that wraps around: mostly broad patches, with ragged edges."""
    rng = np.random.default_rng(seed_from("puddles"))
    frequency = np.hypot(np.fft.fftfreq(_NOISE, 1 / _NOISE)[:, None], np.fft.rfftfreq(_NOISE, 1 / _NOISE)[None])
    band = np.maximum(frequency, 1.0) ** -1.35 * (frequency >= 1) * np.exp(-((frequency / 60) ** 2))
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((_NOISE, _NOISE))) * band, s=(_NOISE, _NOISE))
    return np.asarray(field.ravel().argsort().argsort().reshape(field.shape) / field.size, dtype=np.float32)


def cover_map(rays: Any, x: float, y: float, top: float = 200.0) -> tuple[F32, float, float]:
    """(COVER_CELLS, COVER_CELLS) height of what lies highest in cells around world (x, y), and the map's corner.

    rays: a :class:`render.rays.RayScene` aimed at the world. top: metres, above everything.
    """
    half = COVER_CELLS * COVER_M / 2
    cells = (np.arange(COVER_CELLS) + 0.5) * COVER_M - half
    xs, ys = np.meshgrid(cells + x, cells + y)
    origins = np.stack([xs, ys, np.full_like(xs, top)], axis=-1).reshape(-1, 3).astype(np.float32)
    down = np.broadcast_to(np.array([0.0, 0.0, -1.0], np.float32), origins.shape)
    distance = rays.cast(origins, down)[2]
    heights = np.where(np.isfinite(distance), top - distance, -1e4).astype(np.float32)
    return heights.reshape(COVER_CELLS, COVER_CELLS), x - half, y - half
