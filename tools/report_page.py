"""The pages of a report: one file each, which opens without a network."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tools.report_parts import card, dot_plot, key, line_plot, pictures, player, shell, table, terms
from tools.report_pictures import Picture

EMBEDDED_MB: Final = 24
"""A film up to this size travels inside the page; a larger one lies beside it."""

_FILMS: Final = {
    "guided": "guided<small>what Setpiece delivers</small>",
    "unguided": "unguided<small>every frame by itself, same seed</small>",
    "blurred": "blurred<small>a control: unguided, out of focus. It must score worse than guided</small>",
    "carried": "carried<small>a control: the first frame brought along. The floor of the measure, and no film</small>",
}
_KINDS: Final = {
    "next": "one frame apart",
    "second": "one second apart",
    "farthest": "the farthest frame that still shows it",
    "revisit": "seen again after it was out of view",
    "cut": "across a cut",
}
_TERMS: Final = {
    "Change (warp error)": "How much a surface point differs between two frames, in levels of 0 to 255, over the "
    "points that both show. Where each point lies in the other frame is known exactly, not estimated. σ is a blur in "
    "pixels before comparing: at 0 grain and resampling count, at 2 only shifts of light and form. Light that really "
    "moves counts too.",
    "Flicker": "The standard deviation, in levels, of an error that is new in every frame and would make surface "
    "points flicker as much as they do. Steady changes are none; pulses slower than six frames are not seen here.",
    "Sharpness": "Mean gradient against the unguided film of the same seed. Blur lowers every change, so sharpness "
    "lost is charged for in the score. Gradient energy weighs strong edges more.",
    "Silhouettes": "Whether the strongest edges of the picture lie where the built world has steps of depth: F1, 1 at "
    "best. Textures and shadows compete, so no film reaches 1; compare the rows.",
    "Seen again": "The same surface points far apart in time, resolved alike and in the same light (the built "
    "world knows). PSNR in decibels: 34 is a difference one has to look for. Empty where nothing is seen twice.",
    "Light follows": "Where shadows and highlights move, the picture must change as the world does: 1 goes all the "
    "way, 0 is frozen. Motion error is what is left over, against the unguided film's.",
    "Colour drift": "How far the mean colour of a thing is from one shot to the other, after dividing out the light "
    "that the built world has in each: CIEDE2000. 1 is just noticeable side by side, 2 is little.",
    "Score": "Change against the unguided film (consecutive and far pairs, all σ) + 4 × the sharpness lost beyond 3% "
    "+ 2 × the motion error beyond 1.2 times the unguided one. Less is better; the unguided film scores 1.",
}


def shot_page(
    report: Mapping[str, Any],
    film: Path,
    links: Mapping[str, str],
    worst: Sequence[tuple[Picture, Picture]],
) -> str:
    """The page of one shot. report: as in report.json. film: report.mp4. links: words and addresses of other films."""
    title = f"{report['title']}: {report['shot']}"
    films, kept = report["films"], report["sharpness_ratio"]
    seconds = report["frames"] / report["fps"]
    others = ", ".join(f'<a href="{html.escape(link, quote=True)}">{words}</a>' for words, link in links.items())
    lead = (
        f"From frame to frame a surface point changes by <b>{report['e_warp_guided']:.2f}</b> levels of 255 with "
        f"guidance and by {report['e_warp_unguided']:.2f} without, at {kept:.0%} of the sharpness."
    )
    body = f"""<h1>{html.escape(title)}</h1>
<p>{report["frames"]} frames, {seconds:.1f} s, {report["width"]} × {report["height"]}. In full: {others}.</p>
<p class="lead">{lead}</p>
<div class="cards">{_cards(report)}</div>
<h2>Side by side</h2>
<p>Drag over the picture to wipe. Space plays, the arrow keys step; a click in a plot goes to that frame.</p>
{player(_address(film), report["frames"], report["fps"])}
<h2>Over time</h2>
<div class="plots">
{line_plot("Change since the frame before", "levels, σ = 0; less is steadier", _series(films, "e_warp_frames"), 1)}
{line_plot("Flicker", "levels, σ = 1; less is steadier", _series(films, "flicker_frames"), 1)}
{line_plot("Sharpness", "mean gradient, levels a pixel; more is sharper", _series(films, "sharpness_frames"), 0)}
{dot_plot("Drift", "change over time apart, same light, σ = 1; less is steadier", _series(films, "apart"))}
</div>
<h2>All figures</h2>
{_film_table(films)}
{_far(films, ("next", "second", "farthest", "revisit"))}
{_worst(worst)}
<h2>What the figures mean</h2>
{terms({k: v for k, v in _TERMS.items() if k != "Colour drift"})}"""
    return shell(title, body)


def scene_page(report: Mapping[str, Any], shots: Sequence[Mapping[str, Any]], across: Sequence[Picture]) -> str:
    """The page of a scene of several shots. report, shots: as in its report.json and theirs. across: of the cut."""
    films, title = report["films"], f"{report['title']}: across the cuts"
    guided, plain = films["guided"], films["unguided"]
    cut, loose = guided["pairs"].get("cut"), plain["pairs"].get("cut")
    cards = []
    if cut and loose:
        cards.append(
            card(
                f"{cut['psnr']['1']:.1f} dB",
                "Across a cut",
                f"same points, same light; {loose['psnr']['1']:.1f} unguided",
            )
        )
        cards.append(
            card(f"{cut['e_warp']['0']:.2f}", "Change across a cut", f"levels; {loose['e_warp']['0']:.2f} unguided")
        )
    drift, other = guided["colours"], plain["colours"]
    if drift["mean"] is not None:
        cards.append(
            card(f"{drift['mean']:.2f} ΔE", "Colour drift", f"mean over all things; {other['mean']:.2f} unguided")
        )
        cards.append(card(f"{drift['worst']:.2f} ΔE", "Worst thing", html.escape(drift["things"][0]["thing"])))
    nothing = (
        "" if cut else "<p>No surface point is seen in two shots in the same light, so only colours are compared.</p>"
    )
    rows = [
        [
            f'<a href="{html.escape(shot["shot"], quote=True)}/report.html">{html.escape(shot["shot"])}</a>',
            str(shot["frames"]),
            f"{shot['e_warp_guided']:.2f}",
            f"{shot['e_warp_unguided']:.2f}",
            f"{shot['sharpness_ratio']:.2f}",
            f"{shot['films']['guided']['score']:.2f}",
        ]
        for shot in shots
    ]
    things = [
        [
            html.escape(thing["thing"]),
            " → ".join(html.escape(name) for name in thing["shots"]),
            "".join(f'<i class="swatch" style="background:{colour}"></i>' for colour in thing["srgb"]),
            f"{thing['delta_e']:.2f}",
            f"{thing['pixels']:,}",
        ]
        for thing in drift["things"]
    ]
    body = f"""<h1>{html.escape(title)}</h1>
