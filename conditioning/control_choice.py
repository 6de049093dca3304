"""Which controls a model is given of those it takes, and how strongly at each frame: as the scene asks, or its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from conditioning.conditions import Control
from conditioning.control_video import control_clips
from render.passframe import ShotPasses
from worldgen.control_words import strength_at
from worldgen.conventions import F32
from worldgen.errors import nearest
from worldgen.world import Shot

if TYPE_CHECKING:
    from conditioning.models.family import ControlSpec, Family


def chosen_controls(family: Family, shot: Shot) -> dict[str, ControlSpec]:
    """The controls that ``family`` gets for ``shot``, by name: those the scene asks for, or the family's usual ones.

    One that is asked for at strength 0 throughout is off. Errors: ``ValueError``, in one sentence, for a control that
    the family does not take or cannot follow so little, or for more of them than it takes at once.
    """
    takes: dict[str, ControlSpec] = {spec.name: spec for spec in family.controls}
    if not shot.controls:
        return dict(list(takes.items())[: min(family.usual, family.at_once)])
    for name, said in shot.controls:
        if name not in takes:
            near = nearest(name, takes)
            hint = f"; did you mean {near}?" if near else ""
            raise ValueError(
                f"{shot.name}: {family.name} takes no {name} control, only {', '.join(takes) or 'none'}: "
                f"change look.controls, or the model{hint}"
            )
        if takes[name].whole and any(value != 1 for _, value in said):
            raise ValueError(
                f"{shot.name}: {family.name} follows {name} entirely and cannot follow it less: "
                f"give it no strength but 1 in look.controls, or choose another model"
            )
    on = {name: takes[name] for name, strengths in shot.controls if any(value > 0 for _, value in strengths)}
    if len(on) > family.at_once:
        raise ValueError(
            f"{shot.name}: {family.name} takes {family.at_once} control{'s' * (family.at_once != 1)} at once, not "
            f"{len(on)} ({', '.join(on)}): drop some from look.controls, or set them to 0 for this shot"
        )
    return on


def strengths(shot: Shot, name: str, frames: Sequence[int]) -> F32:
    """(N,) strength of one control at these frames (from 0) of the shot, 1 as the model recommends.

    1 where the scene asks for no control; 0 where it asks for others.
    """
    said = dict(shot.controls).get(name, ((0.0, 1.0),) if not shot.controls else ((0.0, 0.0),))
    return np.array([strength_at(said, float(k / shot.fps)) for k in frames], dtype=np.float32)


def told_controls(passes: ShotPasses, controls: Mapping[str, ControlSpec], frames: Sequence[int]) -> dict[str, Control]:
    """What a model is told of these frames (from 0) of the shot: each control's pictures and strengths."""
    clips = control_clips(passes, {name: spec.style for name, spec in controls.items()}, frames)
    return {
        name: Control(
            torch.from_numpy(np.ascontiguousarray(clips[name].transpose(0, 3, 1, 2))),
            torch.from_numpy(strengths(passes.shot, name, frames)),
        )
        for name in controls
    }
