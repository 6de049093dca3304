"""Video pipelines of the real classes, with tiny random networks and text encoders: they run offline in a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
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


def language_model(seed: int, width: int = WIDTH) -> Any:
    """Stands in for Gemma and Qwen: what is taken of them is the hidden states of every layer."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(
        vocab_size=len(WORDS),
        hidden_size=width,
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


def ltx2() -> Any:
    """LTX-2 in context: 32 pixels and 8 frames a latent, a flow, sound beside the picture."""
    from diffusers import (
        AutoencoderKLLTX2Audio,
        AutoencoderKLLTX2Video,
        FlowMatchEulerDiscreteScheduler,
        LTX2InContextPipeline,
        LTX2VideoTransformer3DModel,
    )
    from diffusers.pipelines.ltx2 import LTX2TextConnectors, LTX2Vocoder

    vae = AutoencoderKLLTX2Video(
        latent_channels=8,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1),
        decoder_causal=False,
        spatial_compression_ratio=32,
        temporal_compression_ratio=8,
    )
    vae = roused(vae, 3, 0.1)
    vae.latents_mean.copy_(torch.linspace(-0.2, 0.2, 8))
    vae.latents_std.copy_(torch.linspace(0.5, 1.5, 8))
    sound = AutoencoderKLLTX2Audio(
        base_channels=4, ch_mult=(1,), num_res_blocks=1, resolution=32, latent_channels=2, mel_bins=8
    )
    heads = {"num_attention_heads": 2, "audio_num_attention_heads": 2}
    transformer = LTX2VideoTransformer3DModel(
        in_channels=8,
        out_channels=8,
        attention_head_dim=8,
        cross_attention_dim=16,
        audio_in_channels=4,
        audio_out_channels=4,
        audio_attention_head_dim=4,
        audio_cross_attention_dim=8,
        num_layers=2,
        caption_channels=16,
        rope_double_precision=False,
        rope_type="split",
        **heads,
    )
    connectors = LTX2TextConnectors(
        caption_channels=16,
        text_proj_in_factor=3,
        video_connector_num_attention_heads=4,
        video_connector_attention_head_dim=4,
        video_connector_num_layers=1,
        video_connector_num_learnable_registers=None,
        audio_connector_num_attention_heads=4,
        audio_connector_attention_head_dim=4,
        audio_connector_num_layers=1,
        audio_connector_num_learnable_registers=None,
        connector_rope_base_seq_len=32,
        rope_double_precision=False,
        rope_type="split",
    )
    vocoder = LTX2Vocoder(
        in_channels=16,
        hidden_channels=8,
        upsample_kernel_sizes=[4, 4],
        upsample_factors=[2, 2],
        resnet_kernel_sizes=[3],
        resnet_dilations=[[1, 3, 5]],
    )
    scheduler = FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True,
        base_shift=0.95,
        max_shift=2.05,
        base_image_seq_len=1024,
        max_image_seq_len=4096,
        shift_terminal=0.1,
    )
    return LTX2InContextPipeline(
        scheduler=scheduler,
        vae=vae,
        audio_vae=roused(sound, 4),
        text_encoder=language_model(5, 16),
        tokenizer=tokenizer("left"),
        connectors=roused(connectors, 6),
        transformer=roused(transformer, 7),
        vocoder=roused(vocoder, 8),
    )


@contextmanager
def torchvision() -> Iterator[None]:
    """The networks use one function of torchvision, to make a mask of zeros smaller; this is it, where that is not."""
    from diffusers.models.controlnets import controlnet_cosmos
    from diffusers.models.transformers import transformer_cosmos

    def resize(mask: Tensor, size: list[int], interpolation: str) -> Tensor:
        return nn.functional.interpolate(mask, size, mode=interpolation)

    transforms = SimpleNamespace(
        functional=SimpleNamespace(resize=resize), InterpolationMode=SimpleNamespace(NEAREST="nearest")
    )
    with pytest.MonkeyPatch.context() as patch:
        for module in (controlnet_cosmos, transformer_cosmos):
            if not hasattr(module, "transforms"):
                patch.setattr(module, "transforms", transforms, raising=False)
        yield


class Guard(nn.Module):
    """Stands in for NVIDIA's guardrails: refuses one word, and notes what it was shown."""

    dtype, device = torch.float32, torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Any] = []

    def check_text_safety(self, prompt: str) -> bool:
        return "forbidden" not in prompt

    def check_video_safety(self, frames: Any) -> Any:
        self.shown.append(frames)
        return frames


COSMOS: dict[str, Any] = {
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "mlp_ratio": 2.0,
    "text_embed_dim": 2 * WIDTH,
    "adaln_lora_dim": 4,
    "max_size": (96, 96, 96),
    "patch_size": (1, 2, 2),
    "extra_pos_embed_type": None,
    "img_context_dim_in": 8,
    "img_context_dim_out": 32,
}


def cosmos_control(seed: int) -> Any:
    from diffusers import CosmosControlNetModel

    net = CosmosControlNetModel(n_controlnet_blocks=2, in_channels=7, latent_channels=6, model_channels=32, **COSMOS)
    return roused(net, seed, 0.2)


def cosmos() -> Any:
    """Cosmos-Transfer 2.5: Wan's autoencoder, UniPC over a flow. Its ControlNet is not saved with it."""
    from diffusers import (
        AutoencoderKLWan,
        Cosmos2_5_TransferPipeline,
        CosmosTransformer3DModel,
        UniPCMultistepScheduler,
    )

    vae = AutoencoderKLWan(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2, 2, 2],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.1, -0.2, 0.3, 0.0],
        latents_std=[2.0, 1.5, 1.0, 3.0],
    )
    transformer = CosmosTransformer3DModel(
        in_channels=5,
        out_channels=4,
        num_layers=2,
        controlnet_block_every_n=1,
        img_context_num_tokens=3,
        **COSMOS,
    )
    transformer = roused(transformer, 10)
    transformer.proj_out.weight.data *= 0.02  # latents stay about as large as their noise
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, use_karras_sigmas=True, sigma_min=0.01, sigma_max=200.0
    )
    return Cosmos2_5_TransferPipeline(
        text_encoder=language_model(9),
        tokenizer=tokenizer(),
        transformer=transformer,
        vae=roused(vae, 11, 0.2),
        scheduler=scheduler,
        controlnet=cosmos_control(12),
        safety_checker=Guard(),
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


def frames(count: int, height: int, width: int, fps: float = 24.0) -> list[Any]:
    return [
        SimpleNamespace(light=torch.zeros(3, height, width), index=k, snapshot=SimpleNamespace(time=2 + k / fps))
        for k in range(count)
    ]


def leave(pictures: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    return pictures, torch.zeros_like(pictures[:, :1])
