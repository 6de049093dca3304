"""The words for props: plain bodies and mesh files, where they stand and what they are made of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from worldgen import shapes
from worldgen.material import Material
from worldgen.material_words import MaterialKind
from worldgen.mesh import Mesh
from worldgen.motion_words import MotionWords
from worldgen.units import Angle, Colour, Positive, PositiveLength
from worldgen.words import Edges2, Edges3, Footing, OneOf, Words


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
    motion: MotionWords | None = Field(None, description="How it moves. Unsaid: it stays.")
