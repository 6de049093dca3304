"""What a film owes to the light and the colours of its world: nothing frozen, nothing recoloured.

Two frames may only be compared as they are where the light is the same in both; where it has moved, the picture must
change as the world does. Both are known from the proxy, the built world lit and not painted. All pictures are display
values (sRGB-encoded).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from conditioning.metrics import counted, prefiltered
from render.correspondence import Correspondence
from render.warp import warp
from worldgen.conventions import F32, F64, I32, U8, Array, Bool, linear_from_srgb

SAME_LIGHT: Final = 4.0
"""Levels of 0 to 255 by which a point's proxy may differ between two frames that show it in the same light."""

MOVED_LIGHT: Final = 12.0
"""Levels by which a point's proxy differs where light has moved: the edge of a shadow, a highlight, a lamp."""

MOTION_ALLOWED: Final = 1.2
"""Light may follow the world this many times worse than in the unguided film at no price."""

FEWEST_PX: Final = 50
"""Pixels below which a part is too small to have a colour, and moving light too little to be judged."""

_DARK, _BRIGHT = 0.01, 0.95
_D65: Final = np.array([0.95047, 1.0, 1.08883])
_XYZ_FROM_RGB: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def same_light(proxy_i: U8 | F32, proxy_j: U8 | F32, correspondence: Correspondence) -> Bool:
    """(H, W) where the point that both frames show is lit alike: their proxies differ by at most ``SAME_LIGHT``.

    proxy_i, proxy_j: (H, W, 3). Shots that are exposed differently print the same light differently, and drop out.
    """
    return lit_alike(_differences(proxy_i, proxy_j, correspondence), correspondence.visible)


def lit_alike(proxy: F32, visible: Bool) -> Bool:
    """The same of the ``proxy``'s differences (H, W, 3 x len(SIGMAS)), as :func:`metrics.prefiltered` lays them out."""
    return np.asarray(visible & (np.square(proxy[..., 3:6]).mean(-1) <= SAME_LIGHT**2), dtype=np.bool_)


@dataclass(frozen=True)
class Motion:
    """How a picture changes where the light has moved, as sums over those pixels, squared levels.

    error: of the picture's change less the proxy's. product: of the two. moved: of the proxy's alone. pixels: how many.
    """

    error: float
    product: float
    moved: float
    pixels: int

    def __add__(self, other: Motion) -> Motion:
        return Motion(
            self.error + other.error,
            self.product + other.product,
            self.moved + other.moved,
            self.pixels + other.pixels,
        )

    @property
    def amiss(self) -> float | None:
        """Motion error: 0 changes exactly as the proxy does, 1 is what a frozen picture has; None: nothing moves."""
        return float(np.sqrt(self.error / self.moved)) if self.pixels >= FEWEST_PX else None

    @property
    def follows(self) -> float | None:
        """How far the picture goes with the light (least squares): 1 all the way, 0 frozen; None: nothing moves."""
        return self.product / self.moved if self.pixels >= FEWEST_PX else None


STILL: Final = Motion(0.0, 0.0, 0.0, 0)


def motion(
    image_i: U8 | F32, image_j: U8 | F32, proxy_i: U8 | F32, proxy_j: U8 | F32, correspondence: Correspondence
) -> Motion:
    """Whether shadows and highlights move in the picture as they do in the world.

    Over the points both frames show whose proxy changes by more than ``MOVED_LIGHT``, the change of the picture
    ``G * I_i - warp(G * I_j)`` (σ = 2, so that grain does not count) against that of the proxy. A painter that prints
    shadows lighter than the proxy has an error of its own: compare with the unguided film. It cannot see light that
    the proxy does not have.
    """
    painted, proxy = (_differences(*x, correspondence) for x in ((image_i, image_j), (proxy_i, proxy_j)))
    return moved(painted, proxy, correspondence.visible)


def frozen(film: Motion, unguided: Motion) -> float:
    """Motion error of a film beyond ``MOTION_ALLOWED`` times the unguided film's; 0 where no light moves."""
    mine, theirs = film.amiss, unguided.amiss
    return 0.0 if mine is None or theirs is None else max(0.0, mine - MOTION_ALLOWED * theirs)


def moved(painted: F32, proxy: F32, visible: Bool) -> Motion:
    """The same of the differences (H, W, 3 x len(SIGMAS)) of the picture and of the proxy."""
    world = proxy[..., -3:]
    moves = counted(visible) & (np.square(world).mean(-1) > MOVED_LIGHT**2)
    if not moves.any():
        return STILL
    change, wanted = painted[moves][:, -3:].astype(np.float64), world[moves].astype(np.float64)
    return Motion(
        float(np.square(change - wanted).mean(-1).sum()),
        float((change * wanted).mean(-1).sum()),
        float(np.square(wanted).mean(-1).sum()),
        int(moves.sum()),
    )


@dataclass(frozen=True)
class Colour:
    """Sums of linear colour (3,) over ``pixels``: as painted, and as the proxy has it."""

    painted: F64
    proxy: F64
    pixels: int

    def __add__(self, other: Colour) -> Colour:
        return Colour(self.painted + other.painted, self.proxy + other.proxy, self.pixels + other.pixels)


