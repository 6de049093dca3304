"""Materials: what a surface is made of, and its detail in surface coordinates."""

from __future__ import annotations

from dataclasses import dataclass, field

from worldgen.conventions import F32


@dataclass(frozen=True, eq=False)
class Texture:
    """A tileable detail map that multiplies a material's base colour. Compared by ``name``.

    name: unique ("brick", "cobble", or a file's content hash). detail: (S, S, 3) float32 linear multipliers with
    mean about 1 per channel; row 0 is v = 1 (top), rows run down. size_m: the edge of one tile in metres of ``uv``
    (1 for a bitmap whose ``uv`` is in tiles).
    """

    name: str
    detail: F32 = field(repr=False)
    size_m: float = 1.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Texture) and (self.name, self.size_m) == (other.name, other.size_m)

    def __hash__(self) -> int:
        return hash((self.name, self.size_m))


@dataclass(frozen=True)
class Material:
    """A surface, hashable.

    name: what a director calls it, unique within a world ("plaster-ochre"). kind: one word of ``KINDS``.
    base_color: linear reflectance (3). roughness, metallic: 0–1, as in glTF. emission: linear radiance (3).
    texture: detail that multiplies ``base_color``, or None.
    """

    name: str
    kind: str
    base_color: tuple[float, float, float]
    roughness: float = 0.8
    metallic: float = 0.0
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)
    texture: Texture | None = None
