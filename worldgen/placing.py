"""Props become things: their mesh, their place, and how they move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from worldgen import motion
from worldgen.check import asset_path
from worldgen.conventions import F64, rotation_z, seed_from, translation
from worldgen.errors import Loc, SceneProblem
from worldgen.material_words import material_of, rgb
from worldgen.mesh import Mesh
from worldgen.meshfile import MeshFile, read_mesh
from worldgen.motion import Place, Wheel
from worldgen.motion_words import Body, Drive
from worldgen.prop_words import Prop
from worldgen.props import Asset, asset, coloured, in_library, load_prop
from worldgen.stage import Ground, Spot
from worldgen.vehicles import CarParts, car
from worldgen.world import Thing

GRIP_M: Final = 0.12
"""How far above its foot a long thing is held."""
Frame = Callable[[str, float], F64]
"""(4, 4) world axes of what a name stands for, at seconds."""


@dataclass(frozen=True)
class Placed:
    """A prop in its place. mesh: in its own axes. body: its place at rest and its box. place: how it moves, or None.

    notes: what of its file was mended or is not shown. own_seats: in its own axes. wheels: of a car that drives, each
    about its hub, and how it moves.
    """

    name: str
    mesh: Mesh
    body: Body
    place: Place | None
    notes: tuple[str, ...] = ()
    own_seats: Mapping[str, Spot] = field(default_factory=dict)
    wheels: tuple[tuple[Mesh, Place], ...] = ()

    @property
    def seats(self) -> dict[str, Spot]:
        """In the world, where it stands at rest."""
        return {name: spot.moved(self.body.rest) for name, spot in self.own_seats.items()}

    def frame(self, time: float) -> F64:
        """(4, 4) world from prop at ``time`` seconds."""
        return self.body.rest if self.place is None else self.place(time)

    @property
    def middle(self) -> F64:
        """(3,) of its box, in its own axes."""
        return (self.body.low + self.body.high) / 2

    @cached_property
    def things(self) -> tuple[Thing, ...]:
        """What it is in the world."""
        if self.place is None:
            return (Thing(self.name, self.mesh.transformed(self.body.rest)),)
        rolling = [Thing(f"{self.name}/wheel-{k + 1}", m, place=p) for k, (m, p) in enumerate(self.wheels)]
        return (Thing(self.name, self.mesh, place=self.place), *rolling)

    def carried(self, frame: Place, start: float, stop: float, natural: bool) -> Placed:
        """The prop, taken up at ``start`` seconds by a hand with ``frame``, and left where it is at ``stop``.

        natural: it lies in the palm, by its middle or a hand's width above its foot; else it keeps its place to the
        hand as of ``start``. Errors: ``ValueError`` where the hand cannot reach it.
        """
        before = self.frame
        if natural:
            x, y, z = self.middle
            grip = min(float(z), float(self.body.low[2]) + GRIP_M)
            held = motion.attached(translation([-x, -y, -grip]), frame, None)
        else:
            held = motion.attached(np.linalg.inv(frame(start)) @ before(start), frame, None)

        def place(time: float) -> F64:
            return before(time) if time < start else held(min(time, stop))

        return replace(self, place=place)


def all_placed(props: Sequence[Prop], ground: Ground, frame: Frame, base: Path, loc: Loc) -> dict[str, Placed]:
    """Every prop by name; what is repeated is called ``name-1`` and so on. Errors: as :func:`placed`."""
    found: dict[str, Placed] = {}
    for index, prop in enumerate(props):
        still = placed(prop, ground, base, (*loc, index))
        many = [still]
        if prop.repeat is not None:
            turned = rotation_z(-prop.turn)
            many = []
            for k, place in enumerate(prop.repeat.places()):
                rest = translation(still.body.rest[:3, 3]) @ place @ turned
                if prop.at[2] is None:
                    rest[2, 3] = ground(float(rest[0, 3]), float(rest[1, 3]))
                many.append(replace(still, name=f"{prop.name}-{k + 1}", body=replace(still.body, rest=rest)))
        found |= {one.name: _moving(one, prop, frame, (*loc, index, "motion")) for one in many}
    return found


def placed(prop: Prop, ground: Ground, base: Path, loc: Loc) -> Placed:
    """The prop of these words at rest, standing on ``ground``.

    Errors: ``SceneProblem`` at its place in the scene; ``loc`` is the prop's.
    """
    read, own_seats = _read(prop, base, loc)
    mesh = read.mesh
    x, y, z = prop.at
    rest = translation([x, y, ground(x, y) if z is None else z]) @ rotation_z(-prop.turn)
    low, high = mesh.vertices.min(axis=0).astype(np.float64), mesh.vertices.max(axis=0).astype(np.float64)
    return Placed(prop.name, mesh, Body(rest, low, high, ground), None, read.notes, own_seats)


def _moving(still: Placed, prop: Prop, frame: Frame, loc: Loc) -> Placed:
    """``still``, moved as the words say; ``frame``: of what it may be attached to, asked only later."""
    rest = still.body.rest
    if prop.motion is None:
        return still
    if prop.motion.attach is not None:
        to, start, inside = prop.motion.attach.to, prop.motion.attach.start, prop.motion.attach.at
        own = rest if inside is None else translation(inside) @ rotation_z(-prop.turn)
        follow = motion.attached(own, lambda time: frame(to, time), start if inside is None else None)
        return replace(still, place=lambda time: rest if time < start else follow(time))
    try:
        if prop.motion.drive is not None:
            return _driving(still, prop, prop.motion.drive)
        return replace(still, place=prop.motion.place(still.body))
    except SceneProblem as problem:
        raise SceneProblem(problem.sentence, (*loc, *problem.loc)) from None


def _parts(prop: Prop) -> CarParts:
    assert prop.car is not None
    return car(prop.car, prop.color, seed_from("car", prop.name))


def _driving(still: Placed, prop: Prop, words: Drive) -> Placed:
    parts, factor = _parts(prop), np.diag([prop.scale, prop.scale, prop.scale, 1.0])
    middle = float(np.mean([hub[1] for _, hub, _ in parts.wheels]))
    wheels = tuple(
        Wheel(_scaled(hub, prop.scale), radius * prop.scale, hub[1] > middle) for _, hub, radius in parts.wheels
    )
    try:
        body, *rolling = words.places(still.body, wheels)
    except SceneProblem as problem:
        raise SceneProblem(problem.sentence, ("drive", *problem.loc)) from None
    meshes = [mesh.transformed(factor) for mesh, _, _ in parts.wheels]
    turning = tuple(zip(meshes, rolling, strict=True))
    return replace(still, mesh=parts.body.transformed(factor), place=body, wheels=turning)


def _scaled(point: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    x, y, z = (factor * c for c in point)
    return x, y, z


def _read(prop: Prop, base: Path, loc: Loc) -> tuple[MeshFile, Mapping[str, Spot]]:
    """The prop's mesh and its seats, in its own axes."""
    try:
        if prop.shape is not None:
            mesh = prop.shape.mesh(material_of(prop.material, prop.color))
            if prop.scale != 1.0:
                mesh = mesh.transformed(np.diag([prop.scale, prop.scale, prop.scale, 1.0]))
            return MeshFile(mesh), {}
        if prop.car is not None:
            return MeshFile(_parts(prop).mesh.transformed(np.diag([prop.scale, prop.scale, prop.scale, 1.0]))), {}
        assert prop.asset is not None  # check.py has asked for one
        if in_library(prop.asset):
            return _of_library(prop, asset(prop.asset))
        path = asset_path(base, prop.asset)
        read = read_mesh(path, scale=prop.scale, units=prop.units, up=prop.up, fit=prop.fit)
        if prop.material is not None or prop.color is not None:
            read = replace(read, mesh=_painted(read.mesh, prop))
        return read, {}
    except ValueError as error:
        word = "asset" if prop.asset is not None else "shape"
        raise SceneProblem(str(error), (*loc, word)) from None


