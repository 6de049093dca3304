"""The words for crowds: many people who stroll, or stand and talk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from worldgen.character import Actor, human
from worldgen.conventions import seed_from
from worldgen.crowd import Member, crowd
from worldgen.stage import Stage
from worldgen.units import PositiveDuration
from worldgen.words import Spot, Words


class CrowdWords(Words):
    """People in the background, called `crowd-01`, `crowd-02` and so on."""

    name: str = Field("crowd", description="What their names begin with.")
    count: int = Field(ge=1, le=200, description="How many.")
    in_: tuple[Spot, Spot] = Field(description="Two corners of the rectangle they are in, `[[x0, y0], [x1, y1]]`.")
    doing: Literal["stroll", "stand", "mixed"] = Field("mixed", description="What they do.")
    for_: PositiveDuration = Field(60.0, le=600, description="How long they keep strolling and talking.")
    seed: int | None = Field(None, description="Of who they are and where they go. Unsaid: the scene's.")

    def members(self, seed: int, obstacles: Sequence[tuple[float, float, float]] = ()) -> tuple[Member, ...]:
        """Who is in it, and what each is made with. ``seed``: the scene's. obstacles: circles (x, y, radius) metres.

        Errors: ``ValueError``, one sentence, when there is no room.
        """
        (ax, ay), (bx, by) = self.in_
        return crowd(
            self.name,
            self.count,
            (min(ax, bx), min(ay, by)),
            (max(ax, bx), max(ay, by)),
            self.doing,
            seed_from(seed, self.name) if self.seed is None else self.seed,
            obstacles,
            self.for_,
        )


def actor_of(member: Member, stage: Stage) -> Actor:
    """The person."""
    return human(member.name, stage=stage, **member.arguments)
