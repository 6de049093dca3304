"""Looks: what a colourist or an illustrator would make of a true picture, for pocket to learn from captions.

Each look is a function of a pixel and the few around it, never of the whole picture: a look that metered the frame
would breathe with every pan. There is no grain, which would flicker. Where a look draws (outlines, flat tones), it asks
the maps for depth, normals and albedo, so that lines lie where the world has edges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor

from conditioning.controls import DEPTH_M, MAPS
from tools.train.colour import (
    blurred,
    exposed,
    film,
    light_of_oklab,
    linear,
    luminance,
    mixed,
    oklab,
    painted,
    ramp,
    srgb,
)

PANCHROMATIC: Final = (0.42, 0.42, 0.16)
"""Shares of red, green and blue: a panchromatic stock behind a yellow filter, which keeps skies from washing out."""


def in_look(name: str, target: Tensor, maps: Tensor) -> Tensor:
    """The true picture as the look ``name`` has it: (N, 3, H, W) in [-1, 1], float32.

    target: (N, 3, H, W) in [-1, 1], sRGB-encoded. maps: (N, M, H, W), channels ``MAPS``, complete: with the albedo that
    the truth was lit with, before anything of it is withheld from a model. Errors: ``ValueError`` for other names.
    """
    if name not in _MADE:
        raise ValueError(f"{name!r} is no look: use one of {', '.join(_MADE)}")
    picture = target.float() * 0.5 + 0.5
    return (_MADE[name](picture, maps.float()).clamp(0.0, 1.0) * 2.0 - 1.0).contiguous()


def _natural(picture: Tensor, maps: Tensor) -> Tensor:
    return picture


def _noir(picture: Tensor, maps: Tensor) -> Tensor:
    """Silver: hard light, one steep emulsion with deep blacks, and light that spreads a little in the base."""
    fill = luminance(_light(picture, maps))
    hard = 1.0 + _solid(maps) * ((fill / 0.9).clamp(0.03, 1.6) ** 0.30 - 1.0)
    exposure = _halated(mixed(exposed(linear(picture)), (PANCHROMATIC,)) * hard, 0.7, (0.12, 0.08))
    stops = torch.log2(exposure.clamp(min=1e-4) / 0.26)
    return srgb(0.004 + 0.96 * torch.sigmoid(1.22 * stops) ** 1.40).expand(-1, 3, -1, -1)


def _warm(picture: Tensor, maps: Tensor) -> Tensor:
    """Print film: a firm curve with full blacks, cool shadow, warm light, a red glow around what burns out."""
    exposure = exposed(linear(picture))
    glow = _halated(exposure, 1.0, (0.12, 0.08)) - exposure
    lab = oklab(film(exposure + glow * _colour((1.0, 0.45, 0.18), picture)))
    lightness = lab[:, :1]
    curve = 0.015 + 0.975 * (lightness + 0.12 * (ramp(lightness, 0.0, 1.0) - lightness))
    light, shade = ramp(lightness, 0.35, 0.90), ramp(lightness, 0.45, 0.08)
    tint = _colour((0.011, 0.028), picture) * light + _colour((-0.004, -0.014), picture) * shade
    return srgb(light_of_oklab(torch.cat([curve, 1.03 * lab[:, 1:] + tint], dim=1)))


def _clay(picture: Tensor, maps: Tensor) -> Tensor:
    """One matte grey: the truth's light with the colour of things divided out, a paper backdrop for a sky."""
    light = film(0.60 * _light(picture, maps).clamp(min=1e-4) ** 0.75)
    grey = luminance(light)
    shining = _glow(maps) * exposed(luminance(linear(picture)))
    model = srgb(grey + 0.40 * (light - grey) + 0.6 * shining)
    sky = srgb(0.50 + 0.20 * luminance(linear(picture))).expand(-1, 3, -1, -1)
    return sky + _solid(maps) * (model - sky)


def _ink(picture: Tensor, maps: Tensor) -> Tensor:
    """Thin washes of the picture's colours over cream paper, pooled where it is dark, under a brush's outlines."""
    wash = oklab(linear(painted(blurred(picture, 0.8), 4)))
    lightness = wash[:, :1]
    tone = 0.6 * _bands(lightness, (0.18, 0.36, 0.54, 0.74), 0.06) + 0.4 * lightness
    paper = oklab(linear(_colour((0.965, 0.945, 0.895), picture)))
    tint = paper[:, 1:] * tone + wash[:, 1:] * (0.62 * ramp(lightness, 0.0, 0.35))
    page = light_of_oklab(torch.cat([0.36 + (paper[:, :1] - 0.36) * ramp(tone, -0.12, 0.86), tint], dim=1))
    ink = _colour((0.020, 0.022, 0.032), picture)
    line = _lines(maps)
    return srgb(page + line * 0.92 * (ink - page))


