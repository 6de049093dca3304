"""The page of a report: one file that opens without a network, films by relative path."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any, Final

from PIL import Image

from worldgen.conventions import U8

_COLOURS: Final = {"guided": "#d9622b", "unguided": "#5b7fa6", "blurred": "#a7a39a", "carried": "#6f9a5c"}
_WORDS: Final = {
    "guided": "guided: what Setpiece delivers",
    "unguided": "unguided: every frame by itself, same seed",
    "blurred": "control: unguided, blurred by a pixel. It must score worse than guided",
    "carried": "control: the first frame carried along. The floor of the measure, and no film",
}
_STYLE: Final = """
body{margin:0 auto;max-width:1080px;padding:2rem 1.2rem;background:#141416;color:#e8e6e1}
body,button{font:16px/1.5 system-ui,sans-serif}
h1{font-weight:600;margin:0}p{max-width:46rem;color:#b9b6b0}table{border-collapse:collapse;width:100%;margin:1.5rem 0}
th,td{padding:.45rem .6rem;border-bottom:1px solid #2c2c30;text-align:right}
th:first-child,td:first-child{text-align:left}
th{color:#9a9791;font-weight:500}.pair{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin:1rem 0}
video,.pair img{width:100%;display:block;border-radius:4px}figcaption{color:#9a9791;font-size:.85rem}figure{margin:0}
i{display:inline-block;width:.8em;height:.8em;border-radius:50%;margin-right:.5em}svg{width:100%;height:auto}
button{background:#2c2c30;color:inherit;border:0;border-radius:4px;padding:.5rem 1rem;cursor:pointer}
"""
_PLAY: Final = """
const films=[...document.querySelectorAll('video')];
document.querySelector('button').onclick=()=>{
  const go=films[0].paused;
  for(const f of films){f.currentTime=films[0].currentTime;go?f.play():f.pause()}
};
"""


def page(report: dict[str, Any], films: tuple[str, str], thumbnails: Sequence[tuple[str, U8, U8]]) -> str:
    """The HTML of ``report`` (see ``tools.report``).

    films: paths of the guided and the unguided film, relative to the page. thumbnails: caption, guided and unguided
    picture (H, W, 3) uint8.
    """
    title = html.escape(f"{report['title']}: {report['shot']}")
    kept, ratio = report["sharpness_ratio"], report["e_warp_ratio"]
    verdict = (
        f"Surfaces change {report['e_warp_guided']:.2f} levels of 255 from frame to frame with guidance, "
        f"{report['e_warp_unguided']:.2f} without: {ratio:.2f} times. Of the sharpness, {kept:.0%} is kept."
    )
    pairs = "".join(
        f'<div class="pair">{_figure(f"{words}, guided", a)}{_figure(f"{words}, unguided", b)}</div>'
        for words, a, b in thumbnails
    )
    players = "".join(
        f'<figure><video src="{html.escape(path, quote=True)}" loop muted playsinline controls></video>'
        f"<figcaption>{name}</figcaption></figure>"
        for name, path in zip(("guided", "unguided"), films, strict=True)
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{_STYLE}</style></head><body>
<h1>{title}</h1>
<p>{report["frames"]} frames, {report["width"]} × {report["height"]}. {verdict}</p>
<div class="pair">{players}</div><button>Play both</button>
<h2>How much each frame differs from the one before, along exact motion</h2>
{plot({name: film["e_warp_frames"] for name, film in report["films"].items()})}
{_table(report)}
<p>Warp error: mean difference in levels of 0 to 255 over the surface points that both frames show, unfiltered and after
Gaussian filters of 1 and 2 pixels. Blur lowers it too, so the score adds a price for sharpness lost against the
unguided film; less is better, and the unguided film scores 1.</p>
{pairs}
<script>{_PLAY}</script></body></html>
"""


def plot(series: dict[str, list[float]]) -> str:
    """Lines over frames as an SVG: value 0 at the bottom, second frame at the left."""
    width, height, left, bottom = 1000, 300, 44, 26
    top = max((max(values) for values in series.values() if values), default=1.0) * 1.08 or 1.0
    count = max((len(values) for values in series.values()), default=1)

    def at(index: int, value: float) -> str:
        x = left + (width - left - 8) * index / max(count - 1, 1)
        return f"{x:.1f},{(height - bottom) * (1 - value / top):.1f}"

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="warp error over frames">']
    for k in range(5):
        value = top * k / 4
        y = (height - bottom) * (1 - k / 4)
        parts.append(f'<line x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#2c2c30"/>')
        parts.append(_label(left - 8, max(y + 4, 12), "end", f"{value:.1f}"))
    for index in sorted({0, count // 2, count - 1}):
        parts.append(_label(float(at(index, 0).split(",")[0]), height - 6, "middle", str(index + 2)))
    for name, values in series.items():
        points = " ".join(at(index, value) for index, value in enumerate(values))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_COLOURS[name]}" stroke-width="2.5"/>')
    return "".join(parts) + "</svg>"


def _label(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="#9a9791" font-size="12" text-anchor="{anchor}">{words}</text>'


def _table(report: dict[str, Any]) -> str:
    rows = []
    for name, film in report["films"].items():
        sigma = "".join(f"<td>{value:.2f}</td>" for value in report["e_warp_sigma"][name].values())
        rows.append(
            f'<tr><td><i style="background:{_COLOURS[name]}"></i>{_WORDS[name]}</td>{sigma}'
            f"<td>{film['sharpness_ratio']:.2f}</td><td>{film['score']:.2f}</td></tr>"
        )
    head = "".join(f"<th>{word}</th>" for word in ("film", "σ 0", "σ 1", "σ 2", "sharpness", "score"))
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _figure(words: str, image: U8) -> str:
    picture = Image.fromarray(image)
    picture.thumbnail((640, 640))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=86)
    code = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<figure><img src="data:image/jpeg;base64,{code}" alt="{html.escape(words, quote=True)}">'
        f"<figcaption>{html.escape(words)}</figcaption></figure>"
    )
