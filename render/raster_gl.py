"""The OpenGL rasterizer: off-screen through EGL, on a GPU's driver or on Mesa's software renderer.

Triangle corners are expanded into a buffer without indices, so that ``gl_VertexID`` tells the corner; the whole world
is uploaded once, its moving end again when it has moved, and drawn in one call. The fragment shader writes the
triangle's number and two perspective-correct barycentrics; OpenGL clips at the near plane and both survive it. Depth is
written linear in metres, so that 24 bits resolve a 1 km range to 0.06 mm everywhere. Corners are taken relative to the
camera before anything is multiplied, so that a set kilometres from the origin is drawn as one at the origin.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from render.cutout import SOLID, Cutouts
from render.raster import GBuffer, RasterizerUnavailable, same_world
from worldgen.camera import Camera
from worldgen.conventions import F32, F64, I32
from worldgen.world import Snapshot

_VERTEX: Final = """
uniform mat4 clip_from_eye;
uniform vec3 eye, eye_rest;
in vec3 corner;
out vec2 weight;
#ifdef HOLES
in vec2 tile;
in int sheet;
out vec2 tile_at;
flat out int sheet_of;
#endif
void main() {
    int k = gl_VertexID % 3;
    weight = vec2(k == 1, k == 2);
    gl_Position = clip_from_eye * vec4((corner - eye) - eye_rest, 1.0);
#ifdef HOLES
    tile_at = tile;
    sheet_of = sheet;
#endif
}
"""

_FRAGMENT: Final = f"""
in vec2 weight;
uniform vec2 near_far;
layout(location = 0) out int number;
layout(location = 1) out vec2 bary;
#ifdef HOLES
in vec2 tile_at;
flat in int sheet_of;
uniform usampler2D texels;
uniform isampler2D sheets;
float texel(ivec3 sheet, ivec2 at) {{
    at = (at + sheet.yz) % sheet.yz;
    int k = sheet.x + at.y * sheet.y + at.x;
    return float(texelFetch(texels, ivec2(k % ROW, k / ROW), 0).r);
}}
bool hole() {{
    ivec3 sheet = texelFetch(sheets, ivec2(sheet_of, 0), 0).xyz;
    vec2 part = fract(tile_at);
    vec2 place = vec2(part.x, 1.0 - part.y) * vec2(sheet.yz) - 0.5;
    vec2 corner = floor(place), f = place - corner;
    ivec2 at = ivec2(corner);
    float upper = mix(texel(sheet, at), texel(sheet, at + ivec2(1, 0)), f.x);
    float lower = mix(texel(sheet, at + ivec2(0, 1)), texel(sheet, at + ivec2(1, 1)), f.x);
    return mix(upper, lower, f.y) < {SOLID};
}}
#endif
void main() {{
#ifdef HOLES
    if (sheet_of >= 0 && hole()) discard;
#endif
    number = gl_PrimitiveID + 1;  // 0 is the cleared picture
    bary = weight;
    gl_FragDepth = (1.0 / gl_FragCoord.w - near_far.x) / (near_far.y - near_far.x);
}}
"""

_ROW: Final = 4096
"""Texels in a row of the texture that holds all opacities one after another."""

_KEPT_TARGETS: Final = 4
"""Picture sizes whose framebuffers are kept."""


class GLRasterizer:
    """Draws with OpenGL 3.3 in a context of its own, without a window."""

    def __init__(self) -> None:
        self.name: str = "gl"
        try:
            import moderngl

            create: Any = moderngl.create_context  # its annotations want a dictionary where it takes a word
            self._gl: Any = create(standalone=True, **({"backend": "egl"} if sys.platform == "linux" else {}))
            self._programs: dict[bool, Any] = {False: _program(self._gl, holes=False)}
        except Exception as error:  # the drivers raise whatever they like
            raise RasterizerUnavailable(
                f"The gl rasterizer cannot open an OpenGL 3.3 context ({error}); on Linux it needs EGL: "
                "apt-get install -y libegl1 libgl1-mesa-dri"
            ) from error
        self.detail: str = f"OpenGL on {self._gl.info['GL_RENDERER']}"
        self._snapshot: Snapshot | None = None
        self._scene: _Scene | None = None
        self._targets: dict[tuple[int, int], Any] = {}

    def rasterize(self, snapshot: Snapshot, camera: Camera) -> GBuffer:
        """What ``camera`` sees of ``snapshot``."""
        triangle = np.empty((camera.height, camera.width), np.int32)
        bary = np.empty((*triangle.shape, 2), np.float32)
        with self._gl:
            target = self._target(camera.width, camera.height)
            self.draw(snapshot, camera, target)
            target.read_into(triangle, components=1, dtype="i4", attachment=0)
            target.read_into(bary, components=2, dtype="f4", attachment=1)
        triangle -= np.int32(1)
        return GBuffer(triangle, bary)

    @property
    def context(self) -> Any:
        """The ``moderngl.Context``, for what is worked out from its pictures."""
        return self._gl

    def draw(self, snapshot: Snapshot, camera: Camera, target: Any) -> None:
        """Draw into a framebuffer of the current ``context``: triangle + 1 as one int32, barycentrics as two floats."""
        self._upload(snapshot)
        target.use()
        target.clear(depth=1.0)
        self._gl.enable_only(self._gl.DEPTH_TEST)
        if self._scene is not None:
            self._scene.draw(self._gl, camera)

    def close(self) -> None:
        """Free the context and all that it holds."""
        self._scene = self._snapshot = None
        self._targets.clear()
        self._gl.release()

    def _upload(self, snapshot: Snapshot) -> None:
        before, split = self._snapshot, snapshot.static_faces
        if before is snapshot:
            return
        if before is None or not same_world(before, snapshot):
            if self._scene is not None:
                self._scene.release()
            self._scene = self._opened(snapshot) if len(snapshot.faces) else None
        elif self._scene is not None and split < len(snapshot.faces) and before.vertices is not snapshot.vertices:
            self._scene.corners.write(_corners(snapshot.vertices, snapshot.faces[split:]), offset=split * 36)
        self._snapshot = snapshot

    def _opened(self, snapshot: Snapshot) -> _Scene:
        gl, cutouts = self._gl, Cutouts.of(snapshot)
        corners = gl.buffer(_corners(snapshot.vertices, snapshot.faces))
        if cutouts is None:
            program = self._programs[False]
            return _Scene(program, gl.vertex_array(program, [(corners, "3f", "corner")]), corners)
        if True not in self._programs:
            self._programs[True] = _program(gl, holes=True)
        program = self._programs[True]
        sheet = np.repeat(cutouts.of_face, 3)
        tile = _corners(cutouts.uv, cutouts.faces) / np.where(sheet < 0, 1, cutouts.size_m[sheet])[:, None]
        tiles, sheets = gl.buffer(tile.astype(np.float32)), gl.buffer(sheet)
        layout = [(corners, "3f", "corner"), (tiles, "2f", "tile"), (sheets, "1i", "sheet")]
        rows = -(-len(cutouts.texels) // _ROW)
        texels = np.zeros(rows * _ROW, np.uint8)
        texels[: len(cutouts.texels)] = cutouts.texels
        table = np.stack([cutouts.first, cutouts.width, cutouts.height], axis=1)
        pictures = (
            gl.texture((_ROW, rows), 1, texels, dtype="u1"),
            gl.texture((len(table), 1), 3, np.ascontiguousarray(table), dtype="i4"),
        )
        for picture in pictures:
            picture.filter = (gl.NEAREST, gl.NEAREST)
        return _Scene(program, gl.vertex_array(program, layout), corners, pictures, (tiles, sheets))

    def _target(self, width: int, height: int) -> Any:
        if (width, height) not in self._targets:
            info = self._gl.info
            limit = min(info["GL_MAX_TEXTURE_SIZE"], info["GL_MAX_RENDERBUFFER_SIZE"], *info["GL_MAX_VIEWPORT_DIMS"])
            if max(width, height) > limit:
                raise ValueError(
                    f"a picture of {width}x{height} is larger than OpenGL allows here ({limit} pixels): make it "
                    "smaller, or choose the rasterizer 'embree'"
                )
            while len(self._targets) >= _KEPT_TARGETS:
                old = self._targets.pop(next(iter(self._targets)))
                for attachment in (*old.color_attachments, old.depth_attachment, old):
                    attachment.release()
            number, bary = (self._gl.texture((width, height), n, dtype=d) for n, d in ((1, "i4"), (2, "f4")))
            depth = self._gl.depth_renderbuffer((width, height))
            self._targets[width, height] = self._gl.framebuffer([number, bary], depth)
        return self._targets[width, height]


@dataclass(frozen=True)
class _Scene:
    """A world on the device: its triangles' corners, and for holes the opacities; all of ``moderngl``."""

    program: Any
    array: Any
    corners: Any
    pictures: tuple[Any, ...] = ()
    buffers: tuple[Any, ...] = ()

    def draw(self, gl: Any, camera: Camera) -> None:
        eye = camera.position.astype(np.float32)
        self.program["clip_from_eye"].write(clip_from_eye(camera).T.astype(np.float32).tobytes())
        self.program["eye"].write(eye.tobytes())
        self.program["eye_rest"].write((camera.position - eye).astype(np.float32).tobytes())
        self.program["near_far"].value = (camera.near, camera.far)
        for unit, (name, picture) in enumerate(zip(("texels", "sheets"), self.pictures, strict=False)):
            self.program[name].value = unit
            picture.use(unit)
        self.array.render(gl.TRIANGLES)

    def release(self) -> None:
        for held in (self.array, self.corners, *self.pictures, *self.buffers):
            held.release()


