"""Image pipelines of the real classes, with tiny random networks: they run offline, in a moment, and mean nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.unets.unet_motion_model import MotionAdapter
from diffusers.pipelines.animatediff.pipeline_animatediff_controlnet import AnimateDiffControlNetPipeline
from diffusers.pipelines.controlnet.pipeline_controlnet_union_sd_xl import StableDiffusionXLControlNetUnionPipeline
from diffusers.pipelines.flux.pipeline_flux_control import FluxControlPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn

WORDS = ("<pad>", "<unk>", "<eos>", "street", "night", "rain", "blurry")
CROSS = 32
"""Width of the text."""


def roused(module: nn.Module, seed: int, std: float = 0.05) -> Any:
    """``module`` with every weight random: networks whose last layers begin as zeros would say nothing."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in module.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        weight.data = noise * std + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
    return module.eval().requires_grad_(False)


def tokenizer() -> Any:
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel({word: k for k, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", unk_token="<unk>", eos_token="<eos>", model_max_length=8
    )


def clip(seed: int, width: int, pooled: bool) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=len(WORDS),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=8,
        projection_dim=width,
        eos_token_id=2,
        bos_token_id=1,
        pad_token_id=0,
    )
    return roused((CLIPTextModelWithProjection if pooled else CLIPTextModel)(config), seed, 0.3)


def vae(**named: Any) -> AutoencoderKL:
    """An autoencoder of the real class that encodes pictures as their means over 8x8 pixels, and decodes blocks.

    With random weights, encoding would not undo decoding, and an edit that is said in pictures could not be told again.
    Colours go through in pairs, x and -x, of which silu(x) - silu(-x) = x; a large constant beside them keeps the norm
    of their group the same whatever they are; everything else adds nothing.
    """
    made = AutoencoderKL(
        block_out_channels=(8,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=1,
        layers_per_block=1,
        **{"scaling_factor": 4.0, **named},
    )
    loud = 1000.0
    for name, weight in made.named_parameters():
        weight.data.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
    for part in (made.encoder, made.decoder):
        for k in range(3):
            part.conv_in.weight.data[2 * k, k, 1, 1] = 1.0
            part.conv_in.weight.data[2 * k + 1, k, 1, 1] = -1.0
            part.conv_out.weight.data[k, 2 * k, 1, 1] = 0.5 * loud
            part.conv_out.weight.data[k, 2 * k + 1, 1, 1] = -0.5 * loud
        part.conv_in.bias.data[6:] = torch.tensor([loud, -loud])
    for k in range(8):
        for block in made.encoder.down_blocks[:-1]:
            block.downsamplers[0].conv.weight.data[k, k, :2, :2] = 0.25
        for block in made.decoder.up_blocks[:-1]:
            block.upsamplers[0].conv.weight.data[k, k, 1, 1] = 1.0
    for conv in (made.quant_conv, made.post_quant_conv):
        if conv is not None:
            conv.weight.data[:, :, 0, 0] = torch.eye(len(conv.weight))
    return made.eval().requires_grad_(False)


SIZES: dict[str, Any] = {
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "norm_num_groups": 8,
}
XL: dict[str, Any] = {
    "attention_head_dim": (2, 4),
    "use_linear_projection": True,
    "transformer_layers_per_block": (1, 1),
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + CROSS,
    "cross_attention_dim": 2 * CROSS,
}
PLAIN: dict[str, Any] = {"attention_head_dim": 4, "cross_attention_dim": CROSS}
UP: dict[str, Any] = {"up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"), "sample_size": 8}


def sdxl() -> StableDiffusionXLControlNetUnionPipeline:
    net = ControlNetUnionModel(
        **SIZES,
        **XL,
        conditioning_embedding_out_channels=(4, 8, 8, 8),
        num_control_type=6,
        num_trans_channel=16,
        num_trans_head=2,
        num_proj_channel=16,
    )
    pipe = StableDiffusionXLControlNetUnionPipeline(
        vae(),
        clip(2, CROSS, pooled=False),
        clip(3, CROSS, pooled=True),
        tokenizer(),
        tokenizer(),
        roused(UNet2DConditionModel(**SIZES, **XL, **UP), 4),
        roused(net, 5),
        DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False),
        add_watermarker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def controlnet(seed: int) -> ControlNetModel:
    return roused(ControlNetModel(**SIZES, **PLAIN, conditioning_embedding_out_channels=(4, 8, 8, 8)), seed)


def motion() -> MotionAdapter:
    return roused(
        MotionAdapter(
            block_out_channels=(16, 32),
            motion_layers_per_block=1,
            motion_num_attention_heads=2,
            motion_norm_num_groups=2,
            use_motion_mid_block=False,
        ),
        6,
    )


