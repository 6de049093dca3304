"""The loop lands where its prediction says, and an edit of x0 survives to the end exactly."""

from __future__ import annotations

import pytest
import torch

from conditioning.sampler import sample, sigmas_of

NOISE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
PICTURE = torch.linspace(-1, 1, 2 * 3 * 64).reshape(2, 3, 8, 8)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 8])
def test_a_perfect_prediction_is_reached(steps: int) -> None:
    made = sample(lambda x, sigma: PICTURE, NOISE, sigmas_of(steps))
    torch.testing.assert_close(made, PICTURE, atol=1e-5, rtol=0)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_last_edit_is_the_result(steps: int) -> None:
    made = sample(lambda x, sigma: PICTURE, NOISE, sigmas_of(steps), lambda x0, sigma: 0.5 * x0 + 0.25)
    torch.testing.assert_close(made, 0.5 * PICTURE + 0.25, atol=1e-5, rtol=0)


def test_the_noise_level_falls_and_the_input_is_what_it_says() -> None:
    seen: list[float] = []

    def predict(x: torch.Tensor, sigma: float) -> torch.Tensor:
        torch.testing.assert_close(x, (1 - sigma) * PICTURE + sigma * NOISE, atol=1e-5, rtol=0)
        seen.append(sigma)
        return PICTURE

    sample(predict, NOISE, sigmas_of(4))
    assert seen[0] == 1.0
    assert seen == sorted(seen, reverse=True)


def test_no_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        sigmas_of(0)
