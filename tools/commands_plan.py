"""The verb plan: what painting would be, before anything heavy starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from conditioning.models.family import Family
from conditioning.models.fits import Machine, this_machine
from conditioning.models.store import models_folder, records
from render.raster import Rasterizer, open_rasterizer
from tools.blocking import STRENGTH
from tools.commands_render import Choices, asked_of, blocked_by, chosen_frames
from tools.console import emit, say
from tools.estimate import spoken
from tools.opened import Opened, open_production
from tools.painters import family_of
from tools.painters_big import can_be_told, loading_of, steps_of
from tools.plan import controls_of, done_of, keyframes_of, memory_of, painted_size, planned_windows, seconds_of
from tools.references import shown
from worldgen.world import Shot

LISTED: Final = 12
"""Windows that are listed one by one, at most."""


def plan_scene(path: Path, choices: Choices, as_json: bool) -> None:
    """Say what ``choices`` would paint of the scene at ``path``: as words, or as JSON."""
    opened = open_production(path, choices.out, choices.prompt)
    one = family_of(opened, choices.model)
    raster, machine = open_rasterizer(choices.rasterizer), this_machine()
    shots = opened.shots(choices.shot, choices.size, choices.quality)
    plans = [planned(opened, shot, one, choices, raster, machine) for shot in shots]
    raster.close()
    if as_json:
        emit({"scene": opened.production.name, "model": one.name, "shots": plans})
        return
    for plan in plans:
        for line in lines(plan):
            say(line)


def planned(
    opened: Opened, shot: Shot, one: Family, choices: Choices, raster: Rasterizer, machine: Machine
) -> dict[str, Any]:
    """The plan of one shot, as JSON values. Errors: ``ValueError`` for what the model cannot do."""
    start, stop = chosen_frames(shot, choices)
    if one.checkpoints:
        can_be_told(one, opened, shot, steps_of(one, opened, choices.steps))
    here = records(models_folder(choices.model.models), one) is not None
    asked = asked_of(opened, shot, choices, raster, guided=choices.guided) if here else None
    job, size = (asked.job if asked else None), painted_size(one, shot)
    steps = job.steps if job else steps_of(one, opened, choices.steps)
    done = done_of(asked.job, asked.folder) if asked else None
    left = stop - start - (done or 0)
    seconds, basis = seconds_of(one, shot, left, steps, opened.folder)
    return {
        "shot": shot.name,
        "model": one.name,
        "weights": "embedded"
        if not one.checkpoints
        else "here"
        if here
        else f"missing: setpiece models get {one.name}",
        "size": {"asked": [shot.track.width, shot.track.height], "painted": [size.width, size.height]},
        "size_words": size.words,
        "frames": [start + 1, stop],
        "fps": str(shot.fps),
        "keyframes": list(keyframes_of(one, start, stop, job)),
        "windows": [vars(window) for window in planned_windows(one, shot, start, stop, job)],
        "controls": controls_of(one, shot) if one.checkpoints else [],
        "references": _references(opened, shot, one, raster),
        "known_pixels": "natively" if one.known else "by guidance",
        "starts": _starts(opened, choices),
        "steps": steps,
        "cfg": one.cfg,
        "memory": memory_of(one, machine),
        "device": machine.device,
        "offload": loading_of(one, choices.model).offload,
        "frames_there": done,
        "frames_left": left,
        "seconds": None if seconds is None else round(seconds, 1),
        "seconds_from": basis,
        "folder": str(asked.folder if asked else opened.painted_folder(shot, choices.model.model)),
    }


def _starts(opened: Opened, choices: Choices) -> str | None:
    """What film is painted over, in words."""
    film = "pocket's film" if blocked_by(opened, choices) else choices.start_from
    strength = choices.strength or opened.scene.look.strength or STRENGTH
    return None if film is None else f"from {film}, painted over with strength {strength:g}"


def _references(opened: Opened, shot: Shot, one: Family, raster: Rasterizer) -> list[str]:
    """What goes along as reference pictures, in words, the first ones first."""
    if not one.references:
        return []
    style = [] if opened.style is None else [f"style: {opened.style.name}"]
    people = [f"turnaround: {name}" for name in shown(opened, shot, raster)]
    return (style + people)[: one.references]


def lines(plan: dict[str, Any]) -> list[str]:
    """A plan for people."""
    first, last = plan["frames"]
    frames, windows, memory = last - first + 1, plan["windows"], plan["memory"]
    told = [f"{plan['shot']}: {frames} frames with {plan['model']} (weights {plan['weights']})"]
    told.append(f"  size      {plan['size_words']}")
    keys = f"{len(plan['keyframes'])} keyframes, then " if plan["keyframes"] else ""
    most = max(window["last"] - window["first"] + 1 for window in windows)
    told.append(f"  windows   {keys}{len(windows)} of at most {most} frames")
    held: tuple[str, ...] = ()
    for window in windows[:LISTED]:
        before, prompts = window["shown"], window["prompts"]
        added = window["rendered"] - (window["last"] - window["first"] + 1) - before
        words = f"    {window['first']:04d}-{window['last']:04d}"
        words += f", going on from the {before} before" if before else ""
        words += f", {window['rendered']} painted, {added} of them cut" if added > 0 else ""
        told.append(words)
        told += [f"      {prompt}" for prompt in prompts if prompts != held]
        held = prompts
    told += [f"    and {len(windows) - LISTED} more"] if len(windows) > LISTED else []
    for control in plan["controls"]:
        told.append(f"  control   {control['name']}, {control['strength']} ({control['convention']})")
        told.append(f"            as in {control['source']}")
    told += [f"  reference {reference}" for reference in plan["references"]]
    told += [f"  starts    {plan['starts']}"] if plan["starts"] else []
    told.append(f"  steps     {plan['steps']}" + (f", guidance scale {plan['cfg']:g}" if plan["cfg"] != 1 else ""))
    if plan["weights"] != "embedded":
        levels = ", ".join(f"{needs:g} GB with offload {offload}" for offload, needs in memory["levels_gb"].items())
        told.append(f"  memory    needs {levels or 'what nobody has stated'}; here: {memory['machine']}")
        told.append(f"            {_loaded(plan)}")
    there = plan["frames_there"]
    told.append(f"  there     {'not known without the weights' if there is None else f'{there} of {frames} frames'}")
    time = "unknown" if plan["seconds"] is None else f"about {spoken(plan['seconds'])}"
    told.append(f"  time      {time}, {plan['seconds_from'].removeprefix('unknown: ')}")
    return told


def _loaded(plan: dict[str, Any]) -> str:
    """How the model is spread over this machine's memory, in words."""
    if plan["device"] == "cpu":
        return "on the CPU, since there is no GPU here: big models are far too slow there"
    return f"starts with offload {plan['offload']}; out of memory, the next one is tried"
