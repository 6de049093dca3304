"""Props become things: their mesh, their place, and how they move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from worldgen import motion
from worldgen.check import asset_path
from worldgen.conventions import F64, rotation_z, translation
from worldgen.errors import Loc, SceneProblem
from worldgen.material_words import material_of, rgb
from worldgen.mesh import Mesh
from worldgen.meshfile import MeshFile, read_mesh
from worldgen.motion import Place
from worldgen.motion_words import Body
from worldgen.prop_words import Prop
from worldgen.props import Asset, asset, coloured, in_library, load_prop
from worldgen.stage import Ground, Spot
from worldgen.world import Thing

Frame = Callable[[str, float], F64]
"""(4, 4) world axes of what a name stands for, at seconds."""


@dataclass(frozen=True)
class Placed:
    """A prop in its place. mesh: in its own axes. body: its place at rest and its box. place: how it moves, or None.

    notes: what of its file was mended or is not shown. seats: in the world, where it stands at rest.
    """

    name: str
    mesh: Mesh
    body: Body
    place: Place | None
    notes: tuple[str, ...] = ()
    seats: Mapping[str, Spot] = field(default_factory=dict)

    def frame(self, time: float) -> F64:
        """(4, 4) world from prop at ``time`` seconds."""
        return self.body.rest if self.place is None else self.place(time)

    @property
    def middle(self) -> F64:
        """(3,) of its box, in its own axes."""
        return (self.body.low + self.body.high) / 2

    @property
    def things(self) -> tuple[Thing, ...]:
        """What it is in the world."""
        if self.place is None:
            return (Thing(self.name, self.mesh.transformed(self.body.rest)),)
        return (Thing(self.name, self.mesh, place=self.place),)

    def carried(self, frame: Place, start: float, stop: float) -> Placed:
        """The prop, taken up at ``start`` seconds by what has ``frame``, and left where it is at ``stop``."""
        before, taken = self.frame, self.frame(start)
        held = motion.attached(taken, frame, start)

        def place(time: float) -> F64:
            return before(time) if time < start else held(min(time, stop))

        return replace(self, place=place)


def placed(prop: Prop, ground: Ground, frame: Frame, base: Path, loc: Loc) -> Placed:
    """The prop of these words, standing on ``ground``; ``frame``: of what it may be attached to, asked only later.

    Errors: ``SceneProblem`` at its place in the scene; ``loc`` is the prop's.
    """
    read, own_seats = _read(prop, base, loc)
    mesh = read.mesh
    x, y, z = prop.at
    rest = translation([x, y, ground(x, y) if z is None else z]) @ rotation_z(-prop.turn)
    low, high = mesh.vertices.min(axis=0).astype(np.float64), mesh.vertices.max(axis=0).astype(np.float64)
    body = Body(rest, low, high, ground)
    still = Placed(
        prop.name, mesh, body, None, read.notes, {name: spot.moved(rest) for name, spot in own_seats.items()}
    )
    if prop.motion is None:
        return still
    if prop.motion.attach is not None:
        to, start, inside = prop.motion.attach.to, prop.motion.attach.start, prop.motion.attach.at
        own = rest if inside is None else translation(inside) @ rotation_z(-prop.turn)
        follow = motion.attached(own, lambda time: frame(to, time), start if inside is None else None)
        return replace(still, place=lambda time: rest if time < start else follow(time))
    try:
        return replace(still, place=prop.motion.place(body))
    except SceneProblem as problem:
        raise SceneProblem(problem.sentence, (*loc, "motion", *problem.loc)) from None


def _read(prop: Prop, base: Path, loc: Loc) -> tuple[MeshFile, Mapping[str, Spot]]:
    """The prop's mesh and its seats, in its own axes."""
    try:
        if prop.shape is not None:
            mesh = prop.shape.mesh(material_of(prop.material, prop.color))
            if prop.scale != 1.0:
                mesh = mesh.transformed(np.diag([prop.scale, prop.scale, prop.scale, 1.0]))
            return MeshFile(mesh), {}
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
