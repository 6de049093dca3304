"""The numbers of a report, as JSON values, from what was measured. Ratios are against the unguided film."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conditioning.metrics import NO_CHANGE, SIGMAS, Change, score
from conditioning.metrics_light import Colour, colour_drift, frozen, together
from tools.measure import BASE, CONTROLS, Walked
from tools.measure_again import Again, Looked
from worldgen.conventions import srgb_from_linear
from worldgen.world import World

ENOUGH: Final = 0.005
"""Kinds of pairs that share fewer points than this part of a picture are not judged by."""

MOST_THINGS: Final = 12
"""Things named in a list of colours."""


def shot_figures(walked: Mapping[str, Walked], looked: Looked) -> dict[str, Any]:
    """Everything measured of one shot."""
    base = walked[BASE]
    found: dict[str, Any] = {f"e_warp_{name}": round(film.e_warp[0], 4) for name, film in walked.items()}
    found["e_warp_sigma"] = {name: by_sigma(film.e_warp) for name, film in walked.items()}
    guided = next((name for name in walked if name not in (BASE, *CONTROLS)), BASE)
    found["e_warp_ratio"] = ratio(walked[guided].e_warp[0], base.e_warp[0])
    found["sharpness_ratio"] = ratio(walked[guided].mean.sharpness, base.mean.sharpness)
    found["films"] = film_figures(walked, looked)
    found["stops"] = len(looked.takes)
    return found


def film_figures(walked: Mapping[str, Walked], looked: Looked) -> dict[str, Any]:
    """The figures of every film. Where the right picture is known, detail that is there counts as sharpness."""
    return {name: _film(name, walked, looked) for name in walked}


def scene_figures(looked: Looked, shots: Sequence[str], world: World) -> dict[str, Any]:
    """What holds across the cuts of a scene. shots: their names in order. world: all of them show it."""
    films = {}
    for name, film in looked.films.items():
        films[name] = {
            "pairs": _pairs(film, looked.films[BASE]),
            "colours": _colours(film, looked, shots, world),
        }
    return {"films": films, "stops": len(looked.takes)}


def ratio(value: float, base: float) -> float:
    """``value / base``; 1 where both are nothing (two still pictures are equally steady)."""
    return round(value / base, 4) if base > 0 else 1.0


def by_sigma(values: Sequence[float]) -> dict[str, float]:
    """One value for each of ``SIGMAS``, by its name."""
    return {f"{s:g}": round(v, 4) for s, v in zip(SIGMAS, values, strict=True)}


def steadiness(film: Walked, again: Again, base: Walked, base_again: Again, pixels: int) -> float:
    """The warp error against the unguided film's, mean over consecutive and far pairs and ``SIGMAS``; 1 is equal."""
    pairs = [(sum(film.changes, NO_CHANGE), sum(base.changes, NO_CHANGE))]
    pairs += [(change, base_again.pairs[kind]) for kind, change in again.pairs.items()]
    found = [_mean_ratio(a, b) for a, b in pairs if b.pixels >= ENOUGH * pixels]
    return sum(found) / len(found) if found else 1.0


def motion_ratio(film: Again, base: Again) -> float:
    """Motion error against the unguided film's; 1 where no light moves."""
    mine, theirs = film.motion.amiss, base.motion.amiss
    return mine / max(theirs, 1e-6) if mine is not None and theirs is not None else 1.0


def _mean_ratio(film: Change, base: Change) -> float:
    return sum(ratio(a, b) for a, b in zip(film.mean, base.mean, strict=True)) / len(SIGMAS)


def _film(name: str, walked: Mapping[str, Walked], looked: Looked) -> dict[str, Any]:
    film, base = walked[name], walked[BASE]
    again, base_again = looked.films[name], looked.films[BASE]
    mean, base_mean = film.mean, base.mean
    steady = steadiness(film, again, base, base_again, looked.pixels)
    sharp, moves = ratio(mean.sharpness, base_mean.sharpness), motion_ratio(again, base_again)
    known = not math.isnan(mean.detail)
    detail = ratio(mean.detail, base_mean.detail) if known else sharp
    return {
        "e_warp": by_sigma(film.e_warp),
        "e_warp_ratio": ratio(film.e_warp[0], base.e_warp[0]),
        "steadiness": round(steady, 4),
        "sharpness_ratio": sharp,
        "detail_ratio": detail if known else None,
        "psnr": round(10 * math.log10(255**2 / max(mean.error, 1e-3)), 3) if known else None,
        "gradient_energy_ratio": ratio(mean.energy, base_mean.energy),
        "laplacian_ratio": ratio(mean.laplacian, base_mean.laplacian),
        "edge_f1": round(mean.edges, 4),
        "flicker": by_sigma(film.flicker),
        "pairs": _pairs(again, base_again),
        "motion": {
            "error": _rounded(again.motion.amiss),
            "follows": _rounded(again.motion.follows),
            "ratio": round(moves, 4),
            "pixels": again.motion.pixels,
        },
        "score": round(score(steady, detail, frozen(again.motion, base_again.motion)), 4),
        "e_warp_frames": [round(c.mean[0], 4) for c in film.changes],
        "flicker_frames": [round(c.rms[1], 4) for c in film.flickers],
        "sharpness_frames": [round(f.sharpness, 4) for f in film.frames],
        "apart": [[round(seconds, 3), round(error, 4)] for seconds, error in again.apart],
    }


def _pairs(film: Again, base: Again) -> dict[str, Any]:
    return {
        kind: {
            "e_warp": by_sigma(change.mean),
            "psnr": by_sigma(change.psnr),
            "ratio": round(_mean_ratio(change, base.pairs[kind]), 4),
            "pixels": change.pixels,
        }
        for kind, change in film.pairs.items()
        if change.pixels > 0
    }


def _colours(film: Again, looked: Looked, shots: Sequence[str], world: World) -> dict[str, Any]:
    """Drift of the colours of the parts of things from every shot to every later one."""
    names, materials = world.names, world.rest.materials
    by_take = [
        together(c for c, take in zip(film.colours, looked.takes, strict=True) if take == k) for k in range(len(shots))
    ]
    rows = [
        (drift, pixels, part, i, j)
        for j in range(len(shots))
        for i in range(j)
        for part, (drift, pixels) in colour_drift(by_take[i], by_take[j]).items()
    ]
    weight = sum(pixels for _, pixels, *_ in rows)
    things = [
        {
            "thing": f"{names[part[0]]}: {materials[part[1]].kind}",
            "shots": [shots[i], shots[j]],
            "delta_e": round(drift, 3),
            "pixels": pixels,
            "srgb": [_hex(by_take[i][part]), _hex(by_take[j][part])],
        }
        for drift, pixels, part, i, j in sorted(rows, reverse=True)
    ]
    return {
        "mean": round(sum(drift * pixels for drift, pixels, *_ in rows) / weight, 3) if weight else None,
        "worst": things[0]["delta_e"] if things else None,
        "things": things[:MOST_THINGS],
    }


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(float(v) * 255):02x}" for v in srgb_from_linear(colour.painted / colour.pixels))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
