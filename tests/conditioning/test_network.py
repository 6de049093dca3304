"""The network of pocket: what it computes, by the plain formula."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from conditioning.models.pocket.network import WAVES, PocketUNet, surface_waves


@pytest.fixture(scope="module")
def network() -> PocketUNet:
    torch.manual_seed(0)
    return PocketUNet(maps=2, light=3, words=4, kinds=("brick", "wood"), channels=(8, 8), blocks=(1, 1), condition=8)


@pytest.mark.parametrize("size", [(32, 48), (18, 35)])
@pytest.mark.parametrize("told", [(), ("x",), ("history", "kind"), ("x", "history", "kind", "uv")])
def test_it_reads_unshuffled_pictures_and_what_is_untold_as_zeros(
    network: PocketUNet, size: tuple[int, int], told: tuple[str, ...]
) -> None:
    height, width = size
    every = {
        "x": torch.randn(2, 3, *size),
        "history": torch.randn(2, 4, *size),
        "kind": torch.randint(0, 3, (2, *size), dtype=torch.uint8),
        "uv": torch.rand(2, 2, *size) * 3,
    }
    given = {name: every[name] if name in told else None for name in every}
    maps, pad = torch.randn(2, 2, *size), (0, -width % 16, 0, -height % 16)

    def padded(planes: Tensor) -> Tensor:
        return F.pad(planes, pad, mode="replicate")

    x, history = (torch.zeros_like(every[n]) if given[n] is None else every[n] for n in ("x", "history"))
    made_of = network.material(every["kind"].long()).permute(0, 3, 1, 2) * float("kind" in told)
    where = surface_waves(every["uv"]) * float("uv" in told)
    fine = F.pixel_unshuffle(padded(torch.cat([x, maps, history], dim=1)), 2)
    plain = network.head(torch.cat([fine, *(F.avg_pool2d(padded(part), 2) for part in (made_of, where))], dim=1))
    seen = network._seen((given["x"], maps, given["history"]), (given["kind"], given["uv"]), pad)
    torch.testing.assert_close(seen, plain, atol=1e-5, rtol=1e-5)


def test_waves_of_surfaces_fade_where_pixels_are_coarse() -> None:
    across = (torch.arange(32) / 32).expand(1, 1, 8, 32)
    waves = surface_waves(torch.cat([across, torch.zeros_like(across)], dim=1)).view(len(WAVES), 2, 2, 8, 32)
    turn = 2 * math.pi * across[0, 0]
    for (sine, cosine), k in zip(waves[:, :, 0, :, :-1], WAVES, strict=True):  # the last pixel has no next one
        fade = 1.0 - 2.0 * k / 32
        torch.testing.assert_close(sine, fade * torch.sin(k * turn)[:, :-1], atol=2e-6, rtol=0)
        torch.testing.assert_close(cosine, fade * torch.cos(k * turn)[:, :-1], atol=2e-6, rtol=0)


def test_what_is_added_to_surfaces_is_seen_through_fog(network: PocketUNet) -> None:
    """Where nothing comes through, the proxy stays as it is; a look still grades it by its colour alone."""
    maps, light, proxy = torch.randn(1, 2, 16, 32), torch.randn(1, 3), torch.rand(1, 3, 16, 32) - 0.5
    words, time = torch.randn(1, 4), torch.ones(1)
    torch.nn.init.normal_(network.tail.weight, std=0.1)
    torch.nn.init.normal_(network.grade.weigh.weight, std=0.1)
    clear = torch.ones(1, 1, 16, 32)
    clear[..., 16:] = 0.0
    told = network(None, time, maps, light, proxy)
    foggy = network(None, time, maps, light, proxy, clear=clear)
    torch.testing.assert_close(foggy[..., :16], told[..., :16])
    torch.testing.assert_close(foggy[..., 16:], proxy[..., 16:])
    assert (told - proxy).abs().max() > 0.01
    graded = network(None, time, maps, light, proxy, words, clear=torch.zeros_like(clear))
    other = network(None, time, torch.randn_like(maps), light, proxy, words, clear=torch.zeros_like(clear))
    torch.testing.assert_close(graded, other)
    assert (graded - proxy).abs().max() > 0.01
