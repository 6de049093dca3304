"""The full-screen programs behind ``render.complete_gl``: what lies at each pixel, where it moves, who shows it there.

Tables are textures of ``ROW`` texels a row, so that a plain OpenGL 3.3 can index millions of vertices. ``number`` is
the triangle + 1, 0 for nothing. Loops whose number of turns depends on the pixel are how software drivers branch.
"""

from __future__ import annotations

from typing import Final

from render.surface import GRAZING

ROW: Final = 4096
"""Texels in a row of a table."""

SCALE_STEPS: Final = 1024
"""Steps of an octave in which the scale of ``uv`` is kept."""

COLOR_STEPS: Final = 1023
"""Steps from 0 to a texture's brightest value, of which three fit into 32 bits."""

SLOPE_STEPS: Final = 32767
"""Steps from 0 to 1 in which the relative slope of disparity is kept."""

INF: Final = 0x7F800000
"""The bits of an infinite float32."""

COVERED: Final = 4.0
"""Tolerances by which the nearest pixel must lie before a point to cover it, whatever is around."""

BEHIND: Final = -1.0
TURNED: Final = -2.0
"""Instead of a disparity: behind the other camera; seen by it from the other side."""

CORNERS: Final = """
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }
"""
"""One triangle that covers the picture."""

