"""Detail maps in surface coordinates."""

from __future__ import annotations

from dataclasses import dataclass, field

from worldgen.conventions import F16, F32, U8


@dataclass(frozen=True, eq=False)
class Texture:
    """A tileable detail map: what multiplies a material's base colour, how high the surface lies, how it shines.

    All maps are of one shape, wrap around at their edges and are read-only; row 0 is v = 1 (top), rows run down.

    name: unique ("brick", "cobble", or a file's content hash). detail: (S, S, 3) float32 linear multipliers with
    mean about 1 per channel. size_m: edge of one tile in metres of ``uv`` (1 for a bitmap whose ``uv`` is in tiles).
    height: (S, S) float16 metres along the outward normal, mean about 0, or None for what is even: with ``p = size_m /
    S`` metres a texel the slopes are ``dh/du = (h[r, c + 1] - h[r, c - 1]) / 2p`` and
    ``dh/dv = (h[r - 1, c] - h[r + 1, c]) / 2p``, and the bent normal is ``normal - dh/du * tangent_u - dh/dv *
    tangent_v``, made unit.
    roughness: (S, S) float16, ADDED to the material's roughness (then clipped to 0-1), or None for 0 everywhere.
    opacity: (S, S) uint8, or None for what is whole: where its bilinear value is below 127.5 there is no surface, and
    everything sees and shines through the hole. That is how a leaf or a net is cut out of a card.
    """

    name: str
    detail: F32 = field(repr=False)
    size_m: float = 1.0
    height: F16 | None = field(default=None, repr=False)
    roughness: F16 | None = field(default=None, repr=False)
    opacity: U8 | None = field(default=None, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Texture) and (self.name, self.size_m) == (other.name, other.size_m)

    def __hash__(self) -> int:
        return hash((self.name, self.size_m))
