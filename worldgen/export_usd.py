"""The world as a USD stage: things with their names and materials, motion as time samples, cameras, sun and lamps.

+Z up, metres. What changes its shape (characters) is written as points at every frame, which every reader of USD
shows; what moves as a whole, as one transform a frame. Textures lie in a folder beside the stage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from worldgen.conventions import F64, OPENGL_FROM_OPENCV, aimed
from worldgen.gltf_writer import picture
from worldgen.material import Material
from worldgen.world import Shot, Thing, World

SENSOR = 0.2489
"""Super 35. USD gives lenses in tenths of the stage's unit, here metres: 24.89 mm."""
SUFFIXES = (".usd", ".usda", ".usdc")


def export_usd(world: World, shots: Sequence[Shot], path: Path, *, fps: float | None = None) -> tuple[Path, ...]:
    """Write the stage to ``path`` (.usd, .usda or .usdc) and its textures beside it; returns the files written.

    Time codes count frames at ``fps`` (unsaid: the first shot's) from world time 0, as shots do. Raises ValueError
    where the package usd-core is missing.
    """
    try:
        from pxr import Usd, UsdGeom
    except ImportError:
        raise ValueError("USD files need the package usd-core: pip install usd-core") from None
    rate = fps or (float(shots[0].fps) if shots else 24.0)
    start = min((shot.start for shot in shots), default=0.0)
    stop = max((shot.time(shot.frames - 1) for shot in shots), default=0.0)
    codes = np.arange(np.floor(start * rate + 1e-6), np.ceil(stop * rate - 1e-6) + 1)
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(rate)
    stage.SetFramesPerSecond(rate)
    stage.SetStartTimeCode(float(codes[0]))
    stage.SetEndTimeCode(float(codes[-1]))
    root = UsdGeom.Xform.Define(stage, "/World")
    stage.SetDefaultPrim(root.GetPrim())
    looks = _Looks(stage, path.with_name(f"{path.stem}_textures"))
    for thing in world.things:
        _thing(stage, thing, codes, rate, looks)
    for shot in shots:
        _camera(stage, shot, codes, rate)
    _lights(stage, world, float(codes[0]) / rate)
    stage.GetRootLayer().Export(str(path))
    return (path, *looks.files)


def prim_name(name: str) -> str:
    """``name`` as a USD identifier; letters of other alphabets stay, all else becomes an underscore."""
    safe = re.sub(r"\W", "_", name)
    return safe if re.match(r"[^\W\d]", safe) else f"_{safe}"


def prim_path(name: str) -> str:
    """``street/house-L00`` as the path of a prim below the world's."""
    return "/World/" + "/".join(prim_name(part) for part in name.split("/"))


def _thing(stage: Any, thing: Thing, codes: F64, rate: float, looks: _Looks) -> None:
    from pxr import Gf, Sdf, UsdGeom, UsdShade, Vt

    place = prim_path(thing.name)
    while (there := stage.GetPrimAtPath(place)) and there.IsA(UsdGeom.Mesh):  # "a-b" and "a_b" are one identifier
        place += "_"
    mesh, source = UsdGeom.Mesh.Define(stage, place), thing.mesh
    mesh.GetPrim().SetDisplayName(thing.name)
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateDoubleSidedAttr(True)
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(source.faces), 3, np.int32)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(np.ascontiguousarray(source.faces.reshape(-1))))
    points, normals = mesh.CreatePointsAttr(), mesh.CreateNormalsAttr()
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    if thing.pose is None:
        points.Set(_vectors(source.vertices))
        normals.Set(_vectors(source.normals))
    if thing.pose is not None:
        for code in codes:
            vertices, turned = thing.at(float(code / rate))
            points.Set(_vectors(vertices), float(code))
            normals.Set(_vectors(turned), float(code))
    elif thing.place is not None:
        move = mesh.AddTransformOp()
        for code in codes:
            move.Set(Gf.Matrix4d(thing.place(float(code / rate)).T.tolist()), float(code))
    uv = UsdGeom.PrimvarsAPI(mesh).CreatePrimvar("st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.vertex)
    uv.Set(Vt.Vec2fArray.FromNumpy(np.ascontiguousarray(source.uv, np.float32)))
    used = np.unique(source.material)
    for index in used:
        look = looks.of(source.materials[index])
        if len(used) == 1:
            UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(look)
            continue
        faces = Vt.IntArray.FromNumpy(np.flatnonzero(source.material == index).astype(np.int32))
        part = UsdGeom.Subset.CreateGeomSubset(
            mesh, f"part_{index}", UsdGeom.Tokens.face, faces, UsdShade.Tokens.materialBind
        )
        UsdShade.MaterialBindingAPI.Apply(part.GetPrim()).Bind(look)


def _vectors(values: Any) -> Any:
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(values, np.float32))


