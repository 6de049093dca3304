"""The scene language of cameras: lens, camera = body x aim x shake, and the shot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from worldgen.control_words import ControlWords
from worldgen.easing import EaseName
from worldgen.errors import SceneProblem
from worldgen.units import (
    Angle,
    Duration,
    Focal,
    Fps,
    FStop,
    Length,
    Mist,
    Number,
    PositiveDuration,
    PositiveLength,
    Sensor,
    Size,
    duration,
    length,
    show,
    written_list,
)
from worldgen.words import Footing, OneOf, Ramp, ShortWords, Vector, Words, _point

MAX_FRAMES = 1_000_000


def _target(value: object) -> str | Vector:
    """A name like ``mara`` or ``mara.head``, or a point."""
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, list | tuple):
        point = [length(v) for v in _point(value)]  # type: ignore[attr-defined]
        return point[0], point[1], point[2]
    raise SceneProblem(f"{show(value)} is nothing to look at: write a name like `mara.head`, or `[x, y, z]`")


def _focus(value: object) -> str | float | Vector:
    """A distance, or a name or point to keep sharp (a string that starts like a number is a distance)."""
    if isinstance(value, list | tuple) or (isinstance(value, str) and value[:1].isalpha()):
        return _target(value)
    result = length(value)
    if result <= 0:
        raise SceneProblem("the focus distance must be greater than zero")
    return result


_target_schema = WithJsonSchema(
    {
        "anyOf": [{"type": "string"}, written_list(3, 3).json_schema],
        "examples": ["mara.head", ["0m", "8m", "1.5m"]],
    }
)
Target = Annotated[Any, BeforeValidator(_target), _target_schema]
Focus = Annotated[
    Any,
    BeforeValidator(_focus),
    WithJsonSchema(
        {
            "anyOf": [{"type": ["string", "number"]}, written_list(3, 3).json_schema],
            "examples": ["4m", "mara.head"],
        }
    ),
]


def _prompt(value: object) -> tuple[tuple[float, str], ...]:
    """Words, or words at times, in order of time."""
    if isinstance(value, str):
        return ((0.0, value.strip()),)
    if not isinstance(value, Mapping) or not value:
        raise SceneProblem(f"{show(value)} is not a prompt: write words, or `{{0s: words, 3s: other words}}`")
    timed: dict[float, str] = {}
    for key, words in value.items():
        try:
            time = duration(key)
        except SceneProblem as problem:
            raise SceneProblem(problem.sentence, (key,), at_key=True) from None
        if time < 0 or time in timed:
            why = "is before the shot" if time < 0 else "names the same moment twice"
            raise SceneProblem(f"{show(key)} {why}", (key,), at_key=True)
        if not isinstance(words, str):
            raise SceneProblem(f"{show(words)} stands where the words of a prompt are expected", (key,))
        timed[time] = words.strip()
    return tuple(sorted(timed.items()))


Prompt = Annotated[
    tuple[tuple[float, str], ...],
    BeforeValidator(_prompt),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}],
            "examples": ["foggy dawn street", {"0s": "foggy dawn", "3s": "first sun"}],
        }
    ),
]


Bend = Annotated[float, Field(ge=-0.5, le=0.5)]


class FocalRamp(Ramp):
    """The focal length: still, or a zoom over the whole shot."""

    from_: Focal = Field(description="Focal length at the first frame.")
    to: Focal = Field(description="Focal length at the last frame.")
    ease: EaseName = Field("in-out-sine", description="How the zoom starts and ends.")


class FocusPull(Ramp):
    """What is sharp: one thing throughout, or the focus is pulled from one to another."""

    from_: Focus = Field(description="A distance, or a name or point to keep sharp, before the pull.")
    to: Focus = Field(description="The same after it.")
    at: Duration = Field(0.0, description="Seconds into the shot at which the pull begins.")
    for_: PositiveDuration | None = Field(None, description="How long it takes. Unsaid: to the end of the shot.")
    ease: EaseName = Field("in-out-sine", description="How the pull starts and ends.")


class AngleRamp(Ramp):
    """An angle: still, or turning over the whole shot."""

    from_: Angle = Field(description="Angle at the first frame.")
    to: Angle = Field(description="Angle at the last frame.")
    ease: EaseName = Field("in-out-sine", description="How the turn starts and ends.")


class LensWords(Words):
    """What the shot is taken with."""

    focal: FocalRamp = Field(
        default_factory=lambda: FocalRamp.model_validate(35),
        description="Focal length, like `35mm`, or a zoom: `{from: 35mm, to: 70mm}`.",
    )
    sensor: Sensor = Field(
        (24.89, 18.66), description="Name of a sensor (`super35`, `full-frame`, ...) or `[width, height]`."
    )
    focus: FocusPull | None = Field(
        None,
        description="A distance, or a name to keep sharp, or a pull: `{from: vase, to: mara.head, at: 1s, for: 0.8s}`. "
        "Unsaid: what the camera looks at.",
    )
    stop: FStop = Field(8.0, description="Aperture, like `f/2.8`.")
    shutter: Annotated[Angle, Field(ge=0.0, le=2 * math.pi + 1e-9)] = Field(
        math.pi, description="How long a frame is exposed: `180deg` is half of its time, `0deg` freezes motion."
    )
    distortion: tuple[Bend, Bend] | None = Field(
        None, description="Brown-Conrady `[k1, k2]`, radii in focal lengths: below 0 a barrel, above 0 a cushion."
    )
    mist: Mist = Field(
        0.125, description="Grade of a diffusion filter, like `1/4`: how far bright lights glow. 0 is bare glass."
    )


class Static(Words):
    """A camera on a tripod."""

    at: Footing = Field(description="Where it stands: `[x, y, z]`, or `[x, y]` for a height of 1.6m above the ground.")


class Move(Words):
    """A camera that travels between two points."""

    from_: Footing = Field(description="Where it is at the first frame.")
    to: Footing = Field(description="Where it is at the last frame.")
    ease: EaseName = Field("in-out-sine", description="How the move starts and ends.")


class Crane(Move):
    """A camera on a crane's arm: from one point to another along an arc."""

    arc: Number = Field(
        0.12, ge=-1.0, le=1.0, description="How far the arc rises above the straight line, as a share of its length."
    )


