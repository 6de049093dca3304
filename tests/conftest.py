"""Settings of all tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Tests run side by side, one on each core: a solver that takes them all for its small systems would only wait.
assert "numpy" not in sys.modules, "it reads the number of threads when it is imported"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

# A busy machine is slow, and slowness is no failure.
settings.register_profile("setpiece", deadline=None)
settings.load_profile("setpiece")


@pytest.fixture(scope="session")
def tiny_wan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a Wan-VACE pipeline of the real classes, tiny and random, with two networks, as diffusers saves it."""
    import torch

    transformers = pytest.importorskip("transformers", reason="needs the extra 'models'")
    pytest.importorskip("ftfy", reason="needs the extra 'models'")
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanVACEPipeline, WanVACETransformer3DModel

    torch.manual_seed(0)
    networks = [
        WanVACETransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=12,
            text_dim=32,
            freq_dim=32,
            ffn_dim=32,
            num_layers=3,
            rope_max_seq_len=64,
            vace_layers=[0, 2],
        )
        for _ in range(2)
    ]
    letters = [(letter, -2.0) for letter in "▁abcdefghijklmnopqrstuvwxyz"]
    config = transformers.UMT5Config(vocab_size=32, d_model=32, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    pipe = WanVACEPipeline(
        tokenizer=transformers.T5TokenizerFast(
            vocab=[("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *letters], extra_ids=0
        ),
        text_encoder=transformers.UMT5EncoderModel(config),
        vae=AutoencoderKLWan(base_dim=3, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        transformer=networks[0],
        transformer_2=networks[1],
        boundary_ratio=0.875,
    )
    folder = tmp_path_factory.mktemp("weights") / "wan"
    pipe.save_pretrained(folder)
    return folder
