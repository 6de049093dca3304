"""Light that surfaces hand to each other, worked out once for the part of the world that never moves.

Each patch (``render.patches``) asks many fixed directions which patch it sees there, or whether the sky: radiosity
(Goral et al. 1984) with matrices that hold for any light, so a sun that moves costs shadow rays and a few sparse
products. There is no randomness and no camera in a patch's light, so nothing flickers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.spatial.transform import Rotation

from render.anchors import Kept
from render.direct import fixed_directions, lamplight, lifted, sunlight
from render.gloss import GRID, returns
from render.patches import I64, Patches, Points, patches_of, turned
from render.probes import Probes
from render.rays import RayScene
from render.recent import Recent
from worldgen.conventions import F32, F64, Bool, seed_from
from worldgen.light import Lamp, Sky
from worldgen.material import Material
from worldgen.mesh import face_normals
from worldgen.world import Light, Snapshot

RAYS: Final = 1_200_000
"""Rays that patches cast in all, about; few patches cast more each."""

BODY_M: Final = 0.35
"""Glowing surfaces as near as this to a lamp are its body: the lamp stands for their light."""

BOUNCES: Final = 60
"""At most; the work ends when another one changes nothing to speak of."""

SKY: Final = (32, 64)
"""Bands of equal height, and parts of each, in which the sphere of the sky is cut."""

MOST_BACK: Final = 0.97
"""No material gives more back, or light would never end."""

WINDOWS: Final = 0.05
"""Share of all directions in which one sees the sky out of a room, at most."""

_LIGHTS: Final = 8


@dataclass(frozen=True)
class Transport:
    """How light gets from patch to patch; holds for any light.

    patches, rays: of the part of the world that never moves. albedo: (P, 3), mean of each patch. between: (P, P),
    sky: (P, ``SKY`` parts) sparse; rows of both together add up to pi, the integral of the cosine. glow: patch, face,
    place and weight of each ray that met a shining face. indoors: whether the eyes are in rooms.
    """

    patches: Patches
    rays: RayScene
    albedo: F32
    between: Any
    sky: Any
    glow: tuple[I64, I64, F32, F32]
    indoors: bool


@dataclass(frozen=True)
class Lightmap:
    """Irradiance of the patches in one light, kilolux, linear RGB: (P + 1, 3) each; the last row is 0.

    sky: from the open sky. bounce: from other surfaces. direct: from the sun and the lamps, as much even light
    as would look like it. glow: the part of bounce
    that comes straight from what shines. kept: what frames have found out about this light between the patches, on
    surfaces; air: the same between the surfaces.
    """

    transport: Transport
    sky: F32
    bounce: F32
    direct: F32
    glow: F32
    kept: Kept = field(default_factory=Kept, compare=False)
    air: Probes = field(default_factory=Probes, compare=False)

    @cached_property
    def _total(self) -> F32:
        return self.sky + self.bounce + self.direct

    def at(self, points: Points, *, direct: bool) -> F32:
        """(N, 3) irradiance at points on faces that never move, with or without the sun and the lamps."""
        rows = self.transport.patches.at(points)
        return self._total[rows] if direct else self.sky[rows] + self.bounce[rows]

    def smooth(self, points: F32, normals: F32) -> tuple[F32, F32]:
        """(N, 3) sky and (N, 3) bounce between the patches (irradiance caching, Ward et al. 1988)."""
        near, weight = self.transport.patches.around(points, normals)
        sky, bounce = (np.einsum("nk,nkc->nc", weight, light[near]) for light in (self.sky, self.bounce))
        return sky, bounce

    def glowing(self, points: F32, normals: F32) -> F32:
        """(N, 3) irradiance straight from what shines and never moves, between the patches (irradiance caching, Ward et
        al. 1988).
        """
        if not self.glow.any():
            return np.zeros((len(points), 3), np.float32)
        near, weight = self.transport.patches.around(points, normals)
        return np.einsum("nk,nkc->nc", weight, self.glow[near])


class LightCache:
    """The lightmaps of one world for the last few lights. Made when first asked for; may be asked by many threads.

    eyes: (E, 3) metres, where cameras will be; None: anywhere.
    """

    def __init__(self, eyes: F64 | None = None) -> None:
        self._eyes = eyes if eyes is None or len(eyes) else None
        self._lock = Lock()
        self._transport: Transport | None = None
        self._known: Recent[Light, Lightmap] = Recent(_LIGHTS)

    def lightmap(self, snapshot: Snapshot, rays: RayScene, light: Light) -> Lightmap:
        """Of the world that ``snapshot`` shows (always the same one), at which ``rays`` are aimed, in ``light``."""
        light = replace(light, sky=replace(light.sky, exposure_stops=0.0, fog=0.0, fog_height=1.0))  # as in clear air
        with self._lock:
            known = self._transport = self._transport or transport(_still(snapshot), rays.still(), self._eyes)
            return self._known.of(light, lambda: solved(known, snapshot, light.sky, light.lamps))


def given_back(materials: tuple[Material, ...]) -> F32:
    """(M, ``GRID``, 3) share of light that each material gives back, in all, of what arrives at cosines from 0 to 1.

    Flat light makes rough stone shine towards where it goes, and back to where it came from (``render.gloss``).
    """
    base = np.array([m.base_color for m in materials], np.float32).reshape(-1, 1, 3)
    metal = np.array([m.metallic for m in materials], np.float32).reshape(-1, 1, 1)
    place = np.array([m.roughness for m in materials], np.float32).clip(0.0, 1.0) * (GRID - 1)
    row = np.minimum(place.astype(np.int64), GRID - 2)
    part = (place - row)[:, None, None]
    table = returns()[row] * (1.0 - part) + returns()[row + 1] * part
    straight = 0.04 * (1.0 - metal) + base * metal
    share = base * (1.0 - metal) * table[..., 2:] + straight * table[..., :1] + table[..., 1:2]
    return np.asarray(share.clip(0.0, MOST_BACK), dtype=np.float32)


def reflectance(materials: tuple[Material, ...]) -> F32:
    """(M, 3) share of light from all around that each material gives back."""
    cosine = np.linspace(0.0, 1.0, GRID, dtype=np.float32)
    return np.einsum("mgc,g->mc", given_back(materials), cosine / cosine.sum())


def _still(snapshot: Snapshot) -> Snapshot:
    faces = snapshot.static_faces
    return replace(
        snapshot,
        vertices=snapshot.rest_vertices,
        faces=snapshot.faces[:faces],
        face_object=snapshot.face_object[:faces],
        face_material=snapshot.face_material[:faces],
    )


def transport(still: Snapshot, rays: RayScene, eyes: F64 | None) -> Transport:
    """Who sees whom in ``still``, a world without what moves, at which ``rays`` are aimed."""
    patches = patches_of(still, rays, eyes)
    base = reflectance(still.materials)
    shines = np.array([max(m.emission) > 0 for m in still.materials] or [False], np.bool_)[still.face_material]
    members, owner, count = patches.points, patches.of_point, patches.count
    albedo = _means(base[still.face_material[members.triangle]], owner, count)

    wanted = int(np.clip(2 * RAYS / max(count, 1), 64, 1024))
    lattice = fixed_directions(wanted)
    sizes = np.bincount(owner, minlength=count)
    first = np.cumsum(sizes) - sizes
    # Each patch turns the lattice its own way, so that neighbours err differently and their mean is near the truth;
    # and its rays start from its members in turn, so that it is lit as a whole.
    random = np.random.default_rng(seed_from("radiosity"))
    turn, turns = random.permutation(wanted), Rotation.random(max(count, 1), rng=random).as_matrix().astype(np.float32)
    normals = face_normals(still.vertices, still.faces)
    blocks = []
    step = 1 + 400_000 // wanted
    for start in range(0, count, step):
        rows = np.arange(start, min(start + step, count))
        member = (first[rows, None] + turn % sizes[rows, None]).reshape(-1)
        patch, direction = np.repeat(rows, wanted), (lattice @ turns[rows]).reshape(-1, 3)
        cosine = np.einsum("ij,ij->i", members.normal[member], direction)
        up = np.flatnonzero(cosine > 0.01)
        member, patch, direction, cosine = member[up], patch[up], direction[up], cosine[up]
        weight = cosine * (np.pi / np.bincount(patch - start, cosine, len(rows))[patch - start])
        triangle, _, distance = rays.cast(lifted(members.position[member], members.normal[member]), direction)
        hit, miss = np.flatnonzero(triangle >= 0), np.flatnonzero(triangle < 0)
        there = members.position[member[hit]] + direction[hit] * distance[hit, None]
        seen = patches.at(Points(there, turned(normals[triangle[hit]], direction[hit]), triangle[hit]))
        seen = np.where(seen < 0, patch[hit], seen)  # unknown surfaces look like the patch that sees them
        bright = np.flatnonzero(shines[triangle[hit]])
        blocks.append(
            (
                (weight[hit], patch[hit], seen),
                (weight[miss], patch[miss], _part_of_sky(direction[miss])),
                (patch[hit[bright]], triangle[hit[bright]].astype(np.int64), there[bright], weight[hit[bright]]),
            )
        )
    between, sky = (_matrix([b[k] for b in blocks], (count, n)) for k, n in ((0, count), (1, SKY[0] * SKY[1])))
    glow = [np.concatenate(parts) for parts in zip(*(b[2] for b in blocks), strict=True)]
    patch, face, where, weight = glow or [np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros(0)]
    kept = (patch, face, where.astype(np.float32), weight.astype(np.float32))
    return Transport(patches, rays, albedo, between, sky, kept, _indoors(rays, eyes))


def _indoors(rays: RayScene, eyes: F64 | None) -> bool:
    """Whether ``eyes`` see no more sky, on the whole, than comes through windows."""
    if eyes is None:
        return False
    lattice = fixed_directions(256)
    chosen = np.unique(np.linspace(0, len(eyes) - 1, 12).astype(int))
    origins = np.repeat(eyes[chosen].astype(np.float32), len(lattice), axis=0)
    triangle, _, _ = rays.cast(origins, np.tile(lattice, (len(chosen), 1)))
    return bool((triangle < 0).mean() < WINDOWS)


def _part_of_sky(directions: F32) -> I64:
    """(N,) in which of the parts of the sphere, equal in size, each direction lies."""
    rows, columns = SKY
    row = np.minimum(((1.0 - directions[:, 2]) * (0.5 * rows)).astype(np.int64), rows - 1)
    turn = np.arctan2(directions[:, 1], directions[:, 0]) / (2 * np.pi) + 0.5
    return np.maximum(row, 0) * columns + np.minimum((turn * columns).astype(np.int64), columns - 1)


def _sky_parts() -> F32:
    """(rows * columns, 3) the middle of each part."""
    rows, columns = SKY
    z = np.repeat(1.0 - (np.arange(rows) + 0.5) * (2.0 / rows), columns)
    turn = np.tile((np.arange(columns) + 0.5) / columns - 0.5, rows) * (2 * np.pi)
    flat = np.sqrt(1.0 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1).astype(np.float32)


def _matrix(parts: list[Any], shape: tuple[int, int]) -> Any:
    if not parts:
        return csr_array(shape, dtype=np.float32)
    weight, row, column = (np.concatenate(p) for p in zip(*parts, strict=True))
    return csr_array((weight.astype(np.float32), (row.astype(np.int32), column.astype(np.int32))), shape=shape)


def solved(known: Transport, snapshot: Snapshot, sky: Sky, lamps: tuple[Lamp, ...]) -> Lightmap:
    """The light of all patches under ``sky`` and ``lamps``."""
    members, owner, count = known.patches.points, known.patches.of_point, known.patches.count
    cosine = sunlight(known.rays, sky, members.position, members.normal)
    # What the sun lights gives back more than in even light, or less: as if it were lit so much more.
    back, place = given_back(snapshot.materials), cosine * np.float32(GRID - 1)
    material, row = snapshot.face_material[members.triangle], np.minimum(place.astype(np.int64), GRID - 2)
    part = (place - row)[:, None]
    back = back[material, row] * (1 - part) + back[material, row + 1] * part
    over = back / np.maximum(reflectance(snapshot.materials)[material], np.float32(1e-4))
    sun = cosine[:, None] * over * sky.sun_irradiance.astype(np.float32)
    lit = lamplight(known.rays, lamps, members.position, members.normal, lanterns=False)
    direct = _means(sun + lit, owner, count)

    patch, face, where, weight = known.glow
    shining = weight * ~near_lamp(where, lamps)
    emission = np.array([m.emission for m in snapshot.materials] or [(0, 0, 0)], np.float32)
    light = shining[:, None] * emission[snapshot.face_material[face]]
    open_sky = known.sky @ sky.radiance(_sky_parts())
    glow = _summed(light, patch, count)
    reflected = known.albedo / np.float32(np.pi)
    bounce = glow
    for _ in range(BOUNCES):
        before, bounce = bounce, glow + known.between @ (reflected * (bounce + open_sky + direct))
        if np.abs(bounce - before).max(initial=0.0) <= 2e-3 * np.abs(bounce).max(initial=0.0):
            break
    end = np.zeros((1, 3), np.float32)
    found = [np.concatenate([v, end]).astype(np.float32) for v in (open_sky, bounce, direct, glow)]
    return Lightmap(known, found[0], found[1], found[2], found[3])


def near_lamp(points: F32, lamps: tuple[Lamp, ...]) -> Bool:
    """(N,) whether a lamp stands for what shines there."""
    near = np.zeros(len(points), np.bool_)
    for lamp in lamps:
        near |= np.linalg.norm(points - np.asarray(lamp.position, np.float32), axis=1) < BODY_M
    return near


def _summed(values: F32, index: npt.NDArray[np.int64], count: int) -> F32:
    return np.stack([np.bincount(index, values[:, k], count) for k in range(3)], axis=1).astype(np.float32)


def _means(values: F32, index: npt.NDArray[np.int64], count: int) -> F32:
    sizes = np.maximum(np.bincount(index, minlength=count), 1).astype(np.float32)
    return np.asarray(_summed(values, index, count) / sizes[:, None], dtype=np.float32)