class Truck(Words):
    """A camera that travels sideways."""

    at: Footing = Field(description="Where it is at the first frame.")
    by: Length = Field(description="How far, to the right of where it looks; negative goes left.")
    ease: EaseName = Field("in-out-sine", description="How the move starts and ends.")


class Pedestal(Words):
    """A camera that rises or sinks."""

    at: Footing = Field(description="Where it is at the first frame.")
    by: Length = Field(description="How far up; negative goes down.")
    ease: EaseName = Field("in-out-sine", description="How the move starts and ends.")


class PushIn(Words):
    """A camera that moves toward something, and looks at it unless an aim says otherwise."""

    at: Footing = Field(description="Where it is at the first frame.")
    toward: Target = Field(description="A name or a point (where it is as the shot starts).")
    by: Length = Field(description="How far; negative pulls out.")
    ease: EaseName = Field("in-out-sine", description="How the move starts and ends.")


class Orbit(Words):
    """A camera that circles something, and looks at it unless an aim says otherwise."""

    around: Target = Field(description="A name or a point. A moving target takes the circle with it.")
    radius: PositiveLength = Field(description="Distance from the middle, seen from above.")
    height: Length = Field(0.0, description="Height above the middle.")
    from_: Angle = Field(
        0.0, description="Bearing of the camera from the middle at the first frame: clockwise from +Y (north)."
    )
    to: Angle = Field(description="Bearing at the last frame; more than 360deg goes round more than once.")
    ease: EaseName = Field("linear", description="How the move starts and ends.")


class Follow(Words):
    """A camera that keeps its place beside something that moves, and looks at it unless an aim says otherwise."""

    target: Annotated[str, Field(description="Name of a character, or of one joint: `mara.chest`.")]
    behind: Length = Field(3.0, description="How far behind; negative is in front.")
    side: Length = Field(0.0, description="How far to the target's right; negative is left.")
    height: Length = Field(1.6, description="Height above the target's feet.")
    damping: Duration = Field(0.4, description="How much the camera lags.")