SURFACE: Final = f"""
uniform isampler2D number, faces, kinds, levels;
uniform sampler2D bary, vertices, colors;
uniform usampler2D texels;
uniform vec3 eye, eye_rest, forward, right, down;
uniform float pixel;
uniform int still, now, turns, poses[3];
uniform mat3 turn[2], project[2];
uniform vec3 shift[2], eye_of[2], nudge[2], step[2];
layout(location = 0) out ivec4 out_plane;
layout(location = 1) out vec4 out_rest;
layout(location = 2) out vec4 out_normal;
layout(location = 3) out vec4 out_albedo;
layout(location = 4) out vec4 out_motion;
layout(location = 5) out vec2 out_there;

ivec2 at(int i) {{ return ivec2(i & {ROW - 1}, i >> {ROW.bit_length() - 1}); }}

vec3 unpacked(uint t) {{ return vec3(uvec3(t, t >> 10u, t >> 20u) & {COLOR_STEPS}u); }}

vec3 bilinear(int first, int size, vec2 tile) {{
    int w = size & 0xffff, h = size >> 16;
    vec2 place = tile * vec2(w, h) - 0.5, corner = floor(place), f = place - corner;
    ivec2 upper = ivec2(corner);
    upper += ivec2(upper.x < 0 ? w : 0, upper.y < 0 ? h : 0);
    int lower = upper.y + 1 >= h ? 0 : upper.y + 1;
    uvec2 a = texelFetch(texels, at(first + upper.y * w + upper.x), 0).xy;
    uvec2 b = texelFetch(texels, at(first + lower * w + upper.x), 0).xy;
    return mix(mix(unpacked(a.x), unpacked(a.y), f.x), mix(unpacked(b.x), unpacked(b.y), f.x), f.y);
}}

void main() {{
    ivec2 xy = ivec2(gl_FragCoord.xy);
    vec3 at_pixel = vec3(gl_FragCoord.xy, 1.0);
    int triangle = texelFetch(number, xy, 0).x - 1;
    bool sky = triangle < 0, moves = triangle >= still;
    vec2 w = texelFetch(bary, xy, 0).xy;
    float first = 1.0 - w.x - w.y;
    ivec4 face = texelFetch(faces, at(max(triangle, 0)), 0);
    ivec3 k = face.xyz * 2 + (moves ? now : 0);
    vec4 a = texelFetch(vertices, at(k.x), 0);
    vec4 b = texelFetch(vertices, at(k.y), 0), c = texelFetch(vertices, at(k.z), 0);
    vec4 smooth_v = first * texelFetch(vertices, at(k.x + 1), 0)
        + w.x * texelFetch(vertices, at(k.y + 1), 0) + w.y * texelFetch(vertices, at(k.z + 1), 0);
    vec4 point_u = first * a + w.x * b + w.y * c;
    vec3 p = (a.xyz - eye) - eye_rest, e = b.xyz - a.xyz, g = c.xyz - a.xyz;
    vec3 flat_normal = cross(e, g);
    p += w.x * e + w.y * g;
    float z = dot(p, forward), offset = dot(flat_normal, p);
    float cosine = -offset * inversesqrt(max(dot(p, p) * dot(flat_normal, flat_normal), 1e-36));
    vec3 normal = smooth_v.xyz * inversesqrt(max(dot(smooth_v.xyz, smooth_v.xyz), 1e-36));
    normal = cosine < 0.0 ? -normal : normal;

    // The base color times the texture, filtered over the pixel.
    ivec4 kind = texelFetch(kinds, at(face.w & 0xffff), 0);
    vec4 color = texelFetch(colors, at(face.w & 0xffff), 0);
    float level = log2(z * pixel * inversesqrt(max(abs(cosine), {GRAZING}))) + color.w;
    level = clamp(level + float(face.w >> 16) * {1 / SCALE_STEPS}, 0.0, 31.0);
    vec2 tile = vec2(point_u.w, smooth_v.w) * intBitsToFloat(kind.z);
    tile -= floor(tile);
    tile.y = 1.0 - tile.y;
    ivec4 pair = texelFetch(levels, ivec2(int(level), kind.w), 0);
    vec3 detail = mix(bilinear(pair.x, pair.y, tile), bilinear(pair.z, pair.w, tile), level - floor(level));

    // Where what moves is at rest, was and will be. What is still is where it is, and its pixels follow from its depth.
    float d = sky ? 0.0 : 1.0 / z;
    vec3 rest = vec3(0.0), before = vec3(0.0), after = vec3(0.0);
    int last = moves ? turns : 0;
    for (int n = 0; n < last; n++) {{
        int corner = n % 3, time = n / 3, row = corner == 0 ? face.x : corner == 1 ? face.y : face.z;
        float share = corner == 0 ? first : corner == 1 ? w.x : w.y;
        int pose = time == 0 ? poses[0] : time == 1 ? poses[1] : poses[2];
        vec3 point = texelFetch(vertices, at(row * 2 + pose), 0).xyz;
        rest += (time == 2 ? share : 0.0) * point;
        before += (time == 0 ? share : 0.0) * (point - eye_of[0]);
        after += (time == 1 ? share : 0.0) * (point - eye_of[1]);
    }}
    vec3 h0 = moves ? (project[0] * before + nudge[0]) * d : turn[0] * at_pixel + shift[0] * d;
    vec3 h1 = moves ? (project[1] * after + nudge[1]) * d : turn[1] * at_pixel + shift[1] * d;
    bvec2 ahead = greaterThan(vec2(h0.z, h1.z), vec2(1e-6));
    vec2 near = 1.0 / vec2(ahead.x ? h0.z : 1.0, ahead.y ? h1.z : 1.0);

    vec2 slope = vec2(dot(flat_normal, right), dot(flat_normal, down)) * (offset == 0.0 ? 0.0 : z / offset);
    ivec2 steps = ivec2(clamp(slope, -1.0, 1.0) * {SLOPE_STEPS}.0);
    out_plane = sky ? ivec4({INF}, 0, 0, 0)
        : ivec4(floatBitsToInt(z), (steps.x & 0xffff) | (steps.y << 16), kind.xy);
    out_rest = sky ? vec4(0.0) : vec4(moves ? rest : point_u.xyz, point_u.w);
    out_normal = sky ? vec4(0.0) : vec4(normal, smooth_v.w);
    out_albedo = sky ? vec4(0.0) : vec4(color.rgb * detail, abs(cosine));
    vec2 to0 = h0.xy * near.x - at_pixel.xy, to1 = h1.xy * near.y - at_pixel.xy;
    out_motion = vec4(ahead.x ? to0 : vec2(0.0), ahead.y ? to1 : vec2(0.0));
    // Which side of it do the other cameras see? Nobody sees both sides of what is not a sheet, and sheets rarely turn.
    vec2 sides = vec2(offset - dot(flat_normal, step[0]), offset - dot(flat_normal, step[1])) * offset;
    bvec2 turned = bvec2(!moves && !sky && sides.x < 0.0, !moves && !sky && sides.y < 0.0);
    out_there = vec2(!ahead.x ? {BEHIND} : turned.x ? {TURNED} : d * near.x,
        !ahead.y ? {BEHIND} : turned.y ? {TURNED} : d * near.y);
}}
"""
"""Planar depth, slope, ids; rest position and u; normal and v; albedo and the cosine of the view; pixels to where it
was and to where it will be; its disparities there, or ``BEHIND`` the other camera or ``TURNED`` from it.
"""

