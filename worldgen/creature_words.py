"""The words for characters that are no built-in people: from a file, or animals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Discriminator, Field, Tag

from worldgen.action_words import IdleWords, StandWords, TurnWords
from worldgen.bird import bird
from worldgen.bird_acts import BirdAction, Fly, Hop, Peck
from worldgen.character import Actor
from worldgen.character_words import CharacterWords
from worldgen.conventions import seed_from
from worldgen.dog import SHOULDER_M, dog
from worldgen.dog_acts import DogAction, Go, Settle
from worldgen.errors import unknown
from worldgen.puppet_actor import puppet
from worldgen.puppet_motion import Play, PuppetAction, Travel
from worldgen.stage import Stage
from worldgen.units import Angle, Colour, Number, PositiveDuration, PositiveLength, Speed, show
from worldgen.words import OneOf, Point, ShortWords, Spot, Words

ANIMALS: Final = ("dog", "bird")


class ClipWords(ShortWords):
    """Play a motion of the file. `clip: Dance` is short for `clip: {name: Dance}`."""

    alone: ClassVar[str] = "name"

    name: str = Field(description="What the file calls it.")
    for_: PositiveDuration | None = Field(None, description="How long. Unsaid: once through.")
    speed: Number = Field(1.0, gt=0, le=20, description="Faster or slower than in the file.")
    loop: bool = Field(True, description="Again and again, or once and then hold.")

    def action(self) -> Play:
        """The action."""
        return Play(self.name, self.for_, self.speed, self.loop)


class GoWords(Words):
    """Go a smooth way through points on the ground, in step with it."""

    along: tuple[Spot, ...] = Field(description="At least two points, `[x, y]`.")
    speed: Speed = Field(1.3, gt=0, le=30, description="How fast.")
    clip: str | None = Field(None, description="The motion of the file. Unsaid: the one called like this word.")

    def action(self, gait: str) -> Travel:
        """The action."""
        return Travel(tuple(self.along), self.speed, self.clip, gait)


class RunWords(GoWords):
    """Run a smooth way through points on the ground, in step with it."""

    speed: Speed = Field(3.5, gt=0, le=30, description="How fast.")


class PuppetActionWords(OneOf):
    """Something a character from a file does: one of these."""

    stand: StandWords | None = Field(None, description="Be somewhere, facing somewhere.")
    walk: GoWords | None = Field(None, description="Walk along points on the ground.")
    run: RunWords | None = Field(None, description="Run along points on the ground.")
    clip: ClipWords | None = Field(None, description="Play a motion of the file.")
    turn: TurnWords | None = Field(None, description="Turn on the spot.")
    idle: IdleWords | None = Field(None, description="Stand, with the file's idle motion if it has one.")

    def action(self) -> PuppetAction:
        """What the words say."""
        if self.kind in ("walk", "run"):
            return self.chosen.action(self.kind)
        return self.chosen.action()


class PuppetWords(Words):
    """A character from a glTF file."""

    asset: str = Field(description="A .glb or .gltf file below the scene's folder.")
    height: PositiveLength | None = Field(None, le=100, description="Standing. Unsaid: as the file has it, in metres.")
    turn: Angle = Field(0.0, description="Turned clockwise, for a file whose front is not +Z.")
    actions: tuple[PuppetActionWords, ...] = Field((), description="What it does, one thing after another.")

    @property
    def files(self) -> tuple[str, ...]:
        """The files it is read from."""
        return (self.asset,)

    def actor(self, name: str, seed: int, stage: Stage) -> Actor:
        """The character. Errors: ``ValueError``, one sentence."""
        actions = [words.action() for words in self.actions]
        path = stage.folder / self.asset
        return puppet(name, path, height=self.height, turn=-self.turn, actions=actions, stage=stage)


class DogGoWords(Words):
    """Go a smooth way through points on the ground; the gait follows from the speed."""

    along: tuple[Spot, ...] = Field(description="At least two points, `[x, y]`.")
    speed: Speed = Field(1.1, ge=0.1, le=12, description="How fast: a dog walks at 1.1m/s.")

    def action(self) -> Go:
        """The action."""
        return Go(tuple(self.along), self.speed)


class DogTrotWords(DogGoWords):
    """Trot a smooth way through points on the ground."""

    speed: Speed = Field(2.5, ge=0.1, le=12, description="How fast: a dog trots at 2.5m/s.")


class DogRunWords(DogGoWords):
    """Run a smooth way through points on the ground."""

    speed: Speed = Field(6.0, ge=0.1, le=12, description="How fast: a dog gallops at 6m/s.")


class DogSettleWords(Words):
    """Get down to it, stay, and get up again."""

    for_: PositiveDuration | None = Field(
        None, description="How long, getting down and up included. Unsaid: from then on."
    )


class DogActionWords(OneOf):
    """Something a dog does: one of these."""

    stand: StandWords | None = Field(None, description="Be somewhere, facing somewhere.")
    walk: DogGoWords | None = Field(None, description="Walk along points on the ground.")
    trot: DogTrotWords | None = Field(None, description="Trot along points on the ground.")
    run: DogRunWords | None = Field(None, description="Run along points on the ground.")
    turn: TurnWords | None = Field(None, description="Turn on the spot.")
    sit: DogSettleWords | None = Field(None, description="Sit down.")
    lie: DogSettleWords | None = Field(None, description="Lie down.")
    sniff: DogSettleWords | None = Field(None, description="Sniff the ground.")
    idle: IdleWords | None = Field(None, description="Stand, look about and wag.")

    def action(self) -> DogAction:
        """What the words say."""
        if self.kind in ("sit", "lie", "sniff"):
            return Settle(self.kind, self.chosen.for_)
        return self.chosen.action()


class DogWords(Words):
    """A dog."""

    animal: Literal["dog"] = Field(description="Which animal.")
    height: PositiveLength = Field(SHOULDER_M, ge=0.2, le=1.0, description="Of its shoulders.")
    coat: Colour | None = Field(None, description="Its fur. Unsaid: one of seven coats, by the seed.")
    back: Colour | None = Field(None, description="The fur of its back. Unsaid: a darker shade of `coat`.")
    underside: Colour | None = Field(
        None, description="Chest, belly, paws and muzzle. Unsaid: a lighter shade of `coat`."
    )
    actions: tuple[DogActionWords, ...] = Field((), description="What it does, one thing after another.")

    @classmethod
    def prepared(cls, data: Any) -> Any:
        """An animal that there is not is told here: every animal but the bird is read as a dog."""
        said = data.get("animal") if isinstance(data, Mapping) else "dog"
        if said not in ANIMALS:
            raise unknown(f"there is no animal {show(said)}", said, ANIMALS, ("animal",))
        return data

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the scene that it is read from."""
        return ()

    def actor(self, name: str, seed: int, stage: Stage) -> Actor:
        """The dog. Errors: ``ValueError``, one sentence."""
        return dog(
            name,
            height=self.height,
            coat=(self.coat, self.back, self.underside),
            actions=[words.action() for words in self.actions],
            stage=stage,
            seed=seed_from(seed, name),
        )