Part = tuple[int, int]
"""What has one colour: object id, and the index of a material of it (a coat and a face are two)."""


def colours(image: U8 | F32, proxy: U8 | F32, object_id: I32, material: I32) -> dict[Part, Colour]:
    """The colour of every part of a frame; object id 0, the sky, has none. material: (H, W) indices.

    Pixels that the proxy prints almost black or burnt out tell nothing, nor do those at a thing's edge.
    """
    lit = linear_from_srgb(_unit(proxy)).astype(np.float64)
    painted = linear_from_srgb(_unit(image)).astype(np.float64)
    inside = (object_id != 0) & (lit.max(-1) > _DARK) & (lit.max(-1) < _BRIGHT)
    part = object_id.astype(np.int64) << 32 | material.clip(0)
    inside[:, 1:] &= part[:, 1:] == part[:, :-1]
    inside[:, :-1] &= part[:, 1:] == part[:, :-1]
    inside[1:] &= part[1:] == part[:-1]
    inside[:-1] &= part[1:] == part[:-1]
    parts, which = np.unique(part[inside], return_inverse=True)
    count = np.bincount(which, minlength=len(parts))

    def sums(picture: F64) -> F64:
        return np.stack([np.bincount(which, picture[inside][:, c], len(parts)) for c in range(3)], axis=1)

    of_painted, of_proxy = sums(painted), sums(lit)
    return {
        (int(p) >> 32, int(p) & 0xFFFFFFFF): Colour(of_painted[k], of_proxy[k], int(count[k]))
        for k, p in enumerate(parts)
    }


def together(frames: Iterable[dict[Part, Colour]]) -> dict[Part, Colour]:
    """The colours of parts over several frames."""
    found: dict[Part, Colour] = {}
    for frame in frames:
        for part, colour in frame.items():
            found[part] = found[part] + colour if part in found else colour
    return found


def colour_drift(a: dict[Part, Colour], b: dict[Part, Colour]) -> dict[Part, tuple[float, int]]:
    """How far each part's colour is from one shot to another: CIEDE2000, and the pixels of the smaller view.

    What the painter made of the proxy, channel by channel, is applied to the proxy's mean colour over both shots, so
    that light which the proxy knows to differ does not count. Parts of fewer than ``FEWEST_PX`` pixels in a shot are
    left out. It cannot see patterns, nor what changes within a part.
    """
    drift = {}
    for part in sorted(a.keys() & b.keys()):
        x, y = a[part], b[part]
        if min(x.pixels, y.pixels) < FEWEST_PX:
            continue
        common = (x.proxy / x.pixels + y.proxy / y.pixels) / 2
        seen = [np.clip(c.painted / np.maximum(c.proxy, 1e-6 * c.pixels) * common, 0, 1) for c in (x, y)]
        drift[part] = (float(ciede2000(*(lab_from_linear(s) for s in seen))), min(x.pixels, y.pixels))
    return drift


def lab_from_linear(rgb: Array) -> F64:
    """(..., 3) CIE L*a*b* (D65, 2°) of linear sRGB colours in [0, 1]."""
    xyz = np.asarray(rgb, dtype=np.float64) @ _XYZ_FROM_RGB.T / _D65
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def ciede2000(lab_a: Array, lab_b: Array) -> F64:
    """(...) colour difference of two L*a*b* colours (..., 3); 1 is just noticeable side by side, 2.3 at a glance.

    CIEDE2000 with all weights 1, after Sharma, Wu & Dalal 2005, whose test pairs it meets.
    """
    (l1, a1, b1), (l2, a2, b2) = (np.moveaxis(np.asarray(lab, dtype=np.float64), -1, 0) for lab in (lab_a, lab_b))
    chroma = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(chroma / (chroma + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180
    turn = np.where(c1 * c2 == 0, 0.0, turn)
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    l, c = (l1 + l2) / 2, (c1 + c2) / 2
    apart = np.abs(h1 - h2) > 180
    h = (h1 + h2) / 2 + np.where(apart, np.where(h1 + h2 < 360, 180.0, -180.0), 0.0)
    h = np.where(c1 * c2 == 0, h1 + h2, h)
    t = sum(
        w * np.cos(np.radians(k * h + at))
        for w, k, at in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    )
    sl = 1 + 0.015 * (l - 50) ** 2 / np.sqrt(20 + (l - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * (1 + t)
    turned = np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    rt = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * turned
    x, y = dc / sc, dh / sh
    return np.asarray(np.sqrt((dl / sl) ** 2 + x**2 + y**2 + rt * x * y), dtype=np.float64)


def _differences(image_i: U8 | F32, image_j: U8 | F32, correspondence: Correspondence) -> F32:
    return prefiltered(image_i) - warp(prefiltered(image_j), correspondence)


def _unit(image: U8 | F32) -> F32:
    """Display values in [0, 1]."""
    return image.astype(np.float32) / np.float32(255) if image.dtype == np.uint8 else np.asarray(image, np.float32)
