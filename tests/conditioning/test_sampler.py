"""The loop lands where its prediction says, and an edit of x0 survives to the end exactly."""

from __future__ import annotations

import inspect

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

from conditioning.sampler import Scheduler, edited, late_start, noised, sample, sigmas_of

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


FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 3.0}
SCHEDULERS = {
    "flow-euler": lambda: FlowMatchEulerDiscreteScheduler(shift=3.0),
    "unipc-flow": lambda: UniPCMultistepScheduler(**FLOW),
    "unipc-epsilon": lambda: UniPCMultistepScheduler(),
    "unipc-v": lambda: UniPCMultistepScheduler(prediction_type="v_prediction"),
    "dpm-flow": lambda: DPMSolverMultistepScheduler(**FLOW),
    "dpm-epsilon": lambda: DPMSolverMultistepScheduler(use_karras_sigmas=True),
    "dpm-v": lambda: DPMSolverMultistepScheduler(prediction_type="v_prediction"),
    "ddim-epsilon": lambda: DDIMScheduler(clip_sample=False),
    "ddim-v": lambda: DDIMScheduler(clip_sample=False, prediction_type="v_prediction"),
    "ddim-sample": lambda: DDIMScheduler(clip_sample=False, prediction_type="sample"),
    "lcm-epsilon": lambda: LCMScheduler(clip_sample=False),
}


def run(scheduler: Scheduler) -> torch.Tensor:
    """A loop as pipelines have it, around a model that knows nothing."""
    scheduler.set_timesteps(6)
    torch.manual_seed(0)
    x = NOISE
    for time in scheduler.timesteps:
        x = scheduler.step(torch.tanh(0.3 * x), time, x, return_dict=False)[0]
    return x


@pytest.mark.parametrize("name", SCHEDULERS)
def test_an_edit_of_x0_survives_any_scheduler(name: str) -> None:
    """Edits on every step, in the order that a scheduler with a memory could spoil; the last one is what comes out."""
    levels: list[float] = []

    def edit(x0: torch.Tensor, sigma: float) -> torch.Tensor:
        levels.append(sigma)
        return PICTURE if len(levels) == 6 else x0 + 0.3

    scheduler = SCHEDULERS[name]()
    with edited(scheduler, edit):
        made = run(scheduler)
    torch.testing.assert_close(made, PICTURE, atol=2e-4, rtol=0)
    assert 1.0 >= levels[0] > levels[-1] > 0
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_an_edit_that_leaves_x0_changes_no_bit_and_is_gone_afterwards(name: str) -> None:
    plain, watched = SCHEDULERS[name](), SCHEDULERS[name]()
    with edited(watched, lambda x0, sigma: x0):
        made = run(watched)
    assert torch.equal(made, run(plain))
    assert "step" not in vars(watched)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_film_is_repainted_from_partial_noise(name: str) -> None:
    """Half of six steps: the last three of them, begun at the film in that much noise; the last edit comes out."""
    whole, scheduler, levels = SCHEDULERS[name](), SCHEDULERS[name](), []
    whole.set_timesteps(6)
    half = 0.5 * PICTURE.flip(0)

    def edit(x0: torch.Tensor, sigma: float) -> torch.Tensor:
        levels.append(sigma)
        return PICTURE

    with late_start(scheduler, 0.5), edited(scheduler, edit):
        scheduler.set_timesteps(6)
        assert torch.equal(scheduler.timesteps, whole.timesteps[3:])
        x = noised(scheduler, half, NOISE)
        for time in scheduler.timesteps:
            assert x.isfinite().all()
            x = scheduler.step(torch.tanh(0.3 * x), time, x, return_dict=False)[0]
    torch.testing.assert_close(x, PICTURE, atol=2e-4, rtol=0)
    assert len(levels) == 3
    assert 1 > levels[0] > levels[1] > levels[2] > 0
    assert "set_timesteps" not in vars(scheduler)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_model_that_knows_the_film_paints_it_again(name: str) -> None:
    """From partial noise, with the true clean picture predicted at every step, the film comes out as it went in."""
    scheduler = SCHEDULERS[name]()
    with late_start(scheduler, 0.4), edited(scheduler, lambda x0, sigma: PICTURE):
        scheduler.set_timesteps(10)
        x = noised(scheduler, PICTURE, NOISE)
        assert len(scheduler.timesteps) == 4
        assert float((x - PICTURE).abs().mean()) > 0.05
        for time in scheduler.timesteps:
            x = scheduler.step(torch.zeros_like(x), time, x, return_dict=False)[0]
    torch.testing.assert_close(x, PICTURE, atol=2e-4, rtol=0)


def test_pipelines_still_see_what_a_step_takes() -> None:
    """They hand a generator to those schedulers whose step takes one by name."""
    scheduler = LCMScheduler()
    with edited(scheduler, lambda x0, sigma: x0):
        assert "generator" in inspect.signature(scheduler.step).parameters


def test_unknown_schedulers_are_refused() -> None:
    with (
        pytest.raises(ValueError, match="EulerDiscreteScheduler cannot be guided"),
        edited(
            EulerDiscreteScheduler(),  # type: ignore[arg-type]
            lambda x0, sigma: x0,
        ),
    ):
        pass
