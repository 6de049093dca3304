"""Whether pocket does what words ask, and leaves alone what they do not ask for, on pictures it never learned from.

Each prompt is worded unlike any caption of the training. Of each, the statistic that its words name is measured without
the words, with them, and in the truth (the look of the truth, or its variant in that weather), with the share of
pictures in which it moves the way the words ask. Beside it stand how much the picture changed, the silhouettes it draws
(``conditioning.metrics.edge_f1`` against the world's depth, as a share of what it draws without words), and how well
its gradients keep to those of the picture without words. A prompt of words that name nothing should change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from conditioning.controls import DEPTH_M, MAPS, Controls
from conditioning.metrics import depth_edges, edge_f1
from conditioning.sampler import sample, sigmas_of
from conditioning.text import encoded
from tools.train.colour import blurred, linear, oklab
from tools.train.looks import LOOKS, in_look
from worldgen.conventions import F32, Bool

if TYPE_CHECKING:
    from conditioning.models.pocket.denoiser import Pocket
    from tools.train.pairs import Pairs

PICTURES: Final = 32
"""Pictures that a prompt is judged by, at most."""
ROWS: Final = 10
"""Of them, how many the sheet shows."""

HEAD: Final = 18
"""Pixels for the words above the columns."""

Statistic = Callable[[Tensor, Tensor], float]
"""Of a picture in Oklab (3, H, W) and its maps (M, H, W); NaN where the picture has nothing to measure."""


@dataclass(frozen=True)
class Asked:
    """A prompt. names: the look or weather it is about, None for neither. says: what is measured, in words.

    rises: whether the words ask for more of it; None: that it stays as it is.
    """

    words: str
    names: str | None
    says: str
    statistic: Statistic
    rises: bool | None


def _lightness(lab: Tensor, maps: Tensor) -> float:
    return float(lab[0].mean())


def _chroma(lab: Tensor, maps: Tensor) -> float:
    return float(lab[1:].norm(dim=0).mean())


def _warmth(lab: Tensor, maps: Tensor) -> float:
    return float(lab[2].mean())


def _split(lab: Tensor, maps: Tensor) -> float:
    """How much warmer what is light is than what is dark: the slope of warmth on lightness."""
    lightness, warmth = lab[0] - lab[0].mean(), lab[2] - lab[2].mean()
    return float((lightness * warmth).sum() / lightness.square().sum().clamp(min=1e-3))


def _darkest(lab: Tensor, maps: Tensor) -> float:
    return float(lab[0].flatten().quantile(0.05))


def _contrast(lab: Tensor, maps: Tensor) -> float:
    return float(lab[0].std())


def _noir(lab: Tensor, maps: Tensor) -> float:
    return _chroma(lab, maps) / max(_contrast(lab, maps), 1e-3)


def _painted_in(lab: Tensor, maps: Tensor) -> float:
    """How much of the colour of things is in the picture: the slope of its chroma on that of the albedo."""
    own = oklab(linear(_part(maps, "albedo") * 0.5 + 0.5)[None])[0, 1:]
    own, there = own - own.mean((1, 2), keepdim=True), lab[1:] - lab[1:].mean((1, 2), keepdim=True)
    power = float(own.square().sum())
    return float((own * there).sum()) / power if power > 1.0 else math.nan


def _flatness(lab: Tensor, maps: Tensor) -> float:
    """Share of pixels, away from silhouettes, that are as their neighbours."""
    step = lab.diff(dim=2)[:, 1:].abs().sum(0) + lab.diff(dim=1)[:, :, 1:].abs().sum(0)
    return float((step < 0.012).float().mean())


def _two_hues(lab: Tensor, maps: Tensor) -> float:
    """Share of the colour that lies on the line from teal to orange (60 degrees)."""
    along = 0.5 * lab[1] + 0.866 * lab[2]
    return float(along.square().sum() / lab[1:].square().sum().clamp(min=1e-6))


def _shadows(lab: Tensor, maps: Tensor) -> float:
    """How much lighter sunlit surfaces are than shaded ones."""
    sun, solid = _part(maps, "sun")[0], _solid(maps)
    return _between(lab[0], solid & (sun > -0.4), solid & (sun < -0.95))


def _wet(lab: Tensor, maps: Tensor) -> float:
    """How much lighter ground and ledges are than walls."""
    up, solid = _part(maps, "up")[0], _solid(maps)
    return _between(lab[0], solid & (up > 0.8), solid & (up.abs() < 0.3))


def _level(lab: Tensor, maps: Tensor) -> float:
    up = _solid(maps) & (_part(maps, "up")[0] > 0.8)
    return float(lab[0][up].mean()) if int(up.sum()) >= 200 else math.nan


def _far(lab: Tensor, maps: Tensor) -> float:
    """Contrast of detail far off, as a share of that near by."""
    depth, solid = _depth(maps), _solid(maps)
    detail = (lab[:1] - blurred(lab[None, :1], 3.0)[0])[0].abs()
    far, near = solid & (depth > 25.0), solid & (depth < 10.0)
    if int(far.sum()) < 200 or int(near.sum()) < 200:
        return math.nan
    return float(detail[far].mean() / detail[near].mean().clamp(min=1e-4))


PROMPTS: Final = (
    Asked("a moody black & white crime picture", "film-noir", "colour against contrast", _noir, False),
    Asked("photographed on warm analogue 35mm stock", "warm-35mm", "light warmer than shadow", _split, True),
    Asked("everything modelled in plain grey clay", "clay", "colour of things", _painted_in, False),
    Asked("an ink drawing with watercolour washes", "ink-and-wash", "lightness", _lightness, True),
    Asked("a cel shaded cartoon picture", "toon", "share that is flat", _flatness, True),
    Asked("graded in orange and teal", "teal-and-orange", "share on two hues", _two_hues, True),
    Asked("soft pale pastel tones", "pastel", "lightness of the darkest", _darkest, True),
    Asked("a desaturated bleach bypass print", "bleached", "colour", _chroma, False),
    Asked("a cold blue grade", "cold", "warmth", _warmth, False),
    Asked("a dull day below grey overcast clouds", "overcast", "sunlight over shade", _shadows, False),
    Asked("warm golden hour sun in the evening", "golden-hour", "warmth", _warmth, True),
    Asked("deep in the night", "night", "lightness", _lightness, False),
    Asked("the ground is wet, it has been raining", "rain", "level over upright", _wet, False),
    Asked("snow lies everywhere", "snow", "lightness of level surfaces", _level, True),
    Asked("a place in dense fog and mist", "fog", "detail far over near", _far, False),
    Asked("an uncle sells twelve umbrellas, wide lens", None, "lightness", _lightness, None),
)
"""One of every look and weather, and one that names none of them."""


def prompt_table(pocket: Pocket, pairs: Pairs, prompts: Sequence[Asked] = PROMPTS) -> tuple[str, Image.Image]:
    """A Markdown table, a row a prompt, and a sheet: rows are pictures, columns no words and then the prompts.

    pairs: held-out pictures; looks are judged by some of all, weathers by those that have a truth in it (by some of all
    outdoors where none has).
    """
    chosen = _spread(range(len(pairs)), PICTURES)
    told = {k: pairs.told(k) for k in range(len(pairs))}
    plain: dict[int, F32] = {}

    def without(k: int) -> F32:
        if k not in plain:
            plain[k] = painted(pocket, told[k][0], "")
        return plain[k]

    lines = [
        "| words | what they name | without | with | truth | pictures that follow | change | silhouettes | gradients |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    shown = _spread(chosen, ROWS)
    columns = [[without(k) for k in shown]]
    for asked in prompts:
        judged = _judged(pairs, asked, chosen)
        made = {k: painted(pocket, told[k][0], asked.words) for k in {*judged, *shown}}
        columns.append([made[k] for k in shown])
        due = {k: there for k in judged if (there := _truth(pairs, k, asked.names)) is not None}
        rows = [_row(asked, told[k][0], without(k), made[k], due.get(k)) for k in judged]
        lines.append(_line(asked, [row for row in rows if not math.isnan(row["with"])]))
    heads = ["no words", *(asked.names or "words of nothing" for asked in prompts)]
    return "\n".join(lines) + "\n", _sheet(heads, columns)


def painted(pocket: Pocket, told: Controls, words: str = "", steps: int = 1, history: Tensor | None = None) -> F32:
    """(3, H, W) in [-1, 1] a picture to these words, from fixed noise. history: as ``Pocket.prepared`` takes it."""
    conditions = pocket.prepared(told, encoded(words).copy(), history)
    noise = torch.randn(1, *told.proxy.shape, generator=torch.Generator().manual_seed(0))
    return sample(lambda x, sigma: pocket.clean(x[0], sigma, conditions)[None], noise, sigmas_of(steps))[0].numpy()


def _sheet(heads: Sequence[str], columns: Sequence[Sequence[F32]]) -> Image.Image:
    grid = np.concatenate([np.concatenate(column, axis=1) for column in columns], axis=2)
    pictures = Image.fromarray(np.rint(255 * _display(grid)).astype(np.uint8))
    sheet = Image.new("RGB", (pictures.width, pictures.height + HEAD), "white")
    sheet.paste(pictures, (0, HEAD))
    draw = ImageDraw.Draw(sheet)
    for k, head in enumerate(heads):
        draw.text((k * pictures.width // len(heads) + 3, 2), head, "black", ImageFont.load_default(HEAD - 6))
    return sheet


def _judged(pairs: Pairs, asked: Asked, chosen: Sequence[int]) -> Sequence[int]:
    if asked.names is None or asked.names in LOOKS:
        return chosen
    there = [k for k in range(len(pairs)) if asked.names in pairs.variant_of[k]]
    return _spread(there or [k for k in chosen if not pairs.facts[k].get("inside")], PICTURES)


def _truth(pairs: Pairs, k: int, name: str | None) -> F32 | None:
    """(3, H, W) the true picture in a look or a weather, if there is one."""
    if name in LOOKS:
        return in_look(str(name), pairs.target[k : k + 1].float(), pairs.maps[k : k + 1].float())[0].cpu().numpy()
    if name is None or name not in pairs.variant_of[k]:
        return None
    return (pairs.variant[pairs.variant_of[k][name]].float() / 127.5 - 1.0).cpu().numpy()


def _row(asked: Asked, told: Controls, without: F32, made: F32, due: F32 | None) -> Mapping[str, float]:
    maps, edges = torch.from_numpy(told.maps), silhouettes(told)
    before, after = (asked.statistic(_lab(p), maps) for p in (without, made))
    follows = after - before if asked.rises else before - after
    return {
        "without": before,
        "with": after,
        "truth": math.nan if due is None else asked.statistic(_lab(due), maps),
        "follows": float(follows > 0),
        "change": float(np.abs(made - without).mean()) * 127.5,
        "drawn": edge_f1(_display(made), edges),
        "drawn before": edge_f1(_display(without), edges),
        "gradients": _same_gradients(made, without),
    }


def _line(asked: Asked, rows: Sequence[Mapping[str, float]]) -> str:
    if not rows:
        return f"| {asked.words} | {asked.says} | no picture to judge by | | | | | | |"

    def mean(name: str, digits: int) -> str:
        values = [row[name] for row in rows if not math.isnan(row[name])]
        return f"{fmean(values):.{digits}f}" if values else "none"

    follow = "none asked" if asked.rises is None else f"{fmean(row['follows'] for row in rows):.0%} of {len(rows)}"
    drawn, before = (fmean(row[name] for row in rows) for name in ("drawn", "drawn before"))
    kept = drawn / before if before > 0 else 1.0
    cells = [asked.words, asked.says, mean("without", 3), mean("with", 3), mean("truth", 3), follow]
    return f"| {' | '.join([*cells, mean('change', 1), f'{kept:.2f}', mean('gradients', 2)])} |"


def silhouettes(told: Controls) -> Bool:
    """(H, W) where the world steps in depth."""
    depth = _depth(torch.from_numpy(told.maps)).numpy()
    return depth_edges(depth, told.kind.astype(np.int32))


def _same_gradients(one: F32, other: F32) -> float:
    """Correlation of the strengths of the two pictures' gradients, -1 to 1: 1 where all lines stay where they were."""
    sizes = [np.hypot(*np.gradient(_display(p).mean(-1))).ravel() for p in (one, other)]
    if min(size.std() for size in sizes) < 1e-6:
        return math.nan
    return float(np.corrcoef(sizes)[0, 1])