class _Looks:
    """The stage's materials, each written once, and their textures."""

    def __init__(self, stage: Any, folder: Path) -> None:
        self.stage, self.folder = stage, folder
        self.files: list[Path] = []
        self._known: dict[Material, Any] = {}

    def of(self, material: Material) -> Any:
        """The prim of ``material``: a UsdPreviewSurface."""
        from pxr import Gf, Sdf, UsdShade

        if material in self._known:
            return self._known[material]
        place = f"/World/_materials/{prim_name(material.name)}_{len(self._known)}"
        look = UsdShade.Material.Define(self.stage, place)
        surface = UsdShade.Shader.Define(self.stage, f"{place}/surface")
        surface.CreateIdAttr("UsdPreviewSurface")
        colour = surface.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f)
        surface.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(float(material.roughness))
        surface.CreateInput("metallic", Sdf.ValueTypeNames.Float).Set(float(material.metallic))
        if max(material.emission) > 0:
            surface.CreateInput("emissiveColor", Sdf.ValueTypeNames.Color3f).Set(Gf.Vec3f(*material.emission))
        if material.texture is None:
            colour.Set(Gf.Vec3f(*material.base_color))
        else:
            image = self._texture(material, place).ConnectableAPI()
            colour.ConnectToSource(image, "rgb")
            if material.texture.opacity is not None:
                surface.CreateInput("opacity", Sdf.ValueTypeNames.Float).ConnectToSource(image, "a")
                surface.CreateInput("opacityThreshold", Sdf.ValueTypeNames.Float).Set(0.5)
        look.CreateSurfaceOutput().ConnectToSource(surface.ConnectableAPI(), "surface")
        self._known[material] = look
        return look

    def _texture(self, material: Material, place: str) -> Any:
        from pxr import Gf, Sdf, UsdShade

        assert material.texture is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        shown = picture(material)
        suffix = "png" if shown.mode == "RGBA" else "jpg"
        file = self.folder / f"{prim_name(material.name)}_{len(self._known)}.{suffix}"
        shown.save(file, quality=88)
        self.files.append(file)
        reader = UsdShade.Shader.Define(self.stage, f"{place}/st")
        reader.CreateIdAttr("UsdPrimvarReader_float2")
        reader.CreateInput("varname", Sdf.ValueTypeNames.String).Set("st")
        tile = UsdShade.Shader.Define(self.stage, f"{place}/tile")
        tile.CreateIdAttr("UsdTransform2d")
        tile.CreateInput("in", Sdf.ValueTypeNames.Float2).ConnectToSource(reader.ConnectableAPI(), "result")
        tile.CreateInput("scale", Sdf.ValueTypeNames.Float2).Set(Gf.Vec2f(1.0 / material.texture.size_m))
        image = UsdShade.Shader.Define(self.stage, f"{place}/detail")
        image.CreateIdAttr("UsdUVTexture")
        image.CreateInput("file", Sdf.ValueTypeNames.Asset).Set(f"./{self.folder.name}/{file.name}")
        image.CreateInput("st", Sdf.ValueTypeNames.Float2).ConnectToSource(tile.ConnectableAPI(), "result")
        for wrap in ("wrapS", "wrapT"):
            image.CreateInput(wrap, Sdf.ValueTypeNames.Token).Set("repeat")
        image.CreateInput("sourceColorSpace", Sdf.ValueTypeNames.Token).Set("sRGB")
        image.CreateOutput("rgb", Sdf.ValueTypeNames.Float3)
        image.CreateOutput("a", Sdf.ValueTypeNames.Float)
        return image


def _camera(stage: Any, shot: Shot, codes: F64, rate: float) -> None:
    from pxr import Gf, UsdGeom

    track = shot.track
    camera = UsdGeom.Camera.Define(stage, prim_path(f"_cameras/{shot.name}"))
    camera.CreateHorizontalApertureAttr(SENSOR)
    camera.CreateVerticalApertureAttr(SENSOR * track.height / track.width)
    camera.CreateClippingRangeAttr(Gf.Vec2f(track.near, track.far))
    focal, focus, stop = (
        a() for a in (camera.CreateFocalLengthAttr, camera.CreateFocusDistanceAttr, camera.CreateFStopAttr)
    )
    move = camera.AddTransformOp()
    for k in np.unique(np.clip(np.round((codes / rate - shot.start) * float(shot.fps)), 0, shot.frames - 1)).astype(
        int
    ):
        code = shot.time(int(k)) * rate
        move.Set(Gf.Matrix4d((track.world_from_camera[k] @ OPENGL_FROM_OPENCV).T.tolist()), code)
        focal.Set(float(track.K[k, 0, 0] / track.width * SENSOR), code)
        focus.Set(float(track.focus_m[k]), code)
        stop.Set(float(track.f_stop[k]), code)


def _lights(stage: Any, world: World, time: float) -> None:
    """Sun and lamps as of ``time``, in the scale of emission: kilocandela a square metre."""
    from pxr import Gf, UsdLux

    light = world.light(time)
    sun = light.sky.sun_irradiance
    if sun.max() > 0:
        prim = UsdLux.DistantLight.Define(stage, prim_path("_lights/sun"))
        prim.CreateAngleAttr(0.533)
        prim.CreateIntensityAttr(float(sun.max()))
        prim.CreateColorAttr(Gf.Vec3f(*(float(c) for c in sun / sun.max())))
        prim.AddTransformOp().Set(Gf.Matrix4d(aimed(-light.sky.sun_direction).T.tolist()))
    for lamp in light.lamps:
        power = np.asarray(lamp.intensity, np.float64)
        if power.max() > 0:
            ball = UsdLux.SphereLight.Define(stage, prim_path(f"_lights/{lamp.name}"))
            ball.CreateRadiusAttr(lamp.radius_m)
            ball.CreateIntensityAttr(float(power.max() / (np.pi * lamp.radius_m**2)))
            ball.CreateColorAttr(Gf.Vec3f(*(float(c) for c in power / power.max())))
            ball.AddTranslateOp().Set(Gf.Vec3d(*lamp.position))
