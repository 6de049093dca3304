"""What the surfaces of a glTF file look like, as materials of the world."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from worldgen.conventions import F32, F64, linear_from_srgb
from worldgen.gltf_file import GltfFile
from worldgen.material import Material
from worldgen.texture import Texture

MOST_PIXELS: Final = 2048  # a bitmap's longer edge; finer ones are reduced
MOST_TINTS: Final = 16


class Surfaces:
    """The materials of one file. Bitmaps are decoded once."""

    def __init__(self, file: GltfFile, stem: str) -> None:
        self.file = file
        self.stem = stem
        self.bitmap = cache(self._bitmap)

    def material(self, index: int | None) -> Material:
        """Material ``index`` (None: the format's default, white plastic)."""
        if index is None:
            return Material(f"{self.stem}/default", "plastic", (0.8, 0.8, 0.8), 1.0, 0.0)
        row = self.file.row("materials", index)
        name = f"{self.stem}/{row.get('name') or 'material'}-{index}"
        extensions = row.get("extensions") or {}
        gloss = extensions.get("KHR_materials_pbrSpecularGlossiness")
        pbr = row.get("pbrMetallicRoughness") or {}
        if gloss is not None:
            factor, image = gloss.get("diffuseFactor", (1, 1, 1, 1)), gloss.get("diffuseTexture")
            metallic, roughness = 0.0, 1.0 - float(gloss.get("glossinessFactor", 1.0)) * 0.7
        else:
            factor, image = pbr.get("baseColorFactor", (1, 1, 1, 1)), pbr.get("baseColorTexture")
            metallic, roughness = float(pbr.get("metallicFactor", 1.0)), float(pbr.get("roughnessFactor", 1.0))
            packed = pbr.get("metallicRoughnessTexture")
            if packed is not None:  # blue is metallic, green is roughness
                mean = self._image(packed["index"]).convert("RGB").resize((64, 64))
                green, blue = np.asarray(mean, np.float64).mean((0, 1))[1:] / 255.0
                metallic, roughness = metallic * float(blue), roughness * float(green)
        colour = np.clip(np.asarray(factor, np.float64)[:3], 0.0, 1.0)
        texture = None
        if image is not None:
            texture, mean_colour = self.bitmap(int(image["index"]))
            colour = np.clip(colour * mean_colour, 0.0, 1.0)
        strength = float((extensions.get("KHR_materials_emissive_strength") or {}).get("emissiveStrength", 1.0))
        r, g, b = (float(c) for c in colour)
        # An emissive factor of 1 is a screen's white, about 0.25 kcd/m².
        er, eg, eb = (0.25 * strength * float(c) for c in row.get("emissiveFactor", (0, 0, 0)))
        glow = (er, eg, eb) if "emissiveTexture" not in row else (0.0, 0.0, 0.0)
        return Material(name, "plastic", (r, g, b), min(roughness, 1.0), min(metallic, 1.0), glow, texture)

    def uv(self, index: int | None, attributes: dict[str, Any]) -> F32 | None:
        """(V, 2) of the base colour bitmap, in tiles, v up, with KHR_texture_transform; None where there is none."""
        if index is None:
            return None
        row = self.file.row("materials", index)
        gloss = (row.get("extensions") or {}).get("KHR_materials_pbrSpecularGlossiness") or {}
        info = (row.get("pbrMetallicRoughness") or {}).get("baseColorTexture") or gloss.get("diffuseTexture")
        if info is None:
            return None
        moved = (info.get("extensions") or {}).get("KHR_texture_transform") or {}
        key = f"TEXCOORD_{moved.get('texCoord', info.get('texCoord', 0))}"
        if key not in attributes:
            return None
        uv = self.file.accessor(attributes[key]).astype(np.float64)
        c, s = np.cos(moved.get("rotation", 0.0)), np.sin(moved.get("rotation", 0.0))
        uv = uv * moved.get("scale", (1, 1)) @ np.array([[c, s], [-s, c]]).T + moved.get("offset", (0, 0))
        return np.stack([uv[:, 0], 1.0 - uv[:, 1]], axis=1).astype(np.float32)

    def _bitmap(self, index: int) -> tuple[Texture, F64]:
        """A bitmap's mean colour (3,) linear, and the texture that multiplies it."""
        image = self._image(index)
        if max(image.size) > MOST_PIXELS:
            image.thumbnail((MOST_PIXELS, MOST_PIXELS))
        edge = max(image.size)  # a detail map is square
        pixels = linear_from_srgb(np.asarray(image.convert("RGB").resize((edge, edge)), np.float32) / 255.0)
        mean = np.maximum(pixels.mean((0, 1)), 1e-4)
        name = hashlib.blake2s(pixels.tobytes()).hexdigest()[:16]
        return Texture(name, (pixels / mean).astype(np.float32), 1.0), mean.astype(np.float64)

    def _image(self, texture: int) -> Image.Image:
        row = self.file.row("images", self.file.row("textures", texture).get("source"))
        data = self.file.view(row["bufferView"]) if "bufferView" in row else self.file.file(row["uri"])
        try:
            image = Image.open(io.BytesIO(data))
            image.load()
        except Exception:  # each image format fails in its own way
            raise ValueError(f"its bitmap {row.get('name') or row.get('uri', '')!r} cannot be read") from None
        return image


def tinted(material: Material, colours: F64) -> tuple[npt.NDArray[np.intp], list[Material]]:
    """Vertex colours as at most 16 materials: which of them each of ``colours (F, 3)`` linear is, and they."""
    steps = np.round(np.clip(colours, 0, 1) ** (1 / 2.2) * 5).astype(np.int64)
    key = steps @ [36, 6, 1]
    values, index, counts = np.unique(key, return_inverse=True, return_counts=True)
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_TINTS])
    middle = np.stack([colours[index == k].mean(0) for k in range(len(values))])
    nearest = np.argmin(np.linalg.norm(middle[:, None] - middle[kept][None], axis=2), axis=1)
    which = nearest[index]
    made = []
    for k, row in enumerate(kept):
        r, g, b = (float(c) for c in np.clip(np.multiply(material.base_color, middle[row]), 0, 1))
        made.append(
            Material(f"{material.name}-{k}", material.kind, (r, g, b), material.roughness, material.metallic,
                     material.emission, material.texture)
        )  # fmt: skip
    return which, made