def animatediff(nets: int = 2) -> AnimateDiffControlNetPipeline:
    pipe = AnimateDiffControlNetPipeline(
        vae(),
        clip(2, CROSS, pooled=False),
        tokenizer(),
        roused(UNet2DConditionModel(**SIZES, **PLAIN, **UP), 4),
        motion(),
        [controlnet(10 + k) for k in range(nets)],
        DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="linear", clip_sample=False, steps_offset=1),
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def flux() -> FluxControlPipeline:
    from transformers import T5Config, T5EncoderModel

    text = T5Config(vocab_size=len(WORDS), d_model=CROSS, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    net = FluxTransformer2DModel(
        in_channels=32,
        out_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=CROSS,
        pooled_projection_dim=CROSS,
        guidance_embeds=True,
        axes_dims_rope=(4, 4, 8),
    )
    pipe = FluxControlPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=vae(scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=clip(2, CROSS, pooled=False),
        tokenizer=tokenizer(),
        text_encoder_2=roused(T5EncoderModel(text), 7),
        tokenizer_2=tokenizer(),
        transformer=roused(net, 8),
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def vision(width: int = 16) -> Any:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
        projection_dim=width,
    )
    return roused(CLIPVisionModelWithProjection(config), 20, 0.3)


def save_adapter(unet: Any, folder: Path, weights: str, encoder: str) -> None:
    """An IP-Adapter "plus" for ``unet`` (a resampler of the image encoder's tokens), and its encoder, as h94 has them.

    Names of the weights are those that diffusers reads in ``UNet2DConditionLoadersMixin``.
    """
    from safetensors.torch import save_file

    tokens = vision()
    tokens.save_pretrained(folder / encoder)
    width, seen, generator = (
        unet.config.cross_attention_dim,
        tokens.config.hidden_size,
        torch.Generator().manual_seed(9),
    )

    def some(*shape: int) -> torch.Tensor:
        return 0.3 * torch.randn(shape, generator=generator)

    inner, made = 64, {}  # 64: a head of the resampler
    made |= {"latents": some(1, 4, inner), "proj_in.weight": some(inner, seen), "proj_in.bias": some(inner)}
    made |= {"proj_out.weight": some(width, inner), "proj_out.bias": some(width)}
    made |= {"norm_out.weight": torch.ones(width), "norm_out.bias": some(width)}
    for layer in (f"layers.{k}." for k in range(4)):
        for norm in ("0.norm1", "0.norm2", "1.0"):
            made |= {f"{layer}{norm}.weight": torch.ones(inner), f"{layer}{norm}.bias": some(inner)}
        made |= {f"{layer}0.to_q.weight": some(inner, inner), f"{layer}0.to_kv.weight": some(2 * inner, inner)}
        made |= {f"{layer}0.to_out.weight": some(inner, inner)}
        made |= {f"{layer}1.1.weight": some(4 * inner, inner), f"{layer}1.3.weight": some(inner, 4 * inner)}
    state = {f"image_proj.{name}": value for name, value in made.items()}
    number = 1
    for name in unet.attn_processors:
        if name.endswith("attn2.processor") and "motion_modules" not in name:
            hidden = unet.get_submodule(name.removesuffix(".processor")).to_q.out_features
            state[f"ip_adapter.{number}.to_k_ip.weight"] = some(hidden, width)
            state[f"ip_adapter.{number}.to_v_ip.weight"] = some(hidden, width)
            number += 2
    path = folder / weights
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path)


def save_sdxl(folder: Path) -> None:
    """All checkpoints of ``sdxl-union``, each in its place."""
    pipe = sdxl()
    pipe.save_pretrained(folder)
    pipe.controlnet.save_pretrained(folder / "control")
    pipe.vae.save_pretrained(folder / "autoencoder")
    weights = "sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors"
    save_adapter(pipe.unet, folder / "references", weights, "models/image_encoder")


def save_animatediff(folder: Path, lora: str | None = None) -> None:
    """All checkpoints of ``animatediff``, each in its place; with ``lora``, of ``animatelcm``."""
    from conditioning.models.animatediff import NETS

    pipe = animatediff(len(NETS))
    unet = roused(UNet2DConditionModel(**SIZES, **PLAIN, **UP), 4)
    base = StableDiffusionPipeline(
        pipe.vae, pipe.text_encoder, pipe.tokenizer, unet, pipe.scheduler, None, None, requires_safety_checker=False
    )
    base.save_pretrained(folder)
    pipe.motion_adapter.save_pretrained(folder / "motion")
    for kind, net in zip(NETS, pipe.controlnet.nets, strict=True):
        net.save_pretrained(folder / kind)
    save_adapter(unet, folder / "references", "models/ip-adapter-plus_sd15.safetensors", "models/image_encoder")
    if lora is not None:
        from safetensors.torch import save_file

        layer, generator = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", torch.Generator()
        down, up = (torch.randn(shape, generator=generator.manual_seed(7)) for shape in ((2, 32), (32, 2)))
        save_file({f"{layer}.lora_A.weight": down, f"{layer}.lora_B.weight": up}, folder / "motion" / lora)
