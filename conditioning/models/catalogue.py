"""Every model that can paint, by name."""

from __future__ import annotations

from typing import Final

from conditioning.guidance import Guidance
from conditioning.models import animatediff, cogvideox, cosmos, flux, ltx2, sdxl, wan
from conditioning.models.family import Family, FrameRule, Loading
from conditioning.paint import Denoiser, PocketDenoiser
from worldgen.errors import listed, nearest


def _pocket(loading: Loading) -> Denoiser:
    from conditioning.models.pocket.denoiser import Pocket

    return PocketDenoiser(Pocket(loading.folder, loading.device))


POCKET: Final = Family(
    name="pocket",
    words="embedded; reads the world's light, materials and shapes, and prompts (look, weather, hour); runs on a CPU",
    checkpoints=(),  # its weights are part of the program
    side=1,
    sizes=((1280, 720),),
    frames=FrameRule(),
    window=1,
    latent_stride=1,
    controls=(),  # it is told the world itself: conditioning.controls
    at_once=0,
    known=False,
    references=0,
    memory=(),
    steps=1,
    cfg=1.0,
    guidance=Guidance(),
    load=_pocket,
)

FAMILIES: Final[tuple[Family, ...]] = (
    POCKET,
    *wan.FAMILIES,
    *cogvideox.FAMILIES,
    *ltx2.FAMILIES,
    *cosmos.FAMILIES,
    *animatediff.FAMILIES,
    *sdxl.FAMILIES,
    *flux.FAMILIES,
)
"""The embedded one first; then those whose weights are fetched."""


def family(name: str) -> Family:
    """The model called ``name``. Errors: ``ValueError`` with the nearest name."""
    for one in FAMILIES:
        if one.name == name:
            return one
    near = nearest(name, [one.name for one in FAMILIES])
    hint = f"did you mean `{near}`?" if near else f"use {listed(one.name for one in FAMILIES)}"
    raise ValueError(f"no model is called {name!r}: {hint}")