MASKS: Final = f"""
uniform isampler2D plane, plane_before, plane_after;
uniform sampler2D motion, there;
uniform vec2 size, allowed;
uniform int turns;
layout(location = 0) out uvec4 out_mask;

vec2 sloped(ivec4 plane) {{ return vec2((plane.y << 16) >> 16, plane.y >> 16) * {1 / SLOPE_STEPS}; }}

// Whether a frame shows a thing at a place, at a disparity.
bool shown(isampler2D other, vec2 to, float there, int thing, float allowed, bool asked) {{
    ivec2 last = ivec2(size) - 1;
    vec2 centre = floor(to) + 0.5;
    ivec2 nearest = ivec2(centre), beside = ivec2(to.x < centre.x ? -1 : 1, to.y < centre.y ? -1 : 1);
    float low = 1e30, high = -1e30, tolerance = 0.0;
    bool same = false;
    int end = asked ? turns : 0;
    for (int k = 0; k < end; k++) {{
        ivec2 q = clamp(nearest + ivec2(k & 1, k >> 1) * beside, ivec2(0), last);
        ivec4 plane = texelFetch(other, q, 0);
        float own = 1.0 / intBitsToFloat(plane.x), here = own * (1.0 + dot(sloped(plane), to - vec2(q) - 0.5));
        tolerance = k == 0 ? allowed * max(own, there) : tolerance;
        bool one = plane.z == thing;
        same = same || one && abs(here - there) <= tolerance;
        low = one ? min(low, own) : low;
        high = one ? max(high, own) : high;
        // The four pixels around may show it, unless the nearest shows something before it.
        bool covered = k == 0 && here > there + {COVERED} * tolerance && !(one && abs(own - there) <= tolerance);
        low = covered ? 1e30 : low;
        end = same || covered ? 0 : end;
    }}
    return same || low - tolerance <= there && there <= high + tolerance;
}}

void main() {{
    ivec2 xy = ivec2(gl_FragCoord.xy);
    ivec4 own = texelFetch(plane, xy, 0);
    vec4 to = gl_FragCoord.xyxy + texelFetch(motion, xy, 0);
    vec2 then = texelFetch(there, xy, 0).xy;
    bool in0 = then.x != {BEHIND} && all(greaterThanEqual(to.xy, vec2(0.0))) && all(lessThan(to.xy, size));
    bool in1 = then.y != {BEHIND} && all(greaterThanEqual(to.zw, vec2(0.0))) && all(lessThan(to.zw, size));
    bool asked0 = in0 && then.x >= 0.0, asked1 = in1 && then.y >= 0.0;
    bool seen0 = asked0 && shown(plane_before, to.xy, then.x, own.z, allowed.x, asked0);
    bool seen1 = asked1 && shown(plane_after, to.zw, then.y, own.z, allowed.y, asked1);
    out_mask = uvec4(seen0, !in0, seen1, !in1);
}}
"""
"""Seen then, outside then, seen later, outside later."""
