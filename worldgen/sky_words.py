"""The words for light: sun and air, and the lamps that somebody put there."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import Field

from worldgen.conventions import linear_from_hex
from worldgen.light import Lamp, Sky, black_body
from worldgen.units import Angle, Colour, Kelvin, Number, Power
from worldgen.words import Point, Words

KILOCANDELA_A_WATT: Final = 15.0 / (4 * np.pi) / 1000.0
"""Of a light bulb: about 15 lumen a watt, to all sides."""


class Sun(Words):
    """Where the sun stands."""

    azimuth: Angle = Field(3.5, description="Clockwise from +Y (north), seen from above.")
    elevation: Angle = Field(0.7, description="Above the horizon; below it is night.")


class SkyWords(Words):
    """The sun and the air."""

    sun: Sun = Field(default_factory=lambda: Sun.model_validate({}), description="Where the sun stands.")
    turbidity: Number = Field(3.0, ge=1, le=20, description="1 is pure air, 3 clear, 6 hazy.")
    clouds: Number = Field(0.0, ge=0, le=1, description="Share of the sky that is covered.")

    def sky(self, exposure: float) -> Sky:
        """The sky that the words say; ``exposure``: stops of the look."""
        return Sky(self.sun.azimuth, self.sun.elevation, self.turbidity, self.clouds, exposure)


class LampWords(Words):
    """A light that somebody put there."""

    name: str = Field(description="A unique name.")
    at: Point = Field(description="Where it hangs.")
    color: Colour | None = Field(None, description="The colour of its light; or say `temperature`.")
    temperature: Kelvin | None = Field(None, description="Colour temperature: a candle 1900K, a bulb 2700K.")
    power: Power = Field(60.0, description="Watts of a light bulb that is as bright.")
    on: bool = Field(True, description="Whether it burns.")

    def lamp(self) -> Lamp:
        """The lamp that the words say."""
        tint = black_body(self.temperature or 2700.0)
        if self.color is not None:
            rgb = linear_from_hex(self.color).astype(np.float64)
            tint = rgb / max(float(rgb.mean()), 1e-6)
        r, g, b = (float(c) for c in tint * self.power * KILOCANDELA_A_WATT)
        reach = float(np.clip(1.5 * np.sqrt(self.power), 4.0, 100.0))
        return Lamp(self.name, self.at, (r, g, b), reach_m=reach)
