"""What pocket learns from, a batch at a time: pictures, and what of each it is told and asked for.

Half the samples are the plain truth without a word or with words that ask for nothing. The others are the truth in
another weather or in a look, with a caption that says so. Of each sample some of what is known is withheld, so that the
model works without it: the detail of textures (which it then invents), the light, all but depth and normals, what other
frames show. What other frames show is given, without words, with the errors it really has: carried along exact
correspondence, blurred, tinted, noisy, in part missing, and now and then as the model itself painted it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.controls import MAPS
from conditioning.text import encoded
from tools.train.captions import caption
from tools.train.colour import blurred, exposed, film, linear, srgb
from tools.train.looks import LOOKS, in_look
from tools.train.pairs import Pairs

FLIPPED_LIGHT: Final = 0
"""The sun's x in camera axes."""
NORMAL_X: Final = MAPS.index("normal.x")
ALBEDO: Final = tuple(MAPS.index(f"albedo.{c}") for c in "rgb")
SHAPE: Final = tuple(k for k, name in enumerate(MAPS) if name.startswith("normal") or name == "inverse_depth")
LIT: Final = tuple(
    k for k, name in enumerate(MAPS) if name.split(".")[0] in ("sun", "sky", "bounce", "lamps", "mirror", "occlusion")
)


@dataclass(frozen=True)
class Shares:
    """How often. pure: starts from noise alone, which is where a film starts. weather, look: the truth in one, with a
    caption. spoken: a caption that asks for nothing, of the plain truth. history: other frames are given where there
    are any; own: as the model painted them. flat: textures are withheld; unlit: the light is; bare: all but depth and
    normals. surfaceless: what surfaces are made of is not told, a batch at a time.
    """

    pure: float = 0.4
    weather: float = 0.3
    look: float = 0.25
    spoken: float = 0.4
    history: float = 0.5
    own: float = 0.25
    flat: float = 0.1
    unlit: float = 0.04
    bare: float = 0.04
    surfaceless: float = 0.2


@dataclass(frozen=True)
class Batch:
    """What ``PocketUNet.forward`` takes, and the target (N, 3, H, W); x is ``(1 - t) target + t noise``."""

    x: Tensor
    t: Tensor
    maps: Tensor
    light: Tensor
    proxy: Tensor
    words: Tensor
    history: Tensor
    kind: Tensor | None
    uv: Tensor | None
    target: Tensor


Paint = Callable[[Batch], Tensor]
"""The model as it is now: a batch to clean pictures."""


def batches(pairs: Pairs, size: int, crop: int, seed: int, step: int, shares: Shares, paint: Paint) -> Iterator[Batch]:
    """Endless batches from ``step`` on; a function of the seed, the step and the model."""
    while True:
        yield batch(pairs, size, crop, np.random.default_rng([seed, step]), shares, paint)
        step += 1


def batch(pairs: Pairs, size: int, crop: int, rng: np.random.Generator, shares: Shares, paint: Paint) -> Batch:
    """``size`` samples of ``crop`` pixels a side."""
    rows = rng.integers(0, len(pairs), size)
    wishes = [_wish(pairs, int(row), rng, shares) for row in rows]
    whole = _told(pairs, rows, wishes)
    given = [k for k in range(size) if _shown(pairs, int(rows[k]), wishes[k]) and rng.random() < shares.history]
    if given:
        whole.history[given] = _history(pairs, rows[given], [wishes[k] for k in given], rng, shares, paint)
    _withhold(whole, pairs.flat[rows], rng, shares)
    if rng.random() < shares.surfaceless:
        whole = replace(whole, kind=None, uv=None)
    y, x = (int(v) for v in rng.integers(0, max(whole.target.shape[-1] - crop, 0) + 1, 2))
    part = _each(whole, lambda picture: picture[..., y : y + crop, x : x + crop])
    if rng.random() < 0.5:
        part = _mirrored(part)
    t = rng.beta(1.0, 1.8, size)
    t[rng.random(size) < shares.pure] = 1.0
    return _noised(part, t, rng)


@dataclass(frozen=True)
class _Wish:
    """What one sample is asked for. weather: None for the world's own."""

    weather: str | None
    look: str
    words: str


def _wish(pairs: Pairs, row: int, rng: np.random.Generator, shares: Shares) -> _Wish:
    there = sorted(pairs.variant_of[row])
    weather = str(rng.choice(there)) if there and rng.random() < shares.weather else None
    look = str(rng.choice(LOOKS)) if rng.random() < shares.look else LOOKS[0]
    plain = weather is None and look == LOOKS[0]
    words = "" if plain and rng.random() >= shares.spoken else caption(pairs.facts[row], weather, look, rng)
    return _Wish(weather, look, words)


def _shown(pairs: Pairs, row: int, wish: _Wish) -> bool:
    """Whether another picture of the place is shown: not with words, whose grade would be laid over what has it."""
    return int(pairs.other[row]) >= 0 and not wish.words


def _told(pairs: Pairs, rows: npt.NDArray[np.int64], wishes: Sequence[_Wish]) -> Batch:
    """Whole pictures with all that is known of them but other frames; x and t are not drawn yet."""
    target, maps = pairs.target[rows].float(), pairs.maps[rows].float()
    device = target.device
    for k, wish in enumerate(wishes):
        if wish.weather is not None:
            target[k] = pairs.variant[pairs.variant_of[int(rows[k])][wish.weather]].float() / 127.5 - 1.0
    for look in sorted({wish.look for wish in wishes} - {LOOKS[0]}):
        mine = [k for k, wish in enumerate(wishes) if wish.look == look]
        target[mine] = in_look(look, target[mine], maps[mine])
    return Batch(
        x=target,
        t=torch.ones(len(rows), device=device),
        maps=maps,
        light=pairs.light[rows].clone(),
        proxy=pairs.proxy[rows].float(),
        words=torch.from_numpy(np.stack([encoded(wish.words) for wish in wishes])).to(device),
        history=target.new_zeros(len(rows), 4, *target.shape[-2:]),
        kind=pairs.kind[rows],
        uv=pairs.uv[rows].float(),
        target=target,
    )


