"""Frames agree on surfaces, and only where they should."""

from __future__ import annotations

import numpy as np
import torch

from conditioning.guidance import Source, agreed, around, consensus, low_pass
from render.correspondence import Correspondence

SIZE = 48


def identity(visible: np.ndarray | None = None) -> Correspondence:
    ys, xs = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) + 0.5
    seen = np.ones((SIZE, SIZE), np.bool_) if visible is None else visible
    return Correspondence(np.stack([xs, ys], -1), seen, seen.astype(np.float32))


def noise(seed: int) -> torch.Tensor:
    return torch.randn(3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed)) * 0.2


def source(seen: Correspondence, picture: torch.Tensor, light: torch.Tensor) -> Source:
    return Source(picture, light, seen)


FLAT = torch.zeros(3, SIZE, SIZE)


def test_one_view_is_copied_where_it_is_seen() -> None:
    picture = noise(1)
    made = agreed(noise(2), consensus(FLAT, [source(identity(), picture, FLAT)]))
    inner = (slice(None), slice(8, -8), slice(8, -8))
    low = low_pass((made - picture)[None], 2.0)[0]
    assert low[inner].abs().max() < 0.03
    correlation = torch.corrcoef(torch.stack([made[inner].flatten(), picture[inner].flatten()]))[0, 1]
    assert correlation > 0.99


def test_what_no_view_sees_stays_exactly() -> None:
    hidden = np.zeros((SIZE, SIZE), np.bool_)
    mine = noise(2)
    made = agreed(mine, consensus(FLAT, [source(identity(hidden), noise(1), FLAT)]))
    torch.testing.assert_close(made, mine, atol=1e-5, rtol=0)
    assert agreed(mine, consensus(FLAT, [])) is mine


def test_strength_zero_is_off() -> None:
    mine = noise(2)
    assert agreed(mine, consensus(FLAT, [source(identity(), noise(1), FLAT)]), 0.0) is mine


def test_a_moved_shadow_is_not_copied() -> None:
    shadow = FLAT.clone()
    shadow[:, :, : SIZE // 2] = -0.8
    there = consensus(FLAT, [source(identity(), noise(1), shadow)])
    assert there is not None
    assert there.share[0, :, : SIZE // 2 - 6].max() < 0.01
    assert there.share[0, :, SIZE // 2 + 6 :].min() > 0.9


def test_averaging_keeps_the_energy_of_fine_detail() -> None:
    pictures = torch.stack([noise(k) for k in range(2)])
    mine = noise(9)
    made = agreed(mine, consensus(FLAT, [source(identity(), picture, FLAT) for picture in pictures]))

    def fine(x: torch.Tensor) -> float:
        return float((x - low_pass(x[None], 2.0)[0]).square().mean())

    assert fine(pictures.mean(0)) < 0.6 * fine(mine)
    assert fine(made) > 1.2 * fine(pictures.mean(0))


def test_keyframes_on_both_sides_share_a_frame() -> None:
    assert around(4, (0, 8)) == [(0, 0.5), (8, 0.5)]
    assert around(2, (0, 8)) == [(0, 0.75), (8, 0.25)]
    assert around(8, (0, 8)) == [(8, 1.0)]
    assert around(9, (0, 8)) == [(8, 1.0)]
    assert around(3, (5,)) == [(5, 1.0)]
    assert around(3, ()) == []