def _program(gl: Any, *, holes: bool) -> Any:
    head = "#version 330\n" + (f"#define HOLES\n#define ROW {_ROW}\n" if holes else "")
    return gl.program(vertex_shader=head + _VERTEX, fragment_shader=head + _FRAGMENT)


def _corners(values: F32, faces: I32) -> F32:
    """(3 F, C) float32, what each corner of the faces (F, 3) has of a per-vertex array (V, C)."""
    return np.take(values, faces.reshape(-1), axis=0).astype(np.float32, copy=False)


def clip_from_eye(camera: Camera) -> F64:
    """(4, 4) OpenGL clip coordinates of points relative to the camera's position, in world axes.

    Row 0 of OpenGL's picture, its lowest, is our top row.
    """
    K, near, far = camera.K, camera.near, camera.far
    w, h = camera.width, camera.height
    clip_from_camera = np.array(
        [
            [2 * K[0, 0] / w, 2 * K[0, 1] / w, 2 * K[0, 2] / w - 1, 0],
            [0, 2 * K[1, 1] / h, 2 * K[1, 2] / h - 1, 0],
            [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, 1, 0],
        ]
    )
    turn = np.eye(4)
    turn[:3, :3] = camera.world_from_camera[:3, :3].T
    return clip_from_camera @ turn
