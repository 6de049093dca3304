"""What a character can be told to do: one small type an action. Places are metres, angles radians, headings
counter-clockwise from +Y seen from above.

A ``Target`` is a name that the world knows ("mara.head", "cup", "room.sofa-left") or a point (x, y, z). Names are
looked up while posing, so what they mean may move.
"""

from __future__ import annotations

from dataclasses import dataclass

Target = str | tuple[float, float, float]


@dataclass(frozen=True)
class Stand:
    """Be at ``at`` (x, y) metres for ``seconds``; after another action, the character is there at once, as after a cut.

    facing: radians, counter-clockwise from +Y seen from above.
    """

    at: tuple[float, float]
    facing: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Walk:
    """Walk a smooth way through the points ``along`` (x, y) metres, at ``speed`` m/s, from standing to standing."""

    along: tuple[tuple[float, float], ...]
    speed: float = 1.3


@dataclass(frozen=True)
class Run:
    """Run a smooth way through the points ``along`` (x, y), at up to ``speed`` m/s, from standing to standing."""

    along: tuple[tuple[float, float], ...]
    speed: float = 3.5


@dataclass(frozen=True)
class Stroll:
    """Walk so as to be at each time where ``track`` (seconds, x, y) says; at 0 one has walked for ``lead`` seconds.

    The track begins at ``-lead`` seconds. This is a first action.
    """

    track: tuple[tuple[float, float, float], ...]
    lead: float = 0.0


@dataclass(frozen=True)
class Turn:
    """Turn on the spot, with small steps, to face ``facing`` radians or, if given, the point ``toward`` (x, y)."""

    facing: float = 0.0
    toward: tuple[float, float] | None = None


@dataclass(frozen=True)
class Idle:
    """Stay as one is, standing or seated, breathe and shift weight for ``seconds`` (None: from then on)."""

    seconds: float | None = None


@dataclass(frozen=True)
class Sit:
    """Go to a seat, turn, sit down and stay for ``seconds`` (None: from then on).

    on: the name of a seat of the world; or at (x, y), height and facing of one. As the first action that takes place
    somewhere, the character sits there from the start.
    """

    on: str | None = None
    at: tuple[float, float] | None = None
    height: float = 0.45
    facing: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True)
class StandUp:
    """Rise from the seat."""


@dataclass(frozen=True)
class Wave:
    """Wave for ``seconds`` with ``hand`` ("right" or "left"; None: a free one), looking ``toward`` a target, if any."""

    seconds: float = 2.0
    hand: str | None = None
    toward: Target | None = None


@dataclass(frozen=True)
class Point:
    """Point and look at a target for ``seconds``, with ``hand`` (None: the nearer free one)."""

    at: Target
    seconds: float = 2.5
    hand: str | None = None


@dataclass(frozen=True)
class Talk:
    """Talk for ``seconds``, with gestures of the free hands and nods, looking ``to`` a target, if any."""

    seconds: float = 4.0
    to: Target | None = None


@dataclass(frozen=True)
class Look:
    """From here on look at a target (None: ahead), for ``seconds`` or until the next look, while other actions go on.

    This takes no time of its own.
    """

    at: Target | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class PickUp:
    """Reach for ``prop``, wherever it then is within reach, grasp it and carry it from then on."""

    prop: str
    hand: str = "right"


@dataclass(frozen=True)
class PutDown:
    """Set what is carried down with its foot ``at`` a target. hand: None for the one that carries."""

    at: Target
    hand: str | None = None


@dataclass(frozen=True)
class Carry:
    """Have ``prop`` in the hand from the start."""

    prop: str
    hand: str = "right"


@dataclass(frozen=True)
class Mocap:
    """Move as recorded in a BVH ``file`` below the scene's folder, from ``start`` to ``stop`` seconds (None: its end).

    at: (x, y) metres where the hips begin, facing: the heading there; None: where the character is. speed: as recorded
    at 1.
    """

    file: str
    start: float = 0.0
    stop: float | None = None
    at: tuple[float, float] | None = None
    facing: float | None = None
    speed: float = 1.0


@dataclass(frozen=True)
class Dance:
    """Dance on the spot for ``seconds`` to a beat of ``bpm`` a minute."""

    seconds: float = 8.0
    bpm: float = 112.0


Action = (
    Stand
    | Walk
    | Run
    | Stroll
    | Turn
    | Idle
    | Sit
    | StandUp
    | Wave
    | Point
    | Talk
    | Look
    | PickUp
    | PutDown
    | Carry
    | Dance
    | Mocap
)


@dataclass(frozen=True)
class Hold:
    """When a prop is carried: from ``start`` until ``stop`` seconds (infinity: to the end) it goes with ``joint``.

    joint: "left_grip" or "right_grip" of ``Actor.frame``. natural: whether it lies in the palm from the start; else it
    keeps the place in the grip's frame that it has at ``start``. Before and after, it stays where it is.
    """

    prop: str
    joint: str
    start: float
    stop: float
    natural: bool = False