class Key(Words):
    """One key of a camera path."""

    t: Duration = Field(description="Time into the shot.")
    at: Footing = Field(description="Where the camera is.")
    look_at: Target | None = Field(None, description="What it looks at here; on every key, or on none.")
    focal: Focal | None = Field(None, description="Focal length here; on every key, or on none.")
    ease: EaseName = Field("linear", description="Easing of the move that arrives here; `linear` glides through.")


class Filmed(ShortWords):
    """A camera path from a file: every frame's place, turn and lens. `file: take.json` is short for its `path`."""

    alone: ClassVar[str] = "path"

    path: str = Field(description="A file below the scene's folder (json, glb, usd), or a COLMAP folder.")
    camera: str | None = Field(None, description="Which camera of the file. Unsaid: its only one.")
    fps: Fps | None = Field(None, description="Frames a second of a file that has no times. Unsaid: its own, else 24.")
    from_: Duration = Field(0.0, description="Where in the path the shot begins.")


class Body(OneOf):
    """How the camera moves: one of these."""

    static: Static | None = Field(None, description="On a tripod.")
    dolly: Move | None = Field(None, description="In a straight line.")
    truck: Truck | None = Field(None, description="Sideways.")
    pedestal: Pedestal | None = Field(None, description="Up or down.")
    crane: Crane | None = Field(None, description="Along a crane's arc.")
    push_in: PushIn | None = Field(None, description="Toward something.")
    orbit: Orbit | None = Field(None, description="Around something.")
    follow: Follow | None = Field(None, description="Along with someone.")
    keyframes: tuple[Key, ...] | None = Field(None, description="Through points at times, smoothly.")
    file: Filmed | None = Field(None, description="As a file says; see `setpiece import-cameras`.")


class Aim(Words):
    """Where the camera looks: at something, or by angles."""

    look_at: Target | None = Field(None, description="A name (`mara`, `mara.head`, a prop) or a point.")
    damping: Duration = Field(0.0, description="How much the aim lags behind its target.")
    pan: AngleRamp | None = Field(
        None, description="Bearing clockwise from +Y (north); growing pans right. May be `{from:, to:}`."
    )
    tilt: AngleRamp | None = Field(None, description="Up from the horizon. May be `{from:, to:}`.")
    roll: Angle = Field(0.0, description="Turn of the picture's top to the right (a Dutch angle).")


class Handheld(Words):
    """A hand that is never quite still."""

    amount: Number = Field(0.3, ge=0.0, le=5.0, description="0 is a tripod, 0.3 a calm hand, 1 someone running.")
    seed: int | None = Field(None, description="Another seed, another shake. Unsaid: the shot's.")


class Shake(OneOf):
    """What disturbs the camera."""

    handheld: Handheld | None = Field(None, description="Held in the hand.")


class CameraWords(Words):
    """body x aim x shake."""

    body: Body = Field(description="How the camera moves.")
    aim: Aim = Field(default_factory=lambda: Aim.model_validate({}), description="Where it looks.")
    shake: Shake | None = Field(None, description="What disturbs it.")


class ShotWords(Words):
    """One take of one camera."""

    name: str = Field(description="Names the shot and its folder: letters, digits, `-` and `_`.")
    duration: PositiveDuration | None = Field(None, description="How long it lasts; or say `frames`.")
    frames: int | None = Field(None, gt=0, le=MAX_FRAMES, description="How many frames; or say `duration`.")
    start: Duration = Field(0.0, description="World time at the first frame: what has happened before the shot.")
    size: Size | None = Field(None, description="Another picture size for this shot.")
    lens: LensWords = Field(default_factory=lambda: LensWords.model_validate({}), description="The lens.")
    camera: CameraWords = Field(description="The camera: body, aim, shake.")
    prompt: Prompt | None = Field(
        None, description="What the picture shows, or words at times: `{0s: ..., 3s: ...}`. The look's prompt is added."
    )
    controls: ControlWords | None = Field(
        None, description="Strengths of controls in this shot, in place of the look's of the same name."
    )
    seed: int | None = Field(None, description="Of everything random in the shot. Unsaid: the scene's.")