def _toon(picture: Tensor, maps: Tensor) -> Tensor:
    """Paint of one colour a thing, light in three flat steps, outlines."""
    light = _light(picture, maps)
    level = srgb(film(luminance(blurred(light, 0.7)) * 0.40))
    step = _bands(level, (0.18, 0.42, 0.66), 0.03)
    hue = blurred(light, 3.0)
    hue = (hue / luminance(hue).clamp(min=1e-3)).clamp(0.0, 2.5)
    paint = linear(painted(_part(maps, "albedo") * 0.5 + 0.5, 3)) ** 0.9
    dusk = _colour((0.80, 0.92, 1.28), picture)
    lit = paint * (0.15 + 1.0 * step**1.3) * (dusk + step * (1.0 - dusk)) * hue**0.6
    flat = linear(painted(picture, 4))
    lit = lit + _glow(maps) * (flat - lit)
    lit = 1.45 * lit / (1.0 + 0.35 * lit)
    lab = oklab(lit.clamp(0.0, 1.0))
    chroma = 1.45 * lab[:, 1:]
    lit = light_of_oklab(torch.cat([lab[:, :1], chroma], dim=1))
    sky = _graded(flat, 1.0, 1.25)
    lit = sky + _solid(maps) * (lit - sky)
    ink = _colour((0.018, 0.014, 0.022), picture)
    return srgb(lit + _lines(maps) * 0.9 * (ink - lit))


def _teal_and_orange(picture: Tensor, maps: Tensor) -> Tensor:
    """Two hues: what is warm goes to orange, what is cool and what is dark to teal."""
    lab = oklab(film(1.2 * exposed(linear(picture))))
    lightness, a, b = lab[:, :1], lab[:, 1:2], lab[:, 2:]
    axis = (0.50, 0.866)  # orange, at 60 degrees; teal lies opposite
    along, across = axis[0] * a + axis[1] * b, axis[0] * b - axis[1] * a
    along = 1.15 * along + 0.050 * ramp(lightness, 0.45, 0.85) - 0.055 * ramp(lightness, 0.65, 0.10)
    across = 0.42 * across
    curve = lightness + 0.35 * (ramp(lightness, 0.0, 1.0) - lightness)
    return srgb(
        light_of_oklab(
            torch.cat([curve, axis[0] * along - axis[1] * across, axis[1] * along + axis[0] * across], dim=1)
        )
    )


def _pastel(picture: Tensor, maps: Tensor) -> Tensor:
    """High key: blacks lifted, contrast low, every colour thinned with white."""
    lab = oklab(linear(painted(picture, 1)))
    lightness = 0.48 + 0.49 * lab[:, :1] ** 0.9
    chroma = lab[:, 1:] * (1.05 - 0.40 * lab[:, :1]) + _colour((0.003, 0.003), picture)
    return srgb(light_of_oklab(torch.cat([lightness, chroma], dim=1)))


def _bleached(picture: Tensor, maps: Tensor) -> Tensor:
    """Bleach bypass: the silver stays in the print, a black-and-white picture laid over the coloured one."""
    picture = srgb(film(1.35 * exposed(linear(picture))))
    silver = srgb(luminance(linear(picture)))
    over = torch.where(silver < 0.5, 2.0 * picture * silver, 1.0 - 2.0 * (1.0 - picture) * (1.0 - silver))
    print_ = 0.65 * over + 0.35 * picture
    grey = srgb(luminance(linear(print_)))
    return grey + 0.42 * (print_ - grey)


def _cold(picture: Tensor, maps: Tensor) -> Tensor:
    """A blue filter before the lens, a thin print."""
    exposure = exposed(linear(picture)) * _colour((0.68, 1.02, 1.60), picture)
    lab = oklab(film(exposure))
    shadow = _colour((-0.012, -0.030), picture) * ramp(lab[:, :1], 0.75, 0.05)
    return srgb(light_of_oklab(torch.cat([lab[:, :1], 0.78 * lab[:, 1:] + shadow], dim=1)))


_MADE: Final[Mapping[str, Callable[[Tensor, Tensor], Tensor]]] = MappingProxyType(
    {
        "natural": _natural,
        "film-noir": _noir,
        "warm-35mm": _warm,
        "clay": _clay,
        "ink-and-wash": _ink,
        "toon": _toon,
        "teal-and-orange": _teal_and_orange,
        "pastel": _pastel,
        "bleached": _bleached,
        "cold": _cold,
    }
)
LOOKS: Final = tuple(_MADE)
"""Names of the looks; the first is the truth as it is."""


