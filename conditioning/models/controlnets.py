"""ControlNets of diffusers that take a strength for every frame, and cost nothing where they have none.

diffusers gives each control one strength for a whole batch; films keyframe it. A network here holds ``strengths`` of
the frames at hand, (controls, frames); the rows of a batch are those frames, once or, with classifier-free guidance,
twice. What the pipeline itself passes as a scale (1, or 0 outside the share of steps in which a control holds) still
counts. All else is diffusers' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from torch import Tensor

Residuals = tuple[list[Tensor] | None, Tensor | None]
"""Of the down blocks and of the middle block; None for none at all."""


class ControlNets(MultiControlNetModel):  # type: ignore[misc]
    """Several ControlNets of Stable Diffusion 1.5, in the order of the rows of ``strengths``."""

    strengths: Tensor | None = None

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor,
        encoder_hidden_states: Tensor,
        controlnet_cond: Sequence[Tensor],
        conditioning_scale: Sequence[float],
        **named: Any,
    ) -> Residuals:
        """The sum of what the networks add, each scaled frame by frame."""
        assert self.strengths is not None, "say the strengths of the frames first"
        down: list[Tensor] | None = None
        middle: Tensor | None = None
        parts = zip(self.nets, controlnet_cond, conditioning_scale, self.strengths, strict=True)
        for net, pictures, scale, strength in parts:
            if not (scale * strength).any():
                continue
            more, inner = net(sample, timestep, encoder_hidden_states, pictures, 1.0, **named)
            rows = _of_rows(scale * strength, sample)
            more, inner = [residual * rows for residual in more], inner * rows
            down = more if down is None else [a + b for a, b in zip(down, more, strict=True)]
            middle = inner if middle is None else middle + inner
        return down, middle


class ControlNetUnion(ControlNetUnionModel):  # type: ignore[misc]
    """One network for all kinds of control (xinsir's, for SDXL). ``strengths``: one row a picture that it is given."""

    strengths: Tensor | None = None

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor,
        encoder_hidden_states: Tensor,
        controlnet_cond: Sequence[Tensor],
        control_type: Tensor,
        control_type_idx: Sequence[int],
        conditioning_scale: Sequence[float],
        added_cond_kwargs: dict[str, Tensor],
        **named: Any,
    ) -> Residuals:
        """Frames of the same strengths go through it together; a control of no strength is not among their kinds."""
        assert self.strengths is not None, "say the strengths of the frames first"
        scales = torch.tensor([float(scale) for scale in conditioning_scale])[:, None] * self.strengths.cpu()
        rows = scales.repeat(1, len(sample) // scales.shape[1]).T
        levels, group = torch.unique(rows, dim=0, return_inverse=True)
        made: list[Tensor] = []
        for k, level in enumerate(levels):
            these = (group == k).nonzero()[:, 0].to(sample.device)
            used = [c for c, strength in enumerate(level) if strength > 0] or [0]
            kinds = torch.zeros_like(control_type[these])
            kinds[:, [control_type_idx[c] for c in used]] = 1
            down, middle = super().forward(
                sample[these],
                timestep,
                encoder_hidden_states[these],
                [controlnet_cond[c][these] for c in used],
                kinds,
                [control_type_idx[c] for c in used],
                [float(level[c]) for c in used],
                added_cond_kwargs={name: value[these] for name, value in added_cond_kwargs.items()},
                **named,
            )
            parts = [*down, middle]
            made = made or [part.new_zeros(len(sample), *part.shape[1:]) for part in parts]
            for whole, part in zip(made, parts, strict=True):
                whole[these] = part
        return made[:-1], made[-1]


def _of_rows(strength: Tensor, sample: Tensor) -> Tensor:
    """(B, 1, 1, 1) of (N,): a frame's strength for each row of a batch that holds all frames once or more."""
    return strength.to(sample).repeat(len(sample) // len(strength)).view(-1, 1, 1, 1)
