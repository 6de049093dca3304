"""The OpenGL rasterizer: off-screen through EGL, on a GPU's driver or on Mesa's software renderer.

Triangle corners are expanded into a buffer without indices, so that ``gl_VertexID`` tells both the triangle and the
corner; the static ones are uploaded once a world, the moving ones when they have moved. The fragment shader writes the
triangle's number and two perspective-correct barycentrics into an integer target; OpenGL clips at the near plane and
the number survives it. Depth is written linear in metres, so that 24 bits resolve a 1 km range to 0.06 mm everywhere.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from render.raster import GBuffer, RasterizerUnavailable, same_world
from worldgen.camera import Camera
from worldgen.conventions import F32, F64
from worldgen.world import Snapshot

_VERTEX: Final = """
#version 330
uniform mat4 clip_from_world;
uniform int number;
in vec3 corner;
out vec2 weight;
flat out int triangle;
void main() {
    int k = gl_VertexID % 3;
    weight = vec2(k == 1, k == 2);
    triangle = number + gl_VertexID / 3;
    gl_Position = clip_from_world * vec4(corner, 1.0);
}
"""

_FRAGMENT: Final = """
#version 330
in vec2 weight;
flat in int triangle;
uniform vec2 near_far;
out ivec4 seen;
void main() {
    seen = ivec4(triangle, floatBitsToInt(weight), 0);
    gl_FragDepth = (1.0 / gl_FragCoord.w - near_far.x) / (near_far.y - near_far.x);
}
"""

_INSTALL: Final = "apt-get install -y libegl1 libgl1-mesa-dri"


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
            self._program: Any = self._gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        except Exception as error:  # the drivers raise whatever they like
            raise RasterizerUnavailable(
                f"The gl rasterizer cannot open an OpenGL 3.3 context ({error}); on Linux it needs EGL: "
                "apt-get install -y libegl1 libgl1-mesa-dri"
            ) from error
        self.detail: str = f"OpenGL on {self._gl.info['GL_RENDERER']}"
        self._snapshot: Snapshot | None = None
        self._static: _Corners | None = None
        self._moving: _Corners | None = None
        self._targets: dict[tuple[int, int], Any] = {}

    def rasterize(self, snapshot: Snapshot, camera: Camera) -> GBuffer:
        """What ``camera`` sees of ``snapshot``."""
        shape = (camera.height, camera.width)
        with self._gl:
            self._upload(snapshot)
            target = self._target(camera.width, camera.height)
            target.use()
            target.clear(depth=1.0)
            self._gl.enable_only(self._gl.DEPTH_TEST)
            self._program["clip_from_world"].write(_clip_from_world(camera).T.astype(np.float32).tobytes())
            self._program["near_far"].value = (camera.near, camera.far)
            for part in (self._static, self._moving):
                if part is not None:
                    self._program["number"].value = part.first + 1  # 0 is the cleared picture
                    part.array.render(self._gl.TRIANGLES)
            raw = target.read(components=4, dtype="i4")
        seen = np.frombuffer(raw, dtype=np.int32).reshape(*shape, 4)
        return GBuffer(seen[..., 0] - np.int32(1), np.ascontiguousarray(seen[..., 1:3]).view(np.float32))

    def close(self) -> None:
        """Free the context and all that it holds."""
        self._static = self._moving = self._snapshot = None
        self._targets.clear()
        self._gl.release()

    def _upload(self, snapshot: Snapshot) -> None:
        before, split = self._snapshot, snapshot.static_faces
        if before is snapshot:
            return
        if before is None or not same_world(before, snapshot):
            for part in (self._static, self._moving):
                if part is not None:
                    part.release()
            self._static = self._corners(0, snapshot.vertices[snapshot.faces[:split]])
            self._moving = self._corners(split, snapshot.vertices[snapshot.faces[split:]])
        elif self._moving is not None and before.vertices is not snapshot.vertices:
            self._moving.buffer.write(snapshot.vertices[snapshot.faces[split:]])
        self._snapshot = snapshot

    def _corners(self, first: int, corners: F32) -> _Corners | None:
        if not len(corners):
            return None
        buffer = self._gl.buffer(np.ascontiguousarray(corners, dtype=np.float32))
        return _Corners(first, buffer, self._gl.vertex_array(self._program, [(buffer, "3f", "corner")]))

    def _target(self, width: int, height: int) -> Any:
        if (width, height) not in self._targets:
            limit = self._gl.info["GL_MAX_TEXTURE_SIZE"]
            if max(width, height) > limit:
                raise ValueError(f"a picture of {width}x{height} is larger than OpenGL allows here ({limit} pixels)")
            while len(self._targets) >= _KEPT_TARGETS:
                old = self._targets.pop(next(iter(self._targets)))
                for attachment in (*old.color_attachments, old.depth_attachment, old):
                    attachment.release()
            color = self._gl.texture((width, height), 4, dtype="i4")
            depth = self._gl.depth_renderbuffer((width, height))
            self._targets[width, height] = self._gl.framebuffer([color], depth)
        return self._targets[width, height]


@dataclass(frozen=True)
class _Corners:
    """Triangles on the device. first: row of ``snapshot.faces`` of the first. buffer, array: of ``moderngl``."""

    first: int
    buffer: Any
    array: Any

    def release(self) -> None:
        self.array.release()
        self.buffer.release()


def _clip_from_world(camera: Camera) -> F64:
    """(4, 4) OpenGL clip coordinates of world points. Row 0 of OpenGL's picture, its lowest, is our top row."""
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
    return clip_from_camera @ camera.camera_from_world
