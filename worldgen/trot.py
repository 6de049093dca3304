"""How four legs go: footfalls along a way, and the stance at each moment between them.

The motion runs on a phase that counts strides. Each paw is planted at a fixed place while the body passes over it,
then swings to the next. Footfall orders and duty factors after Hildebrand (1965; 1977): the walk in lateral sequence,
the trot in diagonal pairs, the gallop in two quick pairs; stride length grows with the Froude number to the power
0.34 (Alexander & Jayes 1983).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from worldgen.conventions import F64
from worldgen.gait import smooth
from worldgen.posture import turn_z
from worldgen.quadruped import LEGS, Stance
from worldgen.skinning import Rig
from worldgen.stage import Ground

LEAD: Final = 0.70  # strides of phase before the body sets off, and after it arrives, in which paws are placed
EASE: Final = 0.45


@dataclass(frozen=True)
class Gait:
    """offsets: (4,) when each of ``LEGS`` lands, in strides. duty: how much of a stride a paw stands.

    lift: of a swinging paw, metres. bob, rock, flex, roll: of the body: up and down (metres), nose up and down, bending
    of the back, sideways (radians), for an animal as tall as the baked one. low: how far the body sinks, metres.
    """

    offsets: tuple[float, float, float, float]
    duty: float
    lift: float
    bob: float
    rock: float
    flex: float
    roll: float
    low: float


WALK: Final = Gait((0.0, 0.5, 0.27, 0.77), 0.64, 0.065, 0.008, 0.018, 0.0, 0.035, 0.012)
TROT: Final = Gait((0.0, 0.5, 0.5, 0.0), 0.45, 0.095, 0.018, 0.012, 0.02, 0.02, 0.026)
GALLOP: Final = Gait((0.0, 0.12, 0.62, 0.50), 0.29, 0.14, 0.030, 0.13, 0.24, 0.0, 0.045)


@dataclass(frozen=True)
class Frame:
    """What a gait has to know of an animal: its rig at its true size, and that size over the baked one's."""

    rig: Rig
    size: float

    @property
    def shoulder(self) -> float:
        """Height of the withers, metres."""
        return float(self.rig.heads[self.rig.row("shoulder_l")][2]) * 1.1

    def rest(self, leg: str) -> F64:
        """(3,) where a paw's middle stands, the pelvis and chest over the origin, metres."""
        end = "toe" if leg.startswith("hind") else "finger"
        third = "hock" if leg.startswith("hind") else "wrist"
        heads, side = self.rig.heads, leg[-1]
        toe = heads[self.rig.row(f"{end}_{side}")]
        return np.array([toe[0], toe[1] + 0.02 * heads[self.rig.row(f"{third}_{side}")][2] / 0.11, 0.0])


def gait_for(speed: float, size: float) -> Gait:
    """What an animal of ``size`` does at ``speed`` m/s."""
    froude = speed * speed / (9.81 * 0.56 * size)
    return WALK if froude < 0.55 else TROT if froude < 3.0 else GALLOP


def stride_length(speed: float, frame: Frame) -> float:
    """Metres."""
    hip = frame.shoulder * 0.85
    return 2.4 * hip * (speed * speed / (9.81 * hip)) ** 0.34


@dataclass(frozen=True)
class Trek:
    """Strides over a way. body: strides gone to (the place (2,) of the middle of the trunk, its heading).

    count: strides. seconds_a_stride. plants: for each leg (K, 4): from when to when it stands, in strides, and (x, y).
    """

    frame: Frame
    gait: Gait
    body: Callable[[float], tuple[F64, float]]
    count: float
    seconds_a_stride: float
    plants: tuple[F64, ...]
    yaws: tuple[F64, ...]
    ground: Ground

    @property
    def seconds(self) -> float:
        """How long it all takes."""
        return (self.count + 2 * LEAD) * self.seconds_a_stride

    def gone(self, phase: float) -> float:
        """Strides the body has gone at ``phase``: at rest before -EASE, at full speed between."""
        ramp = min(0.6, self.count / 2)

        def start(p: float) -> float:
            x = float(np.clip((p + EASE) / (ramp + EASE), 0.0, 1.0))
            return (3 * x * x - 2 * x**3) * ramp + (x**3 - x * x) * (ramp + EASE)

        if phase < ramp:
            return start(phase)
        if phase > self.count - ramp:
            return self.count - start(self.count - phase)
        return phase


def planned(
    frame: Frame, gait: Gait, body: Callable[[float], tuple[F64, float]], count: float, seconds: float, ground: Ground
) -> Trek:
    """Plant the paws of ``count`` strides of ``seconds`` each."""
    plants, yaws = [], []
    narrow = 0.72 if count > 0 else 1.0
    for leg, offset in zip(LEGS, gait.offsets, strict=True):
        rows, turned = [], []
        for j in range(-3, int(np.ceil(count)) + 3):
            begin = j + offset
            u = float(np.clip(begin + gait.duty / 2, 0.0, count))
            at, heading = body(u)
            rest = frame.rest(leg)
            if 0 < u < count:
                rest = rest * [narrow, 1.0, 1.0]
            x, y = at + (turn_z(heading) @ rest)[:2]
            rows.append([begin, begin + gait.duty, x, y])
            turned.append(heading)
        plants.append(np.array(rows))
        yaws.append(np.array(turned))
    return Trek(frame, gait, body, count, seconds, tuple(plants), tuple(yaws), ground)


