"""The verb models: which generators there are, what they need and take, and how their weights come here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from conditioning.models import catalogue
from conditioning.models.family import OFFLOADS, Family
from conditioning.models.fetch import get
from conditioning.models.fits import Machine, fit, this_machine
from conditioning.models.store import folder_of, models_folder, records, weights_key
from tools.console import emit, say

WIDE: Final = 118
"""Letters across the table where the output is no terminal."""


def list_models(asked: Path | None, as_json: bool) -> None:
    """Every generator that can paint: on stderr as a table, or on stdout as JSON. asked: the folder of models."""
    models, machine = models_folder(asked), this_machine()
    found = [described(one, models, machine) for one in catalogue.FAMILIES]
    if as_json:
        emit({"folder": str(models), "machine": machine.words, "models": found})
        return
    table = Table(box=box.SIMPLE_HEAD, title=f"Models for {machine.words}", title_justify="left", pad_edge=False)
    for head in ("name", "GB of GPU", "fits", "here", "licence", "takes"):
        table.add_column(head, overflow="fold", no_wrap=head in ("name", "GB of GPU"))
    for one in found:
        licences = ", ".join(licence.partition(" (")[0] for licence in one["licences"])
        table.add_row(one["name"], _needs(one), _fits(one), _here(one), licences, _takes(one))
    console = Console(stderr=True)
    Console(stderr=True, width=None if console.is_terminal else WIDE).print(table)
    say("GB of GPU: whole there, its parts in turn (--offload model), its layers in turn (--offload sequential).")
    say(f"The folder of models is {models}. Fetch one: setpiece models get NAME. Paint with one: --model NAME.")


def described(one: Family, models: Path, machine: Machine) -> dict[str, Any]:
    """A model as JSON values."""
    fits, there = fit(one, machine), records(models, one)
    return {
        "name": one.name,
        "words": one.words,
        "memory_gb": {offload: needs for offload, needs in one.memory},
        "fits": fits.well,
        "offload": fits.offload,
        "why": fits.words,
        "embedded": not one.checkpoints,
        "downloaded": there is not None,
        "folder": str(folder_of(models, one)) if one.checkpoints else None,
        "weights": weights_key(models, one) if there is not None else None,
        "licences": list(dict.fromkeys(c.licence for c in one.checkpoints)) or ["Apache-2.0"],
        "checkpoints": [
            {
                "repo": c.repo,
                "revision": c.revision,
                "licence": c.licence,
                "licence_url": c.licence_url,
                "download_gb": c.download_gb,
            }
            for c in one.checkpoints
        ],
        "controls": [control.name for control in one.controls],
        "controls_at_once": one.at_once,
        "known_pixels": one.known,
        "references": one.references,
        "sizes": [f"{width}x{height}" for width, height in one.sizes],
        "sides_multiple_of": one.side,
        "window": one.window,
        "steps": one.steps,
    }


def _needs(one: dict[str, Any]) -> str:
    if one["embedded"]:
        return "none"
    known = one["memory_gb"]
    return " / ".join(f"{known[level]:g}" if level in known else "?" for level in OFFLOADS) if known else "unknown"


def _fits(one: dict[str, Any]) -> str:
    answer = {True: "yes", False: "no", None: "unknown"}[one["fits"]]
    return answer if one["embedded"] or not one["memory_gb"] else f"{answer}: {one['why']}"


def _here(one: dict[str, Any]) -> str:
    if one["embedded"]:
        return "embedded"
    sizes = [checkpoint["download_gb"] for checkpoint in one["checkpoints"]]
    size = f" ({sum(sizes):.0f} GB)" if None not in sizes else ""
    return "yes" if one["downloaded"] else f"no{size}"


def _takes(one: dict[str, Any]) -> str:
    if one["embedded"]:
        return "the world itself"
    taken = [*one["controls"]]
    taken += ["known pixels"] if one["known_pixels"] else []
    taken += [f"{one['references']} references"] if one["references"] else []
    return ", ".join(taken)


def get_model(name: str, source: str | None, asked: Path | None, as_json: bool) -> None:
    """Bring the weights of the model ``name`` here. source: a mirror or a folder; None for the hub.

    Errors: ``ValueError`` in one sentence.
    """
    one, models = catalogue.family(name), models_folder(asked)
    if not one.checkpoints:
        raise ValueError(f"{name} is part of Setpiece: there is nothing to fetch")
    for licence in dict.fromkeys((c.licence, c.licence_url) for c in one.checkpoints):
        say(f"licence: {licence[0]}, {licence[1]}")
    there = get(one, models, source, say)
    say(f"{name} is in {folder_of(models, one)}. Next: setpiece render SCENE --model {name}")
    if as_json:
        emit(
            {
                "name": name,
                "folder": str(folder_of(models, one)),
                "weights": weights_key(models, one),
                "checkpoints": [
                    {"repo": r.repo, "commit": r.commit, "gigabytes": round(r.gigabytes, 3)} for r in there
                ],
            }
        )
