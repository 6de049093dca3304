"""Video pipelines of the real classes, with tiny random networks and text encoders: they run offline in a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor, nn

WORDS = ("<pad>", "<unk>", "<eos>", "a", "wet", "street", "at", "night", "blurry", "day")
WIDTH = 8
"""Of the text encoders."""


def roused(module: nn.Module, seed: int, std: float = 0.1) -> Any:
    """``module`` with every weight random: networks whose last layers begin as zeros would say nothing."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in module.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        weight.data = noise * std + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
    return module.eval().requires_grad_(False)


def tokenizer(side: str = "right") -> Any:
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel({word: k for k, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="<eos>",
        padding_side=side,
        model_max_length=8,
    )
    fast.chat_template = "{% for m in messages %}{% for c in m['content'] %}{{ c['text'] }} {% endfor %}{% endfor %}"
    return fast


def language_model(seed: int) -> Any:
    """Stands in for Gemma and Qwen: what is taken of them is the hidden states of every layer."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=len(WORDS),
        hidden_size=WIDTH,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
    )
    return roused(Qwen2ForCausalLM(config), seed, 0.5)


def cogvideox() -> Any:
    """CogVideoX-Fun-Control: 8 pixels and 4 frames a latent, DDIM with v-prediction."""
    from diffusers import (
        AutoencoderKLCogVideoX,
        CogVideoXDDIMScheduler,
        CogVideoXFunControlPipeline,
        CogVideoXTransformer3DModel,
    )
    from transformers import T5Config, T5EncoderModel

    vae = AutoencoderKLCogVideoX(
        down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
        scaling_factor=0.7,
    )
    transformer = CogVideoXTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=8,
        out_channels=4,
        time_embed_dim=4,
        text_embed_dim=WIDTH,
        num_layers=1,
        sample_width=12,
        sample_height=8,
        sample_frames=9,
        max_text_seq_length=226,
        use_rotary_positional_embeddings=True,
    )
    text = T5Config(vocab_size=len(WORDS), d_model=WIDTH, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    scheduler = CogVideoXDDIMScheduler(
        prediction_type="v_prediction",
        clip_sample=False,
        rescale_betas_zero_snr=True,
        snr_shift_scale=1.0,
        timestep_spacing="trailing",
    )
    return CogVideoXFunControlPipeline(
        tokenizer(), roused(T5EncoderModel(text), 2, 0.5), roused(vae, 0, 0.15), roused(transformer, 1), scheduler
    )


@contextmanager
def watched(module: nn.Module) -> Iterator[list[dict[str, Any]]]:
    """The named arguments of every call of ``module`` while inside."""
    calls: list[dict[str, Any]] = []
    handle = module.register_forward_pre_hook(lambda m, args, named: calls.append(named), with_kwargs=True)
    try:
        yield calls
    finally:
        handle.remove()


def film(count: int, height: int, width: int, seed: int = 0) -> Tensor:
    """(N, 3, H, W) in [-1, 1]: broad random colours that change slowly."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 3, max(count // 2, 2), 4, 6), generator=generator) * 2 - 1
    fine = nn.functional.interpolate(coarse, size=(count, height, width), mode="trilinear", align_corners=True)
    return fine[0].transpose(0, 1).contiguous()


class Recorded:
    """A codec that remembers the latents it was given to decode."""

    def __init__(self, codec: Any) -> None:
        self.codec, self.latents = codec, list[Tensor]()

    def decode(self, latents: Tensor) -> Tensor:
        self.latents.append(latents.detach().clone())
        return self.codec.decode(latents)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.codec, name)


def frames(count: int, height: int, width: int) -> list[Any]:
    return [SimpleNamespace(light=torch.zeros(3, height, width), index=k) for k in range(count)]


def leave(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    return pictures, torch.zeros_like(pictures[:, :1])
