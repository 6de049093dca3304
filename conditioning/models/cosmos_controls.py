"""Several ControlNets of Cosmos-Transfer at once, each as strong at every moment as it is asked to be.

diffusers' pipeline takes one ControlNet with one strength. NVIDIA's own code runs a branch a control, scales what each
adds by a weight that may change over time, and scales the weights down where their sum is more than 1
(``resize_control_weight`` in vid2vid_model_control_vace_rectified_flow.py). This is that, as one network to the
pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diffusers.models.controlnets.controlnet_cosmos import CosmosControlNetModel
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from conditioning.models.cosmos import Told


class CosmosControls(ModelMixin):  # type: ignore[misc]
    """ControlNets by the names of their controls. ``told``: those of the chunk at hand; () for none."""

    told: Sequence[Told] = ()

    def __init__(self, nets: Mapping[str, CosmosControlNetModel]) -> None:
        super().__init__()
        self.nets = nn.ModuleDict(nets)
        self.blocks = len(next(iter(nets.values())).control_blocks)

    def forward(
        self, controls_latents: Tensor, latents: Tensor, conditioning_scale: float = 1.0, **named: Any
    ) -> tuple[list[Tensor]]:
        """What the controls add to each block; ``controls_latents``, of the pipeline's one film, is not read."""
        total = [latents.new_zeros(1)] * self.blocks
        for one in self.told:
            if not one.weight.any():
                continue
            (added,) = self.nets[one.name](
                controls_latents=one.latents.to(latents), latents=latents, conditioning_scale=1.0, **named
            )
            tokens = added[0].shape[1] // len(one.weight)
            weight = (one.weight * conditioning_scale).to(latents).repeat_interleave(tokens).view(1, -1, 1)
            total = [before + block * weight for before, block in zip(total, added, strict=True)]
        return (total,)