def _between(values: Tensor, some: Tensor, others: Tensor) -> float:
    if min(int(some.sum()), int(others.sum())) < 200:
        return math.nan
    return float(values[some].mean() - values[others].mean())


def _lab(picture: F32) -> Tensor:
    return oklab(linear(torch.from_numpy(picture)[None].clamp(-1, 1) * 0.5 + 0.5))[0]


def _display(picture: F32) -> F32:
    """(H, W, 3) in [0, 1] of (3, H, W) in [-1, 1]."""
    shown: F32 = np.clip(picture.transpose(1, 2, 0) * np.float32(0.5) + np.float32(0.5), 0, 1)
    return shown


def _part(maps: Tensor, name: str) -> Tensor:
    return maps[[k for k, word in enumerate(MAPS) if word.split(".")[0] == name]]


def _solid(maps: Tensor) -> Tensor:
    return _part(maps, "coverage")[0] > 0.5


def _depth(maps: Tensor) -> Tensor:
    near = _part(maps, "inverse_depth")[0] * 0.5 + 0.5
    return torch.where(near > 1e-3, DEPTH_M * (1.0 / near.clamp(min=1e-3) - 1.0), torch.inf)


def _spread(items: Sequence[int], count: int) -> list[int]:
    """``count`` of them at most, evenly."""
    return [items[k] for k in sorted({round(x) for x in np.linspace(0, len(items) - 1, min(count, len(items)))})]