def _halated(exposure: Tensor, above: float, shares: tuple[float, float]) -> Tensor:
    """Light above ``above`` scattered into near and far halos of these shares."""
    bright = (exposure - above).clamp(0.0, 4.0)
    return exposure + shares[0] * blurred(bright, 2.0) + shares[1] * blurred(bright, 6.0)


def _graded(light: Tensor, lightness: float, chroma: float) -> Tensor:
    lab = oklab(light)
    return light_of_oklab(torch.cat([lightness * lab[:, :1], chroma * lab[:, 1:]], dim=1))


def _light(picture: Tensor, maps: Tensor) -> Tensor:
    """(N, 3, H, W) the light that falls on a white wall where each thing is: exposure of the truth over its albedo.

    Dark, shining and glowing things say little of it: theirs is the light that the maps know, as bright as it is round
    them.
    """
    exposure = exposed(linear(picture))
    albedo = linear(_part(maps, "albedo") * 0.5 + 0.5)
    matte = 1.0 - (_part(maps, "metallic") * 0.5 + 0.5).clamp(0.0, 1.0)
    trust = matte * ramp(_part(maps, "roughness") * 0.5 + 0.5, 0.10, 0.45) * (1.0 - _glow(maps)) + 0.003
    known = 0.03 + (_part(maps, "sun") * 0.5 + 0.5).clamp(min=0.0)
    for source in ("sky", "bounce", "lamps"):
        known = known + exposed(linear(_part(maps, source) * 0.5 + 0.5))
    guess = known * albedo
    gain = (blurred(trust * guess * exposure, 4.0) + 1e-3) / (blurred(trust * guess * guess, 4.0) + 1e-3)
    least = 0.003 / trust
    return (exposure * albedo + least * known * gain.clamp(max=8.0)) / (albedo * albedo + least)


def _bands(level: Tensor, at: tuple[float, ...], soft: float) -> Tensor:
    """Even steps 0 to 1, one at each of ``at``, each over ``2 soft``."""
    return sum((ramp(level, edge - soft, edge + soft) for edge in at), torch.zeros_like(level)) / len(at)


def _lines(maps: Tensor) -> Tensor:
    """(N, 1, H, W) how much ink an outline has, 0 to 1: steps of depth, creases, the rim of what stands before the sky.

    Where lines crowd (leaves, far windows) each is thinner, as a hand would draw them.
    """
    share = (_part(maps, "inverse_depth") * 0.5 + 0.5).clamp(0.0, 0.98)
    near = share / (1.0 - share) / DEPTH_M
    step = _second(near) / (blurred(near, 1.0) + 0.004)
    normal = _part(maps, "normal")
    crease = _first(normal)
    line = torch.maximum(ramp(step, 0.04, 0.15), 0.85 * ramp(crease, 0.30, 0.8))
    drawn = oklab(linear(painted(_part(maps, "albedo") * 0.5 + 0.5, 2)))
    line = torch.maximum(line, 0.55 * ramp(_first(drawn), 0.10, 0.26))
    line = torch.maximum(line, ramp(_first(_solid(maps)), 0.3, 0.8))
    return line / (1.0 + 1.6 * (blurred(line, 3.0) - 0.22).clamp(min=0.0) / 0.3)


def _first(x: Tensor) -> Tensor:
    """(N, 1, H, W) length of the largest step to a neighbour, of x (N, C, H, W)."""
    across = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    sides = (across[..., 1:-1, 2:], across[..., 1:-1, :-2], across[..., 2:, 1:-1], across[..., :-2, 1:-1])
    steps = [(side - x).square().sum(1, keepdim=True).sqrt() for side in sides]
    return torch.stack(steps).amax(0)


def _second(x: Tensor) -> Tensor:
    """(N, 1, H, W) the larger bend, down or across, of x (N, 1, H, W): 0 over a plane in inverse depth."""
    wide = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    across = (wide[..., 1:-1, 2:] + wide[..., 1:-1, :-2] - 2.0 * x).abs()
    down = (wide[..., 2:, 1:-1] + wide[..., :-2, 1:-1] - 2.0 * x).abs()
    return torch.maximum(across, down)


def _glow(maps: Tensor) -> Tensor:
    """(N, 1, H, W) 1 where a thing itself shines in the picture."""
    return ramp(luminance(exposed(linear(_part(maps, "emission") * 0.5 + 0.5))), 0.02, 0.3)


def _solid(maps: Tensor) -> Tensor:
    return (_part(maps, "coverage") * 0.5 + 0.5).clamp(0.0, 1.0)


def _part(maps: Tensor, name: str) -> Tensor:
    """The channel of ``MAPS`` called ``name``, or all that begin with it."""
    return maps[:, [k for k, word in enumerate(MAPS) if word == name or word.startswith(f"{name}.")]]


def _colour(values: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, -1, 1, 1)