def _history(
    pairs: Pairs,
    rows: npt.NDArray[np.int64],
    wishes: Sequence[_Wish],
    rng: np.random.Generator,
    shares: Shares,
    paint: Paint,
) -> Tensor:
    """(n, 4, h, w) what the other pictures of pairs show of these, and how well, with the errors it has in films."""
    others = _told(pairs, pairs.other[rows].cpu().numpy(), wishes)
    shown = others.target
    if rng.random() < shares.own:
        shown = paint(_noised(others, np.ones(len(rows)), rng)).clamp(-1.0, 1.0)
    known = _patches(len(rows), shown.shape[-2], shown.shape[-1], rng).to(shown.device)
    return carried(pairs, rows, _worn(shown, rng)) * torch.cat([(known > 0).expand(-1, 3, -1, -1), known], dim=1)


def carried(pairs: Pairs, rows: npt.NDArray[np.int64], shown: Tensor) -> Tensor:
    """(n, 4, h, w) pictures ``shown`` (n, 3, h, w) of the other places of ``rows``, carried here, and where seen."""
    height, width = shown.shape[-2:]
    grid = 2.0 * pairs.other_xy[rows].float() / shown.new_tensor([width, height]) - 1.0
    here = F.grid_sample(shown, grid, mode="bicubic", padding_mode="border", align_corners=False)
    seen = pairs.other_seen[rows].float()[:, None]
    return torch.cat([here * (seen > 0), seen], dim=1)


def _worn(shown: Tensor, rng: np.random.Generator) -> Tensor:
    """Blurred now and then, tinted and noisy a little: what hops and encodings do to pictures."""
    shown = shown + torch.from_numpy(rng.normal(0.0, 0.02, (len(shown), 3, 1, 1)).astype(np.float32)).to(shown.device)
    if rng.random() < 0.4:
        shown = blurred(shown, float(rng.uniform(0.4, 1.0)))
    level = rng.uniform(0.0, 0.05) * rng.standard_normal(shown.shape, dtype=np.float32)
    return shown + torch.from_numpy(level.astype(np.float32)).to(shown.device)


def _patches(count: int, height: int, width: int, rng: np.random.Generator) -> Tensor:
    """(count, 1, h, w) 0 in one box of each, that is not known for other reasons, and 0.3 to 1 elsewhere."""
    known = torch.from_numpy(rng.uniform(0.3, 1.0, (count, 1, 1, 1)).astype(np.float32)).repeat(1, 1, height, width)
    known = known.clamp(max=0.8) / 0.8
    for k in range(count):
        y, x = (int(rng.integers(0, side)) for side in (height, width))
        known[k, :, y : y + int(rng.integers(1, height)), x : x + int(rng.integers(1, width))] = 0.0
    return known


def _withhold(told: Batch, flat: Tensor, rng: np.random.Generator, shares: Shares) -> None:
    """Take from some samples, in place, what they are to do without."""
    lots = rng.random(len(flat))
    plain = np.flatnonzero(lots < shares.flat)
    if len(plain):
        maps, proxy = untextured(told.maps[plain], told.proxy[plain], flat[plain].float())
        told.maps[plain], told.proxy[plain] = maps, proxy
    edge = shares.flat + shares.unlit
    for row in np.flatnonzero((lots >= shares.flat) & (lots < edge)):
        told.maps[row, LIT] = 0.0
    for row in np.flatnonzero((lots >= edge) & (lots < edge + shares.bare)):
        told.maps[row, [k for k in range(len(MAPS)) if k not in SHAPE]] = 0.0
        told.proxy[row] = 0.0


def untextured(maps: Tensor, proxy: Tensor, flat: Tensor) -> tuple[Tensor, Tensor]:
    """Maps and proxy (N, C, H, W) as they are where nothing has a texture; flat: (N, 3, H, W) albedo without it."""
    change = linear(flat * 0.5 + 0.5) / linear(maps[:, ALBEDO] * 0.5 + 0.5).clamp(min=0.01)
    light = exposed(linear(proxy * 0.5 + 0.5)) * change.clamp(0.1, 10.0)
    maps = maps.clone()
    maps[:, ALBEDO] = flat
    return maps, srgb(film(light)) * 2.0 - 1.0


def _each(told: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """``change`` made to every picture."""
    values = {f.name: getattr(told, f.name) for f in fields(told)}
    return replace(told, **{k: change(v) for k, v in values.items() if v is not None and v.ndim > 2})


def _mirrored(told: Batch) -> Batch:
    """Left and right exchanged, directions with them."""
    result = _each(told, lambda picture: picture.flip(-1))
    result.maps[:, NORMAL_X] *= -1
    result.light[:, FLIPPED_LIGHT] *= -1
    return result


def _noised(told: Batch, t: npt.NDArray[np.float64], rng: np.random.Generator) -> Batch:
    """At flow time ``t`` (N,); where it is 1, without the noise (``Pocket.clean``)."""
    noise = torch.from_numpy(rng.standard_normal(told.target.shape, dtype=np.float32)).to(told.target.device)
    time = torch.from_numpy(t.astype(np.float32)).to(told.target.device)
    share = time[:, None, None, None]
    return replace(told, x=(1 - share) * told.target + share * (share < 1) * noise, t=time)