def _of_library(prop: Prop, asset: Asset) -> tuple[MeshFile, Mapping[str, Spot]]:
    """``asset`` in the size, material and colour that ``prop`` says."""
    mesh = load_prop(asset.name)
    factor = prop.scale if prop.fit is None else prop.fit / float(np.ptp(mesh.vertices, axis=0).max())
    if factor != 1.0:
        mesh = mesh.transformed(np.diag([factor, factor, factor, 1.0]))
    if prop.material is not None:
        mesh = _painted(mesh, prop)
    elif prop.color is not None:
        mesh = coloured(mesh, rgb(prop.color))
    seats = {}
    for name, spot in asset.seats.items():
        x, y, z = spot.position
        seats[name] = replace(spot, position=(x * factor, y * factor, z * factor))
    return MeshFile(mesh), seats


def _painted(mesh: Mesh, prop: Prop) -> Mesh:
    """An asset in one material; with a colour alone, it keeps what it is made of."""
    if prop.material is not None:
        return replace(mesh, material=np.zeros_like(mesh.material), materials=(material_of(prop.material, prop.color),))
    assert prop.color is not None
    color = rgb(prop.color)
    return replace(
        mesh, materials=tuple(replace(m, name=f"{m.name}-{prop.color}", base_color=color) for m in mesh.materials)
    )
