"""The model card of pocket, written from what the evaluation measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.train.data import HELD_OUT


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """The scores as a Markdown table."""
    head = (
        "| | PSNR dB | SSIM | gradient error | sharpness / truth | edges / truth | s a picture |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    lines = (
        f"| {name} | {'' if name == 'truth' else format(r['psnr'], '.2f')} | {r['ssim']:.3f} "
        f"| {r['gradient_error']:.4f} | {r['sharpness']:.2f} | {r['edges']:.2f} | {r['seconds']:.3f} |"
        for name, r in rows.items()
    )
    return head + "\n".join(lines)


def model_card(summary: Mapping[str, Any]) -> str:
    """What the model is, what it was trained on, what it scores, and what it cannot do."""
    s, settings = summary, summary["settings"]
    crop = f"{settings['crop']} x {settings['crop']}" if settings else ""
    share, kept = ((settings or {}).get(name, 1.0) for name in ("mixed", "residual"))
    blend = f"; {share:.0%} of them, the rest of the weights before (`tools/train/mix.py`)" if share < 1 else ""
    if kept < 1:
        blend += f";\n  {kept:.0%} is kept of what they add to the proxy, which scores best on the held-out worlds"
    before = (settings or {}).get("before")
    begun = f", from the weights `{before[:8]}`" if before else ""
    trained = (
        f"\n- {settings['step']:,} steps of {settings['batch']} crops of {crop} pixels, AdamW, peak rate "
        f"{settings['peak']}, averaged\n  weights{begun}{blend}."
        if settings
        else ""
    )
    return f"""# pocket

The embedded model of Setpiece: a conditional flow-matching U-Net that turns the proxy render of a world into the
picture a path tracer would make of it, in the weather and the look that the prompt asks for. {s["parameters"]:,}
parameters, 16-bit weights. Prompts are read by the static word vectors that ship in `wordllama`
(`conditioning/text.py`).

- Weights: `{s["weights"]}` (key of the folder, as a render's manifest names it). License: Apache-2.0.
- Trained on {s["training_pictures"]:,} path-traced pictures of 128 x 128 pixels, crops of film frames of this
  project's own procedural worlds (`tools/train/worlds.py`; a data set is a list of seeds, training worlds count from 0,
  held-out worlds from {HELD_OUT:,}), rendered by Mitsuba 3 and denoised with clean guides. No third-party
  pictures.{trained}
- It is told `conditioning/controls.py`, the words, and what other frames show of the same surfaces; of each it has
  learned to do without (`tools/train/samples.py`). Reproduce: `python -m tools.train data`, `train`, `evaluate`.

## Held-out worlds ({s["held_out_pictures"]} pictures of {s["held_out_worlds"]} worlds never trained on)

{table(s["scores"])}

Seconds are of a 128 x 128 picture on the machine that scored. Sharpness is mean gradient against the truth's: 1 is
right, less is soft. Edges: of the world's silhouettes, how many the picture draws (F1), against the truth's. Textures
withheld: it is told plain colours and has to invent. Another frame given: as in a film, where keyframes are known.
One step is shown no noise: it is a regression by the same network, the mean of what might be. More steps sample: they
are sharper, and farther from any single truth.

## Prompts

{s["prompts"]}

## Limits

Trained on streets, squares, rooms, corridors, hills and woods by day, dusk and lamplight; of neon it has seen little.
It relights and refines what the proxy shows and invents no objects; of textures it invents only tone and grain, no
courses of brick. Words that name no look and no weather change little. Snow and rain lie where the surface faces up.
The hour is the world's own sky: words of a sunset change nothing, and those of night or clouds less than the truth.
Weather was learned by day: where the world's own sky is dark, words of weather are not heard.
Glass shows one mirror image and is never seen through. Faces are as simple as the proxy's.
"""
