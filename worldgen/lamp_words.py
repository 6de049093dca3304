"""The words for lamps that somebody put there: what they are, how they burn, where they hang or who carries them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from pydantic import Field, model_validator

from worldgen.camera_words import Target
from worldgen.conventions import F64, UP, linear_from_hex, seed_from, unit
from worldgen.errors import SceneProblem
from worldgen.flicker import STUTTER_S, WARM_S, Manner, dance, flicker, switched
from worldgen.light import Lamp, black_body
from worldgen.skies import curve
from worldgen.timed_words import Timed, timed, timed_schema
from worldgen.units import Angle, Colour, Kelvin, Number, PositiveLength, power, show
from worldgen.words import Choice, Point, Words

Where = Callable[[str, float], F64]
"""(3,) world metres of something with a name, at a time in seconds."""

LUMEN_A_WATT: Final = 15.0
KILOCANDELA_A_WATT: Final = LUMEN_A_WATT / (4 * np.pi) / 1000.0
"""Of a light bulb: about 15 lumen a watt, to all sides."""


@dataclass(frozen=True)
class LampKind:
    """What a word for a lamp means: kelvin (or a colour), watts of a bulb as bright, radius, and how it flickers.

    tube: whether it stutters when it is switched on. dance_m: how far its flame moves.
    """

    kelvin: float
    watts: float
    radius_m: float
    manner: Manner = "buzz"
    flicker: float = 0.0
    tube: bool = False
    dance_m: float = 0.0
    colour: str | None = None
    beam: bool = False


LAMP_KINDS: Final = {
    "bulb": LampKind(2700.0, 60.0, 0.1),
    "candle": LampKind(1900.0, 1.5, 0.02, "flame", 0.3, dance_m=0.004),
    "lantern": LampKind(2100.0, 25.0, 0.08, "flame", 0.12, dance_m=0.008),
    "fire": LampKind(1950.0, 120.0, 0.25, "flame", 0.45, dance_m=0.05),
    "tube": LampKind(4000.0, 100.0, 0.12, tube=True),
    "neon": LampKind(2700.0, 40.0, 0.15, tube=True, colour="#ff3d6e"),
    "screen": LampKind(7500.0, 12.0, 0.2, "screen", 0.5),
    "spot": LampKind(3200.0, 75.0, 0.1, beam=True),
}


def _watts(value: object) -> float:
    watts = power(value)
    if watts < 0:
        raise SceneProblem(f"`{watts:g}` must not be negative")
    return watts


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise SceneProblem(f"{show(value)} is neither `true` nor `false`")
    return value


LampName = Annotated[str, Choice(LAMP_KINDS, "a lamp")]
_power = {"anyOf": [{"type": "string", "pattern": r"^[\d.]+\s*k?W$"}, {"type": "number", "minimum": 0}]}
Watts = Annotated[Timed[float], timed(_watts), timed_schema(_power, "60W", {"0s": "0W", "2s": "60W"})]
Switch = Annotated[Timed[bool], timed(_switch), timed_schema({"type": "boolean"}, True, {"0s": False, "3s": True})]


class LampWords(Words):
    """A light that somebody put there, or carries."""

    name: str = Field(description="A unique name.")
    kind: LampName = Field("bulb", description="What it is: bulb, candle, lantern, fire, tube, neon, screen or spot.")
    at: Point | None = Field(None, description="Where it hangs; with `attach`, how far from there.")
    attach: str | None = Field(None, description="Who or what carries it, like `mara.left-hand`.")
    color: Colour | None = Field(None, description="The colour of its light; or say `temperature`.")
    temperature: Kelvin | None = Field(None, description="Colour temperature: a candle 1900K, a bulb 2700K.")
    power: Watts | None = Field(None, description="Watts of a light bulb as bright; may change: `{0s: 0W, 2s: 60W}`.")
    on: Switch = Field(((0.0, True),), description="Whether it burns; may be switched: `{0s: false, 3s: true}`.")
    radius: PositiveLength | None = Field(
        None, description="Of what glows: the larger, the softer its shadows. Unsaid: its kind's; a bulb has 10 cm."
    )
    flicker: Number | None = Field(
        None, ge=0, le=1, description="How unevenly it burns: 0 not at all. Unsaid: its kind's."
    )
    toward: Target | None = Field(None, description="Where a spot light points: a name or a point. Unsaid: down.")
    cone: Angle | None = Field(
        None, description="Of a spot light: from one edge of its beam to the other. Unsaid: 50deg."
    )

    @model_validator(mode="after")
    def _agree(self) -> LampWords:
        if self.at is None and self.attach is None:
            raise SceneProblem("a lamp needs a place: say `at` or `attach`")
        for word, value in (("toward", self.toward), ("cone", self.cone)):
            if value is not None and not self._look.beam:
                raise SceneProblem(f"`{word}` belongs to a spot light: say `kind: spot`", (word,), at_key=True)
        if self.cone is not None and not 0 < self.cone <= np.pi:
            raise SceneProblem("a beam is more than 0 and at most 180 degrees wide", ("cone",))
        return self

    @property
    def _look(self) -> LampKind:
        return LAMP_KINDS[self.kind]

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """(word, name) of everything in the world that the lamp goes by."""
        named = (("attach", self.attach), ("toward", self.toward))
        return tuple((word, name) for word, name in named if isinstance(name, str))

    @property
    def changes(self) -> bool:
        """Whether its light is not the same for all time."""
        timed_words = len(self.on) > 1 or len(self.power or ()) > 1
        return timed_words or bool(self.names) or self._unevenness > 0

    @property
    def _unevenness(self) -> float:
        return self._look.flicker if self.flicker is None else self.flicker

    def position(self, time: float, where: Where | None = None) -> F64:
        """(3,) world metres of the lamp, without the dance of its flame."""
        at = np.array(self.at if self.at is not None else (0.0, 0.0, 0.0), dtype=np.float64)
        if self.attach is None:
            return at
        assert where is not None  # who builds the world knows where things are
        return where(self.attach, time) + at

    def lamp(self, time: float = 0.0, where: Where | None = None) -> Lamp | None:
        """The lamp at ``time`` seconds, None while it is dark. where: needed by lamps that go by a name."""
        look, seed = self._look, seed_from("lamp", self.name)
        share = self._share(time, seed)
        powers = self.power or ((0.0, look.watts),)
        watts = float(curve([t for t, _ in powers], np.array([[w] for _, w in powers]))(time)[0])
        if share * watts <= 0:
            return None
        position = self.position(time, where) + dance(time, look.dance_m if self._unevenness > 0 else 0.0, seed)
        aimed, focus = self._beam(position, time, where)
        lumens = watts * share * flicker(look.manner, self._unevenness, time, seed)
        r, g, b = (float(c) for c in self._tint * lumens * KILOCANDELA_A_WATT * focus)
        x, y, z = (float(c) for c in position)
        # The reach is that of full power: where a lamp is felt must not change as it flickers.
        reach = float(np.clip(3.0 * np.sqrt(max(w for _, w in powers) * focus), 8.0, 100.0))
        radius = look.radius_m if self.radius is None else self.radius
        return Lamp(self.name, (x, y, z), (r, g, b), reach, radius, aimed, self._half_cone)

    def _share(self, time: float, seed: int) -> float:
        """0 to 1: how far it is switched on."""
        past = [(since, on) for since, on in self.on if since <= time]
        if not past:
            return float(self.on[0][1])
        since, on = past[-1]
        if len(past) == 1 or past[-2][1] == on or time - since > max(STUTTER_S, WARM_S):
            return float(on)
        return switched(time - since, on, self._look.tube, seed)

    @property
    def _half_cone(self) -> float:
        return 0.5 * (np.radians(50.0) if self.cone is None else self.cone)

    @property
    def _tint(self) -> F64:
        colour = self.color or (self._look.colour if self.temperature is None else None)
        if colour is None:
            return black_body(self.temperature or self._look.kelvin)
        rgb = linear_from_hex(colour).astype(np.float64)
        return np.asarray(rgb / max(float(rgb.mean()), 1e-6))

    def _beam(self, position: F64, time: float, where: Where | None) -> tuple[tuple[float, float, float] | None, float]:
        """Where it points, and how many times brighter than a bulb the same light is in its beam."""
        if not self._look.beam:
            return None, 1.0
        target: Any = position - UP if self.toward is None else self.toward
        if isinstance(target, str):
            assert where is not None
            target = where(target, time)
        x, y, z = (float(c) for c in unit(np.asarray(target, np.float64) - position + 1e-9 * UP))
        solid = 1.0 - np.cos(0.75 * self._half_cone)  # the middle of the soft edge
        return (x, y, z), float(2.0 / max(solid, 1e-3))
