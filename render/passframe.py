"""The passes of a shot's frames, each worked out when it is asked for, and what frames share worked out once.

What is kept does not grow with the frames: the shot's scale, its shader, and a few neighbouring frames.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from render import edges
from render.correspondence import FrameGeometry
from render.cryptomatte import cryptomatte, float_id
from render.identity import Identities
from render.keypoints import Person, drawn, people
from render.motion import FrameMotion, Motion, frame_motion
from render.passes import Passes
from render.passtable import CRYPTO, LIGHT
from render.raster import GBuffer, Rasterizer
from render.scale import ShotScale, scale_of
from render.shade import Drawn, Shader, Shading
from worldgen.camera import Camera
from worldgen.conventions import F32, I32, Bool
from worldgen.light import Sky
from worldgen.world import Shot, Snapshot, World

Layer = npt.NDArray[Any]

MEANS: Final = ("albedo", "roughness", "metallic", "emission")
"""Passes that are means over the pixel."""
FINE: Final = (*MEANS, "edges", "soft_edges")
"""Passes that need a drawing of twice the size."""
_SHADING: Final = {"ambient_occlusion": "occlusion"}
"""Passes of light that :class:`Shading` calls otherwise."""


class ShotPasses:
    """Every frame's passes of one shot. near_is_white: of inverse depth."""

    def __init__(self, world: World, shot: Shot, raster: Rasterizer, *, near_is_white: bool = True) -> None:
        self.world, self.shot, self.raster, self.near_is_white = world, shot, raster, near_is_white
        self._near: dict[int, _Seen] = {}

    @cached_property
    def identities(self) -> Identities:
        """Who is who in the world."""
        return Identities.of(self.world)

    @cached_property
    def scale(self) -> ShotScale:
        """What is near, what is far, and where everything lies."""
        return scale_of(self.world, self.shot, self.raster)

    @cached_property
    def start(self) -> F32:
        """(V, 3) the world's vertices when the shot begins."""
        return self.world.at(self.shot.time(0)).vertices

    @cached_property
    def shader(self) -> Shader:
        """Metered for the whole shot."""
        return Shader.of(self.world, self.shot, self.raster)

    @cached_property
    def crypto(self) -> dict[str, tuple[I32, F32]]:
        """For each of ``CRYPTO``: label of each face, or -1, and the float ids of the labels."""
        rest, names = self.world.rest, self.crypto_names
        labels = {name: k for k, name in enumerate(names["crypto_object"])}
        of_thing = {number: labels[name] for number, name in self.identities.things.items()}
        cast = {name: k for k, name in enumerate(names["crypto_character"])}
        of_character = {number: cast[name] for number, name in self.identities.characters.items()}
        material = {name: k for k, name in enumerate(names["crypto_material"])}
        of_material = np.array([material[name] for name in self.identities.materials], dtype=np.int32)
        ids = {kind: np.array([float_id(name) for name in names[kind]], dtype=np.float32) for kind in CRYPTO}
        return {
            "crypto_object": (_looked_up(rest.face_object, of_thing), ids["crypto_object"]),
            "crypto_material": (of_material[rest.face_material], ids["crypto_material"]),
            "crypto_character": (_looked_up(rest.face_object, of_character), ids["crypto_character"]),
        }

    @cached_property
    def crypto_names(self) -> dict[str, list[str]]:
        """For each of ``CRYPTO`` the names in it."""
        who = self.identities
        return {
            "crypto_object": sorted(who.things.values()),
            "crypto_material": sorted(set(who.materials)),
            "crypto_character": sorted(who.characters.values()),
        }

    def frame(self, k: int, names: Collection[str]) -> FramePasses:
        """Frame ``k`` (from 0), of which ``names`` will be asked."""
        if any(name in LIGHT for name in names):
            drawn = self.shader.draw(self.world.at(self.shot.time(k)), self.shot.track[k])
            self._keep(k, _Seen(drawn.snapshot, drawn.camera, drawn.gbuffer))
            return FramePasses(self, k, names, drawn, self.shader.light(drawn))
        seen = self._seen(k)
        twice = seen.camera.resized(2 * seen.camera.width, 2 * seen.camera.height)
        fine = self.raster.rasterize(seen.snapshot, twice) if any(name in FINE for name in names) else seen.gbuffer
        return FramePasses(self, k, names, Drawn(seen.snapshot, seen.camera, seen.gbuffer, fine), None)

    def motion(self, k: int) -> FrameMotion:
        """How frame ``k`` moves to its neighbours."""
        before = self._seen(k - 1).geometry if k > 0 else None
        after = self._seen(k + 1).geometry if k < self.shot.frames - 1 else None
        return frame_motion(before, self._seen(k).geometry, after)

    def _seen(self, k: int) -> _Seen:
        if k not in self._near:
            snapshot, camera = self.world.at(self.shot.time(k)), self.shot.track[k]
            self._keep(k, _Seen(snapshot, camera, self.raster.rasterize(snapshot, camera)))
        return self._near[k]

    def _keep(self, k: int, seen: _Seen) -> None:
        self._near = {other: kept for other, kept in self._near.items() if abs(other - k) <= 2} | {k: seen}


