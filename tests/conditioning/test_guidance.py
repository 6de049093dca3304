"""Frames agree on surfaces, and only where they should."""

from __future__ import annotations

import numpy as np
import torch

from conditioning.guidance import Guidance, Source, agreed, anchors_of, low_pass, source
from render.correspondence import Correspondence

SIZE = 48


def identity(visible: np.ndarray | None = None) -> Correspondence:
    ys, xs = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) + 0.5
    seen = np.ones((SIZE, SIZE), np.bool_) if visible is None else visible
    return Correspondence(np.stack([xs, ys], -1), seen, seen.astype(np.float32))


def noise(seed: int) -> torch.Tensor:
    return torch.randn(3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed)) * 0.2


def view(frame: int, seen: Correspondence, mine: torch.Tensor, theirs: torch.Tensor) -> Source:
    return source(frame, seen, 1.0, mine, theirs)


FLAT = torch.zeros(3, SIZE, SIZE)


def test_one_view_is_copied_where_it_is_seen() -> None:
    picture = noise(1)
    made = agreed(noise(2), picture[None], [view(0, identity(), FLAT, FLAT)], Guidance())
    inner = (slice(None), slice(8, -8), slice(8, -8))
    low = low_pass((made - picture)[None], 2.0)[0]
    assert low[inner].abs().max() < 0.03
    correlation = torch.corrcoef(torch.stack([made[inner].flatten(), picture[inner].flatten()]))[0, 1]
    assert correlation > 0.99


def test_what_no_view_sees_stays_exactly() -> None:
    hidden = np.zeros((SIZE, SIZE), np.bool_)
    mine = noise(2)
    made = agreed(mine, noise(1)[None], [view(0, identity(hidden), FLAT, FLAT)], Guidance())
    torch.testing.assert_close(made, mine, atol=1e-5, rtol=0)
    torch.testing.assert_close(agreed(mine, noise(1)[None], [], Guidance()), mine)


def test_strength_zero_is_off() -> None:
    mine = noise(2)
    made = agreed(mine, noise(1)[None], [view(0, identity(), FLAT, FLAT)], Guidance(strength=0.0))
    torch.testing.assert_close(made, mine)


def test_a_moved_shadow_is_not_copied() -> None:
    shadow = FLAT.clone()
    shadow[:, :, : SIZE // 2] = -0.8
    weight = view(0, identity(), FLAT, shadow).weight
    assert weight[:, : SIZE // 2 - 6].max() < 0.01
    assert weight[:, SIZE // 2 + 6 :].min() > 0.9


def test_averaging_keeps_the_energy_of_fine_detail() -> None:
    pictures = torch.stack([noise(k) for k in range(4)])
    views = [view(k, identity(), FLAT, FLAT) for k in range(4)]
    mine = noise(9)
    made = agreed(mine, pictures, views, Guidance())
    plain = pictures.mean(0)

    def fine(x: torch.Tensor) -> float:
        return float((x - low_pass(x[None], 2.0)[0]).square().mean())

    assert fine(plain) < 0.4 * fine(mine)
    assert fine(made) > 0.6 * fine(mine)


def test_anchors_end_the_window_and_are_close_enough() -> None:
    for start, stop in ((0, 1), (0, 5), (0, 16), (16, 32), (7, 40)):
        anchors = anchors_of(start, stop, 8)
        assert anchors[-1] == stop - 1
        assert all(start <= a < stop for a in anchors)
        assert max(np.diff(anchors), default=0) <= 12