<p>{len(shots)} shots of one world. What both sides of a cut show must look the same on both.</p>
<div class="cards">{"".join(cards)}</div>{nothing}
{pictures(across) if across else ""}
{_far(films, ("cut",))}
<h2>Colours of things</h2>
<p>As guided, most different first. The swatches are what was painted in each shot, in that shot's light; the drift has
the light divided out.</p>
{table(("thing", "shots", "painted", "drift, ΔE", "pixels"), things)}
<h2>Shots</h2>
{table(("shot", "frames", "change, guided", "unguided", "sharpness", "score"), rows)}
<h2>What the figures mean</h2>
{terms(_TERMS)}"""
    return shell(title, body)


def _cards(report: Mapping[str, Any]) -> str:
    guided, plain = report["films"]["guided"], report["films"]["unguided"]
    found = [
        card(
            f"{report['e_warp_ratio']:.2f} ×",
            "Change",
            f"{report['e_warp_guided']:.2f} of {report['e_warp_unguided']:.2f}",
        ),
        card(f"{guided['flicker']['1']:.2f}", "Flicker", f"levels; {plain['flicker']['1']:.2f} unguided"),
        card(f"{report['sharpness_ratio']:.0%}", "Sharpness kept", "of the unguided film's"),
    ]
    for kind, name in (("revisit", "Seen again"), ("farthest", "First and last")):
        if kind in guided["pairs"] and kind in plain["pairs"]:
            mine, other = (film["pairs"][kind]["psnr"]["1"] for film in (guided, plain))
            found.append(card(f"{mine:.1f} dB", name, f"same points, same light; {other:.1f} unguided"))
            break
    if guided["motion"]["follows"] is not None:
        follows, other = guided["motion"]["follows"], plain["motion"]["follows"]
        found.append(card(f"{follows:.2f}", "Light follows", f"1 all the way, 0 frozen; {other:.2f} unguided"))
    found.append(card(f"{guided['score']:.2f}", "Score", "unguided is 1, less is better"))
    return "".join(found)


def _film_table(films: Mapping[str, Any]) -> str:
    head = (
        "film", "change σ 0", "σ 1", "σ 2", "flicker", "sharpness", "gradient energy", "silhouettes", "light follows",
        "motion error", "score",
    )  # fmt: skip
    rows = []
    for name, film in films.items():
        motion = film["motion"]
        rows.append(
            [
                key(name) + _FILMS[name],
                *(f"{value:.2f}" for value in film["e_warp"].values()),
                f"{film['flicker']['1']:.2f}",
                f"{film['sharpness_ratio']:.2f}",
                f"{film['gradient_energy_ratio']:.2f}",
                f"{film['edge_f1']:.2f}",
                "–" if motion["follows"] is None else f"{motion['follows']:.2f}",
                "–" if motion["error"] is None else f"{motion['ratio']:.2f} ×",
                f"{film['score']:.2f}",
            ]
        )
    return table(head, rows)


def _far(films: Mapping[str, Any], kinds: Sequence[str]) -> str:
    """Tables of the kinds of far pairs that there are."""
    found = ""
    for kind in kinds:
        rows = [
            [
                key(name) + name,
                *(f"{value:.2f}" for value in film["pairs"][kind]["e_warp"].values()),
                *(f"{value:.1f}" for value in film["pairs"][kind]["psnr"].values()),
                f"{film['pairs'][kind]['pixels']:,}",
            ]
            for name, film in films.items()
            if kind in film["pairs"]
        ]
        if rows:
            head = ("film", "change σ 0", "σ 1", "σ 2", "PSNR σ 0", "σ 1", "σ 2", "points")
            found += f"<h2>Same points, same light: {_KINDS[kind]}</h2>{table(head, rows)}"
    return found


def _worst(worst: Sequence[tuple[Picture, Picture]]) -> str:
    if not worst:
        return ""
    return "<h2>Where it changes most</h2>" + "".join(pictures(pair) for pair in worst)


def _series(films: Mapping[str, Any], what: str) -> dict[str, Any]:
    return {name: film[what] for name, film in films.items()}


def _address(film: Path) -> str:
    """The film itself where it is small, else its name."""
    content = film.read_bytes()
    if len(content) > EMBEDDED_MB * 2**20:
        return film.name
    return f"data:video/mp4;base64,{base64.b64encode(content).decode()}"
