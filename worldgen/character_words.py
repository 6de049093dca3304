"""The words for characters: body, clothes, and what they do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from worldgen.action_words import ActionWords
from worldgen.character import Actor, human
from worldgen.conventions import seed_from
from worldgen.stage import Stage
from worldgen.units import Colour, Number, PositiveLength
from worldgen.words import Words


class BodyWords(Words):
    """A person's body."""

    height: PositiveLength = Field(1.72, ge=0.8, le=2.5, description="From the floor to the top of the head.")
    build: Number = Field(0.0, ge=-1, le=1, description="From -1 (slim) to 1 (heavy).")
    masculine: Number | None = Field(
        None, ge=0, le=1, description="From 0 (feminine) to 1 (masculine). Unsaid: likely for the height."
    )
    hairstyle: Literal["short", "bob", "bun", "long", "ponytail", "curly", "bald"] | None = Field(
        None, description="Unsaid: by the seed."
    )
    detail: Literal["high", "low"] = Field("high", description="`low` is for the distance: about 6000 triangles.")


class Wardrobe(Words):
    """Colours. Skin, hair, top, legs and shoes, unsaid, are drawn by the seed; all else is worn only when named."""

    skin: Colour | None = Field(None, description="Skin.")
    hair: Colour | None = Field(None, description="Hair.")
    top: Colour | None = Field(None, description="Shirt.")
    legs: Colour | None = Field(None, description="Trousers.")
    shoes: Colour | None = Field(None, description="Shoes.")
    coat: Colour | None = Field(None, description="A coat over it all.")
    skirt: Colour | None = Field(None, description="A skirt instead of trousers.")
    hat: Colour | None = Field(None, description="A hat.")
    hat_style: Literal["beanie", "cap", "brim"] = Field("beanie", description="What kind of hat.")
    jacket: Colour | None = Field(None, description="A jacket over the top, to the hips.")
    dress: Colour | None = Field(None, description="A dress instead of top and trousers.")
    shorts: Colour | None = Field(None, description="Shorts instead of trousers.")
    glasses: Colour | None = Field(None, description="Glasses, with rims of this colour.")
    beard: Colour | None = Field(None, description="A short beard.")


class CharacterWords(Words):
    """A person."""

    body: BodyWords = Field(default_factory=lambda: BodyWords.model_validate({}), description="The body.")
    wardrobe: Wardrobe = Field(default_factory=lambda: Wardrobe.model_validate({}), description="The clothes.")
    actions: tuple[ActionWords, ...] = Field((), description="What they do, one after another.")

    @property
    def files(self) -> tuple[str, ...]:
        """The files that a person's actions are read from."""
        return tuple(words.mocap.file for words in self.actions if words.mocap is not None)

    def actor(self, name: str, seed: int, stage: Stage) -> Actor:
        """The character. ``seed``: the scene's. Errors: ``ValueError``, one sentence."""
        return human(
            name,
            height=self.body.height,
            build=self.body.build,
            masculine=self.body.masculine,
            hairstyle=self.body.hairstyle,
            wardrobe={
                key: value
                for key, value in self.wardrobe.model_dump(exclude={"hat_style"}).items()
                if value is not None
            },
            hat_style=self.wardrobe.hat_style,
            detail=self.body.detail,
            actions=[words.action() for words in self.actions],
            stage=stage,
            seed=seed_from(seed, name),
        )
