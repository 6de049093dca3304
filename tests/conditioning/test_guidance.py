"""Frames agree on surfaces, and only where they should."""

from __future__ import annotations

import numpy as np
import torch

from conditioning.guidance import Source, agreed, around, consensus, low_pass, magnified
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
    assert low_pass((made - picture)[None], 2.0)[0][inner].abs().max() < 0.01
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


def test_a_view_painted_to_other_words_is_followed_as_far_as_they_are_alike() -> None:
    shares = []
    for alike in (1.0, 0.5, 0.0):
        there = consensus(FLAT, [Source(noise(1), FLAT, identity(), alike=alike)])
        assert there is not None
        shares.append(float(there.share.mean()))
    assert shares[0] > 0.95
    assert 0.4 < shares[1] / shares[0] < 0.6
    assert shares[2] < 0.01


def test_several_views_can_be_merged_into_one_that_says_the_same() -> None:
    """Half as large as the frame's pixels in x: the view gives rough form, and fine detail only where it says so."""
    ys, xs = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) + 0.5
    coarse = Correspondence(np.stack([xs / 2, ys], -1), identity().visible, identity().confidence)
    views = [Source(noise(1), FLAT, coarse), Source(noise(3), FLAT, identity(xs > SIZE / 2))]
    once = consensus(FLAT, views)
    merged = consensus(FLAT, views, sharpen=0.0)
    assert once is not None
    assert merged is not None
    assert float(merged.detail[0, :, :16].max()) < 0.05 < 0.4 < float(merged.detail[0, :, -16:].min())
    share = merged.share[0].numpy()
    here = Correspondence(identity().xy, share > 0, share)
    again = consensus(FLAT, [Source(merged.picture, FLAT, here, detail=merged.detail[0])])
    torch.testing.assert_close(agreed(noise(2), again), agreed(noise(2), once), atol=0.02, rtol=0)


def test_a_moved_shadow_is_not_copied() -> None:
    shadow = FLAT.clone()
    shadow[:, :, : SIZE // 2] = -0.8
    there = consensus(FLAT, [source(identity(), noise(1), shadow)])
    assert there is not None
    assert there.share[0, :, : SIZE // 2 - 6].max() < 0.01
    assert there.share[0, :, SIZE // 2 + 6 :].min() > 0.9


def test_what_is_fetched_goes_with_the_light_a_little_and_stays_where_it_moved_far() -> None:
    """A shadow that is a little deeper here is painted deeper; a proxy that only shimmers changes nothing."""
    picture = noise(1)
    for change, follows in ((0.03, 0.0), (-0.15, 1.0), (0.15, 1.0)):
        there = consensus(FLAT + change, [source(identity(), picture, FLAT)])
        plain = consensus(FLAT, [source(identity(), picture, FLAT)])
        assert there is not None
        assert plain is not None
        torch.testing.assert_close(there.picture, plain.picture + follows * change, atol=1e-4, rtol=0)


def test_the_finest_detail_that_a_hop_takes_is_given_back() -> None:
    half = identity()
    moved = Correspondence(half.xy + np.float32(0.25), half.visible, half.confidence)
    picture = low_pass(noise(1)[None], 0.8)[0]
    there = consensus(FLAT, [source(moved, picture, FLAT)])
    assert there is not None

    def steepness(x: torch.Tensor) -> float:
        return float(x.diff(dim=2).abs().mean())

    assert 0.97 < steepness(there.picture) / steepness(picture) < 1.02


def test_what_comes_nearer_keeps_detail_of_its_own() -> None:
    """A view that saw the surface at half the resolution gives its colours, not its blur."""
    middle = identity()
    half = Correspondence(24 + (middle.xy - 24) * np.float32(0.5), middle.visible, middle.confidence)
    assert (magnified(half)[:-1, :-1] == 0.5).all()
    mine = noise(2)
    made = agreed(mine, consensus(FLAT, [source(half, noise(1) + 0.5, FLAT)]))

    def fine(x: torch.Tensor) -> torch.Tensor:
        return x - low_pass(x[None], 2.0)[0]

    assert abs(float((made - mine).mean()) - 0.5) < 0.05
    assert float((fine(made) - fine(mine)).square().mean()) < 0.05 * float(fine(mine).square().mean())


def test_keyframes_on_both_sides_share_a_frame() -> None:
    assert around(4, (0, 8)) == [(0, 0.5), (8, 0.5)]
    assert around(2, (0, 8)) == [(0, 0.75), (8, 0.25)]
    assert around(8, (0, 8)) == [(8, 1.0)]
    assert around(9, (0, 8)) == [(8, 1.0)]
    assert around(3, (5,)) == [(5, 1.0)]
    assert around(3, ()) == []