@dataclass(frozen=True)
class _Seen:
    """A frame, drawn once for itself and for its neighbours."""

    snapshot: Snapshot
    camera: Camera
    gbuffer: GBuffer

    @cached_property
    def geometry(self) -> FrameGeometry:
        return FrameGeometry.of(self.snapshot, self.camera, self.gbuffer)


class FramePasses:
    """One frame of a shot: ``layer(name)`` for every name that was announced."""

    def __init__(
        self, owner: ShotPasses, k: int, names: Collection[str], drawn: Drawn, shading: Shading | None
    ) -> None:
        self._owner, self._k, self._names, self._drawn, self._shading = owner, k, names, drawn, shading
        self.passes = Passes(drawn.snapshot, drawn.camera, drawn.gbuffer, owner.identities.things)

    def layer(self, name: str) -> Layer:
        """(H, W) or (H, W, C) values of one pass."""
        made: dict[str, Callable[[], Layer]] = {
            "inverse_depth": self._inverse_depth,
            "tracking": self._tracking,
            "character_id": lambda: self._owner.identities.character_id(self.passes.object_id),
            "instance_id": lambda: self._owner.identities.instance_id(self.passes.object_id),
            "edges": lambda: edges.thin(self._lines),
            "soft_edges": lambda: edges.soft(self._lines),
            "keypoints": lambda: drawn(self.people, self.camera.width, self.camera.height).astype(np.float32) / 255,
            "forward_motion": lambda: self._vector(self._motion.forward),
            "backward_motion": lambda: self._vector(self._motion.backward),
            "occlusion_mask": lambda: self._mask(self._motion.occlusion, 0.0),
            "disocclusion_mask": lambda: self._mask(self._motion.disocclusion, 1.0),
            "shade": self._shade,
        }
        if name in made:
            return made[name]()
        if name in CRYPTO:
            return self._mattes[name]
        if name in LIGHT:
            return np.asarray(getattr(self._shading, _SHADING.get(name, name)))
        if name in MEANS:
            return _mean(getattr(self._fine, name))
        return np.asarray(getattr(self.passes, name))

    @property
    def camera(self) -> Camera:
        """That sees it."""
        return self._drawn.camera

    @property
    def sky(self) -> Sky:
        """The light of the frame, which says how to print it."""
        return self._shading.sky if self._shading else self._owner.world.light(self._drawn.snapshot.time).sky

    @cached_property
    def people(self) -> list[Person]:
        """Everybody in the picture."""
        passes, time = self.passes, self._drawn.snapshot.time
        return people(self._owner.world, time, self.camera, passes.depth, passes.object_id)

    @cached_property
    def _fine(self) -> Passes:
        """At the quarters of pixels."""
        camera = self.camera.resized(2 * self.camera.width, 2 * self.camera.height)
        return Passes(self._drawn.snapshot, camera, self._drawn.fine)

    @cached_property
    def _lines(self) -> F32:
        fine = self._fine
        return edges.lines(self._drawn.snapshot, fine.surface.camera, fine.gbuffer)

    @cached_property
    def _motion(self) -> FrameMotion:
        return self._owner.motion(self._k)

    @cached_property
    def _mattes(self) -> dict[str, F32]:
        kinds = [kind for kind in CRYPTO if kind in self._names]
        layers = [self._owner.crypto[kind] for kind in kinds]
        pictures = cryptomatte(self._owner.raster, self._drawn.snapshot, self.camera, layers)
        return dict(zip(kinds, pictures, strict=True))

    def _inverse_depth(self) -> Layer:
        return self._owner.scale.inverse_depth(self.passes.depth, near_is_white=self._owner.near_is_white)

    def _tracking(self) -> Layer:
        points = self.passes.surface.interpolate(self._owner.start)
        return self.passes.image(self._owner.scale.colour(points))

    def _vector(self, motion: Motion | None) -> Layer:
        shape = (self.camera.height, self.camera.width)
        return np.zeros((*shape, 2), np.float32) if motion is None else motion.vector

    def _mask(self, where: Bool | None, otherwise: float) -> Layer:
        shape = (self.camera.height, self.camera.width)
        return np.full(shape, otherwise, np.float32) if where is None else where.astype(np.float32)

    def _shade(self) -> Layer:
        assert self._shading is not None
        exposed = self._shading.radiance * np.float32(self._shading.sky.exposure)
        return np.concatenate([exposed, self._shading.coverage[..., None]], axis=-1)


def _mean(fine: F32) -> F32:
    """(H, W) or (H, W, C) of a picture of twice the size."""
    height, width = fine.shape[0] // 2, fine.shape[1] // 2
    return np.asarray(fine.reshape(height, 2, width, 2, *fine.shape[2:]).mean((1, 3)), dtype=np.float32)


def _looked_up(ids: I32, rows: Mapping[int, int]) -> I32:
    """The row of each id; -1 for one that has none."""
    known = np.array(sorted(rows), dtype=np.int32)
    if not len(known):
        return np.full(len(ids), -1, dtype=np.int32)
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    values = np.array([rows[number] for number in known.tolist()], dtype=np.int32)
    return np.where(known[at] == ids, values[at], np.int32(-1))
