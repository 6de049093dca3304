"""Sampling with the clean prediction of every step open to an edit, for pocket and for any diffusers pipeline.

The edit happens inside ``scheduler.step``, on x0, not on the latents between steps: a scheduler that remembers (UniPC,
DPM++) would discard or distort an edit made there. The step is given the model output that stands for the edited x0,
so what it computes from it, whatever its order, is its own affair; where the last step goes to no noise, the result is
the edited x0 exactly. A pipeline is steered by ``with edited(pipeline.scheduler, edit): pipeline(...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeAlias

from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from torch import Tensor

Predict = Callable[[Tensor, float], Tensor]
"""(x_t, sigma) to the clean prediction x0 of the same shape."""

Edit = Callable[[Tensor, float], Tensor]
"""(x0, sigma) to x0 as it should be, of the same shape; sigma is the standard deviation of the noise in x_t, 0 to 1."""

Scheduler: TypeAlias = (
    FlowMatchEulerDiscreteScheduler
    | UniPCMultistepScheduler
    | DPMSolverMultistepScheduler
    | DDIMScheduler
    | LCMScheduler
)

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
    with edited(scheduler, edit or (lambda x0, sigma: x0)):
        for time, sigma in zip(scheduler.timesteps, scheduler.sigmas[:-1].tolist(), strict=True):
            x = scheduler.step((x - predict(x, sigma)) / sigma, time, x).prev_sample
    return x


@contextmanager
def edited(scheduler: Scheduler, edit: Edit, renewed: Sequence[Tensor] = ()) -> Iterator[None]:
    """While inside, every step of ``scheduler`` takes the clean prediction as ``edit`` leaves it.

    An edit that returns the very tensor it was given changes no bit. renewed: the noise that each step begins with, the
    first among them, for a scheduler that makes new noise after every step (LCM); () leaves it to the scheduler.
    Errors: ``ValueError`` for schedulers whose relation between model output and x0 is not known here.
    """
    if not isinstance(scheduler, Scheduler):
        raise ValueError(
            f"{type(scheduler).__name__} cannot be guided: use FlowMatchEuler, UniPC, DPM-Solver++, DDIM or LCM instead"
        )
    step = scheduler.step

    @wraps(step)  # pipelines read from its signature whether it takes a generator
    def steered(model_output: Tensor, timestep: Any, sample: Tensor, *more: Any, **named: Any) -> Any:
        alpha, sigma = _levels(scheduler, timestep)
        of_x, of_x0 = _shares(_prediction(scheduler), alpha, sigma)
        x0 = (model_output.float() - of_x * sample.float()) / of_x0
        wanted = edit(x0, sigma)
        if wanted is not x0:
            model_output = (model_output.float() + of_x0 * (wanted - x0)).to(model_output.dtype)
        made = step(model_output, timestep, sample, *more, **named)
        if renewed and scheduler.step_index < len(scheduler.timesteps):
            noise = renewed[scheduler.step_index]
            made.prev_sample = noised(scheduler, made.denoised, noise, scheduler.step_index).to(made.prev_sample.dtype)
        return made

    scheduler.step = steered
    try:
        yield
    finally:
        del scheduler.step


@contextmanager
def late_start(scheduler: Scheduler, strength: float) -> Iterator[None]:
    """While inside, ``scheduler.set_timesteps`` leaves out the noisiest steps, so that sampling starts from ``noised``.

    strength: 0 to 1, share of the steps that stay, at least one. A pipeline without a video-to-video or image-to-image
    class of its own repaints a film so: set the timesteps as it will, give it ``noised`` latents, and call it, all
    inside. Sigmas are cut with the timesteps, so that solvers know their last step.
    """
    set_timesteps = scheduler.set_timesteps

    @wraps(set_timesteps)  # pipelines look at its signature
    def fewer(*args: Any, **named: Any) -> None:
        set_timesteps(*args, **named)
        kept = max(1, round(strength * len(scheduler.timesteps)))
        scheduler.timesteps = scheduler.timesteps[-kept:]
        if hasattr(scheduler, "sigmas"):
            scheduler.sigmas = scheduler.sigmas[-kept - 1 :]
        if not isinstance(scheduler, DDIMScheduler):  # there it is the stride between timesteps
            scheduler.num_inference_steps = kept

    scheduler.set_timesteps = fewer
    try:
        yield
    finally:
        del scheduler.set_timesteps


def noised(scheduler: Scheduler, clean: Tensor, noise: Tensor, step: int = 0) -> Tensor:
    """``clean`` latents in as much ``noise`` as this one of the scheduler's timesteps, once set, expects."""
    alpha, sigma = _levels(scheduler, scheduler.timesteps[step])
    return alpha * clean + sigma * noise


def _levels(scheduler: Scheduler, timestep: Any) -> tuple[float, float]:
    """The alpha and sigma of ``x = alpha x0 + sigma noise`` at the step that is about to be made."""
    if isinstance(scheduler, DDIMScheduler | LCMScheduler):
        kept = float(scheduler.alphas_cumprod[int(timestep)])
        return kept**0.5, (1.0 - kept) ** 0.5
    index = scheduler.step_index
    if index is None:
        index = scheduler.index_for_timestep(timestep)
    sigma = float(scheduler.sigmas[index])
    if isinstance(scheduler, FlowMatchEulerDiscreteScheduler) or scheduler.config.use_flow_sigmas:
        return 1.0 - sigma, sigma
    alpha = (1.0 + sigma * sigma) ** -0.5
    return alpha, alpha * sigma


def _prediction(scheduler: Scheduler) -> str:
    if isinstance(scheduler, FlowMatchEulerDiscreteScheduler):
        return "flow_prediction"
    return str(scheduler.config.prediction_type)


def _shares(prediction: str, alpha: float, sigma: float) -> tuple[float, float]:
    """The a and b of ``model output = a x + b x0``."""
    known = {
        "flow_prediction": (1.0 / sigma, -1.0 / sigma),
        "epsilon": (1.0 / sigma, -alpha / sigma),
        "v_prediction": (alpha / sigma, -1.0 / sigma),
        "sample": (0.0, 1.0),
    }
    if prediction not in known:
        raise ValueError(f"a model that predicts {prediction!r} cannot be guided")
    return known[prediction]