class FlyWords(Words):
    """Fly a smooth way through points in the air; it takes off and lands where the ends are on the ground."""

    along: tuple[Point, ...] = Field(description="Points, `[x, y, z]`.")
    speed: Speed = Field(8.0, ge=1, le=30, description="How fast.")

    def action(self) -> Fly:
        """The action."""
        return Fly(tuple(self.along), self.speed)


class HopWords(Words):
    """Hop a smooth way through points on the ground."""

    along: tuple[Spot, ...] = Field(description="Points, `[x, y]`.")
    speed: Speed = Field(0.6, ge=0.05, le=3, description="How fast.")

    def action(self) -> Hop:
        """The action."""
        return Hop(tuple(self.along), self.speed)


class PeckWords(Words):
    """Peck at the ground."""

    for_: PositiveDuration = Field(3.0, description="How long.")

    def action(self) -> Peck:
        """The action."""
        return Peck(self.for_)


class BirdActionWords(OneOf):
    """Something a bird does: one of these."""

    stand: StandWords | None = Field(None, description="Be somewhere on the ground, facing somewhere.")
    fly: FlyWords | None = Field(None, description="Fly along points in the air.")
    hop: HopWords | None = Field(None, description="Hop along points on the ground.")
    peck: PeckWords | None = Field(None, description="Peck at the ground.")
    idle: IdleWords | None = Field(None, description="Stand and look about.")

    def action(self) -> BirdAction:
        """What the words say."""
        return self.chosen.action()


class BirdWords(Words):
    """A bird."""

    animal: Literal["bird"] = Field(description="Which animal.")
    kind: Literal["pigeon", "dove", "crow", "gull", "sparrow"] = Field("pigeon", description="Which bird.")
    size: Number = Field(1.0, ge=0.3, le=4, description="Larger or smaller than that kind is.")
    actions: tuple[BirdActionWords, ...] = Field((), description="What it does, one thing after another.")

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the scene that it is read from."""
        return ()

    def actor(self, name: str, seed: int, stage: Stage) -> Actor:
        """The bird. Errors: ``ValueError``, one sentence."""
        actions = [words.action() for words in self.actions]
        return bird(name, kind=self.kind, size=self.size, actions=actions, stage=stage, seed=seed_from(seed, name))


def _kind(data: Any) -> str:
    if isinstance(data, PuppetWords) or (isinstance(data, Mapping) and "asset" in data):
        return "from a file"
    if isinstance(data, DogWords | BirdWords):
        return f"a {data.animal}"
    if isinstance(data, Mapping) and "animal" in data:
        return "a bird" if data["animal"] == "bird" else "a dog"
    return "a person"


AnyCharacter = Annotated[
    Annotated[CharacterWords, Tag("a person")]
    | Annotated[PuppetWords, Tag("from a file")]
    | Annotated[DogWords, Tag("a dog")]
    | Annotated[BirdWords, Tag("a bird")],
    Discriminator(_kind),
]
"""A person, a character with `asset`, or an `animal`."""
