"""What the consistency benchmark prints: a table a scene, who wins, and where we lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table

from worldgen.conventions import U8

NO_FILMS: Final = ("blurred", "carried", "proxy", "truth")
"""Rows that are measured and do not compete: the controls, the built world, and the truth."""

E_WARP, SHARP, FLOOR, PSNR, MOTION = 0.25, 0.97, 1.3, 34.0, 1.2
"""The figures to reach: warp error from frame to frame in the same light against unguided, sharpness, the same warp
error against the carried control, decibels of what is seen again, motion error against unguided."""


NOTHING: Final = 0.1
"""Levels that nobody sees: less is as good as a floor of 0."""


def show(scenes: Sequence[Mapping[str, Any]]) -> None:
    """Print everything."""
    console = Console(width=150)
    for scene in scenes:
        for name, measured in scene["denoisers"].items():
            console.print(_table(scene, name, measured))
    for name in scenes[0]["denoisers"]:
        console.print()
        for line in verdicts(scenes, name):
            console.print(line)


def verdicts(scenes: Sequence[Mapping[str, Any]], denoiser: str) -> list[str]:
    """Sentences: where guidance wins and where not, and which figures are missed."""
    lost, missed, blurred = [], [], []
    for scene in scenes:
        films = scene["denoisers"][denoiser]["films"]
        best = winner(films)
        if best != "guided":
            lost.append(
                f"{scene['name']} to {best} ({films[best]['score']:.2f} against {films['guided']['score']:.2f})"
            )
        if films["blurred"]["score"] <= films["guided"]["score"]:
            blurred.append(scene["name"])
        short = shortfalls(films)
        if short:
            missed.append(f"{scene['name']}: {', '.join(short)}")
    won = len(scenes) - len(lost)
    lines = [f"{denoiser}: guided has the best score on {won} of {len(scenes)} scenes."]
    lines += [f"  It loses on {'; '.join(lost)}."] if lost else []
    lines += [f"  The blurred control does not lose on {', '.join(blurred)}."] if blurred else []
    lines += (
        ["  Figures not reached:", *(f"    {line}" for line in missed)] if missed else ["  All figures are reached."]
    )
    return lines


def condensed(scene: Mapping[str, Any]) -> dict[str, Any]:
    """A scene's figures without those of single frames and pairs."""
    painted = {}
    for name, measured in scene["denoisers"].items():
        films = {
            film: {k: v for k, v in figures.items() if k != "apart" and not k.endswith("_frames")}
            for film, figures in measured["films"].items()
        }
        painted[name] = {**measured, "films": films}
    return {**{k: v for k, v in scene.items() if k != "key"}, "denoisers": painted}


def winner(films: Mapping[str, Any]) -> str:
    """The film with the least score of those that compete."""
    return min((name for name in films if name not in NO_FILMS), key=lambda name: float(films[name]["score"]))


def shortfalls(films: Mapping[str, Any]) -> list[str]:
    """Which of the figures to reach the guided film misses, in words."""
    guided, found = films["guided"], []
    steady, loose, floor = (films[name]["pairs"]["next"]["e_warp"] for name in ("guided", "unguided", "carried"))
    for sigma, value in steady.items():
        if value > E_WARP * loose[sigma]:
            found.append(f"E_warp σ{sigma} {value / max(loose[sigma], 1e-9):.2f} × unguided")
        if value > max(FLOOR * floor[sigma], NOTHING):
            found.append(f"σ{sigma} {value / max(floor[sigma], 1e-9):.2f} × floor")
    if sharp(guided) < SHARP:
        found.append(f"sharpness {sharp(guided):.3f}")
    for kind in ("revisit", "cut"):
        if kind in guided["pairs"] and guided["pairs"][kind]["psnr"]["1"] < PSNR:
            found.append(f"{kind} {guided['pairs'][kind]['psnr']['1']:.1f} dB")
    if guided["motion"]["error"] is not None and guided["motion"]["ratio"] > MOTION:
        found.append(f"motion error {guided['motion']['ratio']:.2f} × unguided")
    return found


def sharp(film: Mapping[str, Any]) -> float:
    """Detail of the right picture that is kept, where it is known; else sharpness. Both against unguided."""
    return float(film["sharpness_ratio"] if film["detail_ratio"] is None else film["detail_ratio"])


def strip(rows: Sequence[tuple[str, U8]], columns: int = 5) -> U8:
    """Films one below the other, each as some of its frames, with their names: a picture to look at."""
    bands = []
    for name, film in rows:
        chosen = film[np.linspace(0, len(film) - 1, min(columns, len(film))).round().astype(int)]
        band = Image.fromarray(np.concatenate(list(chosen), axis=1))
        ImageDraw.Draw(band).text((4, 2), name, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))
        bands.append(np.asarray(band))
    return np.concatenate(bands, axis=0)


def _table(scene: Mapping[str, Any], denoiser: str, measured: Mapping[str, Any]) -> Table:
    films = measured["films"]
    cost = measured["ms_a_frame"]
    title = (
        f"{scene['name']} ({scene['what']}), {denoiser}: {scene['frames']} frames, "
        f"{cost['guided']:.0f} ms a frame guided, {cost['unguided']:.0f} unguided; truth: {scene['truth']}"
    )
    table = Table(title=title, title_justify="left", expand=False)
    head = ("film", "same light σ0", "σ1", "σ2", "all σ1", "flicker", "sharp", "far", "revisit dB", "cut dB", "motion")
    for word in (*head, "score"):
        table.add_column(word, justify="left" if word == "film" else "right")
    best = winner(films)
    order = sorted(films, key=lambda name: (name in NO_FILMS, films[name]["score"]))
    for name in order:
        film = films[name]
        style = "bold" if name == best else "dim" if name in NO_FILMS else ""
        table.add_row(name, *_cells(film), style=style)
    return table


def _cells(film: Mapping[str, Any]) -> list[str]:
    pairs, motion = film["pairs"], film["motion"]
    return [
        *(f"{value:.2f}" for value in pairs["next"]["e_warp"].values()),
        f"{film['e_warp']['1']:.2f}",
        f"{film['flicker']['1']:.2f}",
        f"{sharp(film):.3f}",
        f"{pairs['farthest']['ratio']:.2f}" if "farthest" in pairs else "–",
        *(f"{pairs[kind]['psnr']['1']:.1f}" if kind in pairs else "–" for kind in ("revisit", "cut")),
        "–" if motion["error"] is None else f"{motion['error']:.2f}",
        f"{film['score']:.2f}",
    ]
