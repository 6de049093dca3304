"""Sun, sky and lamps."""

from __future__ import annotations
from dataclasses import dataclass


@dataclass(frozen=True)
class Lamp:
    """A small round light.

    name: unique in the world. position: (3,) world metres. intensity: (3,) linear RGB radiant intensity.
    reach_m: metres beyond which it is ignored. radius_m: of the glowing ball, for soft shadows in the truth.
    """

    name: str
    position: tuple[float, float, float]
    intensity: tuple[float, float, float]
    reach_m: float = 15.0
    radius_m: float = 0.1


@dataclass(frozen=True)
class Sky:
    """The sun and the air. Angles in radians: azimuth clockwise from +Y (north) seen from above, elevation above the horizon."""

    sun_azimuth: float = 3.5
    sun_elevation: float = 0.7
    turbidity: float = 3.0
    clouds: float = 0.0
