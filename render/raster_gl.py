"""The OpenGL rasterizer: off-screen through EGL, on a GPU's driver or on Mesa's software renderer.

Triangle corners are expanded into a buffer without indices, so that ``gl_VertexID`` tells the corner; the whole world
is uploaded once, its moving end again when it has moved, and drawn in one call; faces with holes in a second one. The
fragment shader writes the triangle's number and two perspective-correct barycentrics; OpenGL clips at the near plane
and both survive it. Depth is written so that its 24 bits resolve 12 micrometres near the camera, 30 at 100 m and less
than half a millimetre at 1 km, whatever the near plane: a poster lies in front of its wall.
Corners are taken relative to the camera before anything is multiplied, so that a set kilometres from the origin is
drawn as one at the origin.
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

_ROW: Final = 4096
"""Texels in a row of the texture that holds all opacities one after another."""

_EVEN_M: Final = 200.0
"""Metres up to which depths are told apart about equally well; beyond, the step grows with the square."""

_WHOLE, _SOME, _HOLED = "", "#define ROWS\n", "#define ROWS\n#define HOLES\n"
"""What opens the programs: for a world without holes, for the whole faces of one with holes, and for the others."""

_VERTEX: Final = """
uniform mat4 clip_from_eye;
uniform vec3 eye, eye_rest;
in vec3 corner;
out vec2 weight;
#ifdef ROWS
in int row;
flat out int row_of;
#endif
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
#ifdef ROWS
    row_of = row;
#endif
#ifdef HOLES
    tile_at = tile;
    sheet_of = sheet;