def stance(trek: Trek, time: float) -> tuple[Stance, float]:
    """What the body does ``time`` seconds after the first paw may move, and how much of it is going (0–1)."""
    frame, gait, size = trek.frame, trek.gait, trek.frame.size
    phase = float(np.clip(time / trek.seconds_a_stride - LEAD, -LEAD, trek.count + LEAD))
    u = trek.gone(phase)
    at, heading = trek.body(u)
    going = smooth((phase + EASE) / 0.5) * smooth((trek.count + EASE - phase) / 0.5) if trek.count > 0 else 0.0
    paws, yaw, fold, lift = np.zeros((4, 3)), np.zeros(4), np.zeros(4), np.zeros(4)
    for k in range(4):
        paws[k], yaw[k], fold[k], lift[k] = _paw(trek, k, phase)
    cycle = 2 * np.pi * phase
    twice = 2 * cycle
    rock, flex, bob = gait.rock * going, gait.flex * going, gait.bob * size * going
    galloping = gait.flex > 0.1
    beat = np.cos(cycle - 0.5) if galloping else np.cos(twice - 0.6)
    bent = (
        float(trek.body(min(u + 0.35, trek.count))[1] - trek.body(max(u - 0.35, 0.0))[1]) * 0.6 if trek.count else 0.0
    )
    bent = float(np.clip(bent, -0.6, 0.6))
    roll = gait.roll * going * np.sin(cycle)
    rig = frame.rig
    hips, chest = rig.heads[rig.row("pelvis")], rig.heads[rig.row("arm_l")] * [0.0, 1.0, 1.0]
    behind = at + (turn_z(heading - 0.3 * bent) @ np.array([0.0, hips[1], 0.0]))[:2]
    before = at + (turn_z(heading + 0.3 * bent) @ np.array([0.0, chest[1], 0.0]))[:2]
    low, high = (_level(trek.ground, place, 0.16 * size) for place in (behind, before))
    slope = float(np.arctan2(high - low, chest[1] - hips[1]))
    sink = gait.low * size * going
    pelvis = np.array([*behind, low + hips[2] - sink + bob * beat])
    return Stance(
        pelvis=pelvis,
        heading=heading - 0.5 * bent,
        tilt=np.array([slope + rock * np.sin(cycle if galloping else twice) - 0.5 * flex * beat, roll]),
        spine=np.array([flex * beat, -1.4 * roll, bent]),
        neck=np.array(
            [-slope * 0.6 - 0.16 * going - 0.6 * flex * beat - 0.7 * rock * np.sin(cycle), 0.3 * roll, 0.25 * bent]
        ),
        head=np.array([0.08 * going - 0.2 * flex * beat, 0.0, 0.3 * bent]),
        jaw=0.10 * going,
        ears=np.array([1.0, 1.0]) * (0.10 * going + 0.35 * going * galloping),
        tail=np.array([0.25 * going, 0.10 + 0.1 * going, 0.10 * going * np.sin(cycle) - 0.5 * bent]),
        paws=paws,
        paw_yaw=yaw,
        fold=fold,
        lift=lift,
    ), going


def _level(ground: Ground, at: F64, reach: float) -> float:
    """The ground under a part of the body, evened out over ``reach`` metres."""
    heights = [
        ground(float(at[0] + dx), float(at[1] + dy))
        for dx, dy in ((0, 0), (reach, 0), (-reach, 0), (0, reach), (0, -reach))
    ]
    known = [h for h in heights if np.isfinite(h)]
    return float(np.mean(known)) if known else 0.0


def _stood(ground: Ground, x: float, y: float) -> F64:
    height = ground(x, y)
    return np.array([x, y, height if np.isfinite(height) else 0.0])


def _paw(trek: Trek, k: int, phase: float) -> tuple[F64, float, float, float]:
    """Place (3,), yaw, fold and lift of paw ``k`` at ``phase``."""
    rows, yaws = trek.plants[k], trek.yaws[k]
    j = int(np.searchsorted(rows[:, 0], phase, side="right")) - 1
    begin, end, x, y = rows[j]
    here = _stood(trek.ground, float(x), float(y))
    hind = k < 2
    if phase <= end:
        moved = np.hypot(*(rows[j + 1, 2:] - rows[j, 2:])) > 1e-6
        leaving = smooth((phase - end + 0.16) / 0.16) if moved else 0.0
        came = np.hypot(*(rows[j, 2:] - rows[j - 1, 2:])) > 1e-6
        landing = 1.0 - smooth((phase - begin) / 0.12) if came else 0.0
        return here, float(yaws[j]), 0.22 * leaving - 0.10 * landing, 0.0
    nxt = rows[j + 1]
    there = _stood(trek.ground, float(nxt[2]), float(nxt[3]))
    share = (phase - end) / (float(nxt[0]) - end)
    way = smooth(share)
    far = min(1.0, float(np.hypot(*(there - here)[:2])) / (0.25 * trek.frame.size))
    place = here + (there - here) * way
    rise = abs(float(there[2] - here[2]))
    high = (trek.gait.lift * trek.frame.size * (0.75 if hind else 1.0) + 0.4 * rise) * far
    place[2] = here[2] + (there[2] - here[2]) * smooth(1.5 * share if there[2] > here[2] else share)
    place[2] += high * np.sin(np.pi * share**0.75) ** 1.5
    curl = np.sin(np.pi * min(share / 0.85, 1.0)) ** 1.2 * far
    fold = 0.22 * (1 - smooth(share / 0.2)) * far + (0.55 if hind else 1.15) * curl * (trek.gait.lift / 0.065) ** 0.5
    fold -= 0.10 * smooth((share - 0.85) / 0.15) * far
    return place, float(yaws[j] + (yaws[j + 1] - yaws[j]) * way), fold, -0.9 * curl
