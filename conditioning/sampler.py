"""The sampling loop: a diffusers scheduler, with the clean prediction of every step open to an edit.

The edit happens inside the step, on x0, not on the latents between steps: a scheduler that remembers (UniPC) would
discard an edit made there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from torch import Tensor

Predict = Callable[[Tensor, float], Tensor]
"""(x_t (N, C, H, W), sigma) to the clean prediction x0 (N, C, H, W)."""

Edit = Callable[[Tensor, float], Tensor]
"""(x0 (N, C, H, W), sigma) to x0 as it should be."""

SIGMAS = {1: (1.0,), 2: (1.0, 0.45), 4: (1.0, 0.7, 0.45, 0.2)}
"""Noise levels of the ladder, from noise to picture; others are spaced evenly."""


def sigmas_of(steps: int) -> tuple[float, ...]:
    """Decreasing noise levels of ``steps`` steps, the last step going to 0."""
    if steps < 1:
        raise ValueError(f"{steps} sampling steps: ask for at least 1")
    return SIGMAS.get(steps, tuple(1.0 - k / steps for k in range(steps)))


def sample(predict: Predict, noise: Tensor, sigmas: Sequence[float], edit: Edit | None = None) -> Tensor:
    """Pictures (N, C, H, W) from ``noise`` by flow matching: ``x = (1 - sigma) x0 + sigma noise``.

    With ``edit`` the result is exactly the last edited x0.
    """
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=list(sigmas), device=noise.device)
    x = noise
    for time, sigma in zip(scheduler.timesteps, scheduler.sigmas[:-1].tolist(), strict=True):
        x0 = predict(x, sigma)
        if edit is not None:
            x0 = edit(x0, sigma)
        velocity = (x - x0) / sigma
        x = scheduler.step(velocity, time, x).prev_sample
    return x