#endif
}
"""

_FRAGMENT: Final = f"""
in vec2 weight;
uniform vec2 near_far;
#ifdef ROWS
flat in int row_of;
#else
#define row_of gl_PrimitiveID
#endif
layout(location = 0) out int number;
layout(location = 1) out vec2 bary;
#ifdef HOLES
in vec2 tile_at;
flat in int sheet_of;
uniform usampler2D texels;
uniform isampler2D sheets;
float texel(ivec3 sheet, ivec2 at) {{
    at += sheet.yz * (ivec2(lessThan(at, ivec2(0))) - ivec2(greaterThanEqual(at, sheet.yz)));
    int k = sheet.x + at.y * sheet.y + at.x;
    return float(texelFetch(texels, ivec2(k % {_ROW}, k / {_ROW}), 0).r);
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
    if (hole()) discard;
#endif
    number = row_of + 1;  // 0 is the cleared picture
    bary = weight;
    float z = 1.0 / gl_FragCoord.w;
    gl_FragDepth = (z - near_far.x) * (near_far.y + {_EVEN_M}) / ((z + {_EVEN_M}) * (near_far.y - near_far.x));
}}
"""

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
            self._programs: dict[str, Any] = {_WHOLE: _program(self._gl, _WHOLE)}
        except Exception as error:  # the drivers raise whatever they like
            raise RasterizerUnavailable(
                f"The gl rasterizer cannot open an OpenGL 3.3 context ({error}); on Linux it needs EGL: "
                "apt-get install -y libegl1 libgl1-mesa-dri"
            ) from error
        self.detail: str = f"OpenGL on {self._gl.info['GL_RENDERER']}"
        self._snapshot: Snapshot | None = None
        self._layers: tuple[_Layer, ...] = ()
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
        """The ``moderngl.Context``, for what else is worked out in it (see :mod:`render.complete_gl`)."""
        return self._gl

    @property
    def software(self) -> bool:
        """Whether no graphics card draws."""
        return any(name in self.detail for name in ("llvmpipe", "softpipe", "SwiftShader"))

    def draw(self, snapshot: Snapshot, camera: Camera, target: Any) -> None:
        """Draw into a framebuffer of the current ``context``: triangle + 1 as one int32, barycentrics as two floats."""
        self._upload(snapshot)
        target.use()
        target.clear(depth=1.0)
        self._gl.enable_only(self._gl.DEPTH_TEST)
        for layer in self._layers:
            layer.draw(self._gl, camera)

    def close(self) -> None:
        """Free the context and all that it holds."""
        self._layers, self._snapshot = (), None
        self._targets.clear()
        self._gl.release()

    def _upload(self, snapshot: Snapshot) -> None:
        before = self._snapshot
        if before is snapshot:
            return
        if before is None or not same_world(before, snapshot):
            for layer in self._layers:
                layer.release()
            self._layers = self._opened(snapshot)
        elif before.vertices is not snapshot.vertices:
            for layer in self._layers:
                if len(layer.moving):
                    layer.buffers[0].write(_corners(snapshot.vertices, layer.moving), offset=layer.still * 36)
        self._snapshot = snapshot

    def _opened(self, snapshot: Snapshot) -> tuple[_Layer, ...]:
        cutouts = Cutouts.of(snapshot)
        if cutouts is None:
            return (self._layer(snapshot, snapshot.faces, snapshot.static_faces),) if len(snapshot.faces) else ()
        layers = []
        for of in (None, cutouts):
            rows = np.flatnonzero((cutouts.of_face >= 0) == (of is not None)).astype(np.int32)
            if len(rows):
                still = int(np.searchsorted(rows, snapshot.static_faces))
                layers.append(self._layer(snapshot, snapshot.faces[rows], still, rows, of))
        return tuple(layers)

    def _layer(
        self, snapshot: Snapshot, faces: I32, still: int, rows: I32 | None = None, cutouts: Cutouts | None = None
    ) -> _Layer:
        """The given faces, of which the first ``still`` never move; rows: of ``snapshot.faces`` if not all of them."""
        gl = self._gl
        layout: list[tuple[Any, str, str]] = [(gl.buffer(_corners(snapshot.vertices, faces)), "3f", "corner")]
        pictures: tuple[Any, ...] = ()
        kind = _WHOLE
        if rows is not None:
            layout.append((gl.buffer(np.repeat(rows, 3)), "1i", "row"))
            kind = _SOME
        if rows is not None and cutouts is not None:
            sheet = np.repeat(cutouts.of_face[rows], 3)
            tile = np.ascontiguousarray(_corners(cutouts.uv, faces) / cutouts.size_m[sheet, None])
            layout += [(gl.buffer(tile), "2f", "tile"), (gl.buffer(sheet), "1i", "sheet")]
            pictures, kind = _pictures(gl, cutouts), _HOLED
        if kind not in self._programs:
            self._programs[kind] = _program(gl, kind)
        array = gl.vertex_array(self._programs[kind], layout)
        return _Layer(faces[still:], still, self._programs[kind], array, tuple(part[0] for part in layout), pictures)

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
class _Layer:
    """Triangles on the device that one program draws.

    moving: (n, 3) int32 faces of those that move, which come after ``still`` others. Of ``moderngl``: program, array,
    buffers (the corners first), and for holes the pictures of :func:`_pictures`.
    """

    moving: I32
    still: int
    program: Any
    array: Any
    buffers: tuple[Any, ...]
    pictures: tuple[Any, ...]

    def draw(self, gl: Any, camera: Camera) -> None:
        """Draw into the framebuffer in use."""
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
        """Free it."""
        for held in (self.array, *self.buffers, *self.pictures):
            held.release()


def _pictures(gl: Any, cutouts: Cutouts) -> tuple[Any, Any]:
    """All opacities one after another in rows of ``_ROW`` texels, and a table of where each starts and its size."""
    height = -(-len(cutouts.texels) // _ROW)
    texels = np.zeros(height * _ROW, np.uint8)
    texels[: len(cutouts.texels)] = cutouts.texels
    table = np.ascontiguousarray(np.stack([cutouts.first, cutouts.width, cutouts.height], axis=1))
    pictures = gl.texture((_ROW, height), 1, texels, dtype="u1"), gl.texture((len(table), 1), 3, table, dtype="i4")
    for picture in pictures:
        picture.filter = (gl.NEAREST, gl.NEAREST)
    return pictures


def _program(gl: Any, kind: str) -> Any:
    head = f"#version 330\n{kind}"
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
