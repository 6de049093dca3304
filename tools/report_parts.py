"""What pages are built of: the shell, plots, tables, cards, pictures. Everything is inside the one file."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.report_pictures import HEAT_TOP, Picture, heat_legend

_PAGE: Final = Path(__file__).parent / "page"


def shell(title: str, body: str) -> str:
    """A whole page: ``body`` (HTML) with the style and the script in it."""
    style, script = ((_PAGE / name).read_text(encoding="utf-8") for name in ("style.css", "player.js"))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title><style>
{style}</style></head><body><main>
{body}
</main><script>
{script}</script></body></html>
"""


def card(value: str, name: str, words: str) -> str:
    """One figure, large. name: what it is. words: what it means, in plain text."""
    return f'<div class="card"><b>{html.escape(value)}</b><span>{html.escape(name)}</span><small>{words}</small></div>'


def player(source: str, frames: int, fps: float) -> str:
    """The film of a report (``report_pictures.comparison``) as side by side, wipe and heat map. source: its address."""
    colours = ", ".join(heat_legend())
    modes = "".join(
        f'<button value="{value}" aria-pressed="{str(value == "side").lower()}">{words}</button>'
        for value, words in (("side", "Side by side"), ("wipe", "Wipe"), ("heat", "Heat map"))
    )
    return f"""<div class="player" data-frames="{frames}" data-fps="{fps:g}">
<canvas width="1280" height="360" aria-label="guided and unguided film"></canvas>
<video muted loop playsinline preload="auto" src="{html.escape(source, quote=True)}"></video>
<div class="bar"><button class="play">Play</button><input type="range" min="0" max="{max(frames - 1, 0)}" value="0"
aria-label="frame"><output>frame 1 of {frames}</output><div class="modes">{modes}</div>
<select aria-label="speed"><option value="1">1 ×</option><option value="0.5">½ ×</option>
<option value="0.25">¼ ×</option></select></div>
<div class="scale" hidden>0<i style="background:linear-gradient(90deg, {colours})"></i>{HEAT_TOP:g}
levels since the frame before; grey: not seen in both</div></div>"""


def line_plot(title: str, words: str, series: Mapping[str, Sequence[float]], first: int) -> str:
    """Lines over frames. first: the frame (from 0) of the first value; keys are names of films."""
    count = max((len(values) for values in series.values()), default=0)
    if not count:
        return ""
    top = _top(max(max(values) for values in series.values() if values))
    lines = []
    for name, values in series.items():
        points = [f"{100 * k / max(count - 1, 1):.2f},{100 - 100 * v / top:.2f}" for k, v in enumerate(values)]
        points += [f"{100.5:.2f},{points[0].split(',')[1]}"] if len(points) == 1 else []
        lines.append(f'<path d="M{" L".join(points)}" stroke="var(--{name})" stroke-width="2"/>')
    ticks = [f"{index + first + 1}" for index in sorted({0, count // 2, count - 1})]
    labels = "".join(
        f'<span class="x" style="left:{100 * index / max(count - 1, 1):.2f}%">{tick}</span>'
        for index, tick in zip(sorted({0, count // 2, count - 1}), ticks, strict=True)
    )
    means = {name: sum(values) / len(values) if values else 0.0 for name, values in series.items()}
    data = html.escape(json.dumps([list(values) for values in series.values()]), quote=True)
    return f"""<figure class="plot" data-series="{data}" data-first="{first}" data-count="{count}">
<h3>{html.escape(title)}</h3><small>{words}</small>
<div class="area"><svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{html.escape(title)}">
{_grid()}{"".join(reversed(lines))}</svg>{_levels(top)}{labels}
<span class="now" data-first="{first}" data-count="{count}"></span><span class="cursor"></span></div>
<div class="keys"><span class="where">mean of all frames</span>{_keys(means)}</div></figure>"""


def dot_plot(title: str, words: str, series: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Dots (seconds apart, levels); keys are names of films."""
    dots = [(name, x, y) for name, points in series.items() for x, y in points]
    if not dots:
        return ""
    top, far = _top(max(y for *_, y in dots)), max(x for _, x, _ in dots) * 1.02
    marks = "".join(
        f'<span class="dot {name}" title="{name}: {y:.2f} levels after {x:.2f} s" '
        f'style="left:{100 * x / far:.2f}%;top:{100 - 100 * y / top:.2f}%"></span>'
        for name, x, y in reversed(dots)
    )
    labels = "".join(
        f'<span class="x" style="left:{100 * share:.0f}%">{far * share:.1f} s</span>' for share in (0, 0.5, 1)
    )
    means = {name: sum(y for _, y in points) / max(len(points), 1) for name, points in series.items()}
    return f"""<figure class="plot"><h3>{html.escape(title)}</h3><small>{words}</small>
<div class="area"><svg viewBox="0 0 100 100" preserveAspectRatio="none">{_grid()}</svg>
{_levels(top)}{labels}{marks}</div>
<div class="keys"><span>mean</span>{_keys(means)}</div></figure>"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML. It scrolls by itself where the window is narrow."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="table"><table><tr>{top}</tr>{body}</table></div>'


def pictures(shown: Sequence[Picture]) -> str:
    """Pictures side by side, or below each other where the window is narrow."""
    figures = "".join(
        f'<figure><img src="{p.source}" alt="{html.escape(p.words, quote=True)}">'
        f"<figcaption>{html.escape(p.words)}</figcaption></figure>"
        for p in shown
    )
    return f'<div class="pair">{figures}</div>'


def terms(words: Mapping[str, str]) -> str:
    """What the figures mean."""
    return "<dl>" + "".join(f"<dt>{html.escape(k)}</dt><dd>{v}</dd>" for k, v in words.items()) + "</dl>"


def key(name: str) -> str:
    """The coloured dot of a film."""
    return f'<i class="dot-key {name}"></i>'


def _keys(means: Mapping[str, float]) -> str:
    return "".join(f"<span>{key(name)}{name} <b>{value:.2f}</b></span>" for name, value in means.items())


def _grid() -> str:
    return "".join(f'<line x1="0" x2="100" y1="{y}" y2="{y}" stroke="var(--line)"/>' for y in (0, 25, 50, 75, 100))


def _levels(top: float) -> str:
    digits = 0 if top >= 8 else 1 if top >= 0.8 else 2
    return "".join(f'<span class="y" style="top:{100 - 25 * k}%">{top * k / 4:.{digits}f}</span>' for k in range(5))


def _top(value: float) -> float:
    """A round number at or above ``value``, whose quarters are round too."""
    if value <= 0:
        return 1.0
    unit = 1.0
    while unit > value:
        unit /= 10
    while unit * 10 <= value:
        unit *= 10
    return next(unit * step for step in (1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12) if unit * step >= value)
