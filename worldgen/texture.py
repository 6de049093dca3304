"""Detail maps in surface coordinates."""

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
