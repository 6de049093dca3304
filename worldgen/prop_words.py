"""The words for props: plain bodies and mesh files, where they stand and what they are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from worldgen import shapes
from worldgen.conventions import F64
from worldgen.material import Material
from worldgen.material_words import MaterialKind
from worldgen.mesh import Mesh
from worldgen.motion_words import MotionWords
from worldgen.scatter import grid, ring, row
from worldgen.units import Angle, Colour, Positive, PositiveLength
from worldgen.vehicles import KINDS as CARS
from worldgen.words import Choice, Edges2, Edges3, Footing, OneOf, Spot, Words


class Box(Words):
    """A box."""

    size: Edges3 = Field(description="Along x, y, z.")


class Sphere(Words):
    """A sphere that rests on the ground."""

    radius: PositiveLength = Field(description="Radius.")


class Round(Words):
    """A round upright body."""

    radius: PositiveLength = Field(description="Radius.")
    height: PositiveLength = Field(description="Height.")


class Torus(Words):
    """A ring that lies on the ground."""

    radius: PositiveLength = Field(description="From the middle of the ring to the middle of its tube.")
    tube: PositiveLength = Field(description="Radius of the tube.")


class Plane(Words):
    """A level rectangle."""

    size: Edges2 = Field(description="Along x and y.")


class Shape(OneOf):
    """A plain body: one of these."""

    box: Box | None = Field(None, description="A box.")
    sphere: Sphere | None = Field(None, description="A sphere.")
    cylinder: Round | None = Field(None, description="A cylinder.")
    cone: Round | None = Field(None, description="A cone.")
    capsule: Round | None = Field(None, description="A cylinder with round ends; `height` is over all.")
    torus: Torus | None = Field(None, description="A ring.")
    plane: Plane | None = Field(None, description="A level rectangle.")

    def mesh(self, material: Material) -> Mesh:
        """The body, resting on z = 0 above the origin. Errors: ``ValueError``."""
        s = self.chosen
        match self.kind:
            case "box":
                return shapes.box(s.size, material)
            case "sphere":
                return shapes.sphere(s.radius, material)
            case "cylinder":
                return shapes.cylinder(s.radius, s.height, material)
            case "cone":
                return shapes.cone(s.radius, s.height, material)
            case "capsule":
                return shapes.capsule(s.radius, s.height, material)
            case "torus":
                return shapes.torus(s.radius, s.tube, material)
            case _:
                return shapes.plane(s.size, material)


CarKind = Annotated[str, Choice(CARS, "a kind of car")]


class Row(Words):
    """Side by side."""

    count: int = Field(ge=1, le=1000, description="How many.")
    step: Spot = Field(description="From one to the next, `[x, y]`.")


class Grid(Words):
    """In rows and columns around its place."""

    columns: int = Field(ge=1, le=200, description="How many along x.")
    rows: int = Field(ge=1, le=200, description="How many along y.")
    step: Edges2 = Field(description="From one to the next along x and along y.")


class Ring(Words):
    """In a circle around its place, facing its middle."""

    count: int = Field(ge=1, le=1000, description="How many.")
    radius: PositiveLength = Field(description="Radius of the circle.")
    outward: bool = Field(False, description="Facing away from the middle.")


class Repeat(OneOf):
    """Many of them: one of these."""

    row: Row | None = Field(None, description="Side by side.")
    grid: Grid | None = Field(None, description="In rows and columns.")
    ring: Ring | None = Field(None, description="In a circle.")

    @property
    def count(self) -> int:
        """How many."""
        grid = self.grid
        return grid.columns * grid.rows if grid is not None else self.chosen.count

    def places(self) -> F64:
        """(N, 4, 4) from the prop's place."""
        if self.row is not None:
            return row(self.row.count, [*self.row.step, 0.0])
        if self.grid is not None:
            return grid(self.grid.columns, self.grid.rows, self.grid.step)
        assert self.ring is not None
        return ring(self.ring.count, self.ring.radius, inward=not self.ring.outward)


class Prop(Words):
    """A thing on the set."""

    name: str = Field(description="A unique name; the camera can look at it.")
    shape: Shape | None = Field(None, description="A plain body; or say `asset`.")
    asset: str | None = Field(
        None,
        description="A name of the library (`setpiece assets` lists them), or a mesh file below the scene's folder "
        "(glb, gltf, obj, ply, stl).",
        examples=["armchair-club", "models/statue.glb"],
    )
    car: CarKind | None = Field(None, description="A car with wheels that turn; `drive` moves it.")
    units: Literal["mm", "cm", "in", "ft", "m"] | None = Field(
        None, description="What the numbers in the mesh file mean. Unsaid: metres."
    )
    up: Literal["x", "y", "z"] | None = Field(
        None, description="Which axis of the mesh file points up. Unsaid: y for glTF, z for others."
    )
    fit: PositiveLength | None = Field(
        None, description="Length that the mesh file's longest edge is scaled to; it then stands where the prop is."
    )
    at: Footing = Field((0.0, 0.0, None), description="Where it stands: `[x, y]` on the ground, or `[x, y, z]`.")
    turn: Angle = Field(0.0, description="Turned clockwise, seen from above.")
    scale: Positive = Field(1.0, description="Larger or smaller than it is.")
    material: MaterialKind | None = Field(None, description="What it is made of.")
    color: Colour | None = Field(None, description="Another base colour.")
    repeat: Repeat | None = Field(None, description="Many of them, called `name-1`, `name-2` and so on.")
    motion: MotionWords | None = Field(None, description="How it moves. Unsaid: it stays.")
