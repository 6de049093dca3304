"""Mesh files as the world has them: each is shown, shown with a note, or refused in one sentence."""

import base64
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from worldgen.meshfile import MeshFile, load_mesh, read_mesh
from worldgen.meshgltf import EMISSIVE

CUBE = trimesh.creation.box((1.0, 2.0, 3.0))
Document = dict[str, Any]


def png(color: tuple[int, int, int] = (255, 0, 0), size: tuple[int, int] = (4, 4)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, "PNG")
    return stream.getvalue()


def cube_document(
    vertices: Any = CUBE.vertices, faces: Any = CUBE.faces, index_type: tuple[str, int] = ("<u2", 5123)
) -> tuple[Document, bytes]:
    """A glTF document of one triangle list with coordinates for a picture, and its binary."""
    position = np.asarray(vertices, "<f4").tobytes()
    index = np.asarray(faces).ravel().astype(index_type[0]).tobytes()
    index += b"\0" * (-len(index) % 4)
    uv = np.tile(np.array([[0.25, 0.75]], "<f4"), (len(vertices), 1)).tobytes()
    document: Document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 2}, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [0.2, 0.4, 0.6, 1], "metallicFactor": 0}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(vertices), "type": "VEC3"},
            {"bufferView": 1, "componentType": index_type[1], "count": np.size(faces), "type": "SCALAR"},
            {"bufferView": 2, "componentType": 5126, "count": len(vertices), "type": "VEC2"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(position)},
            {"buffer": 0, "byteOffset": len(position), "byteLength": len(index)},
            {"buffer": 0, "byteOffset": len(position) + len(index), "byteLength": len(uv)},
        ],
        "buffers": [{"byteLength": len(position) + len(index) + len(uv)}],
    }
    return document, position + index + uv


def glb(document: Document, binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def read_glb(folder: Path, document: Document, binary: bytes, **options: Any) -> MeshFile:
    (folder / "thing.glb").write_bytes(glb(document, binary))
    return read_mesh(folder / "thing.glb", **options)


def edited(edit: Callable[[Document], Any]) -> tuple[Document, bytes]:
    document, binary = cube_document()
    edit(document)
    return document, binary


def textured(document: Document, image: Document) -> None:
    document["images"], document["textures"] = [image], [{"source": 0}]
    document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {"index": 0}


def with_view(value: Document) -> Callable[[Document], None]:
    return lambda d: d["accessors"][0].update(value)


BROKEN: dict[str, tuple[Callable[[Document], Any], str]] = {
    "no version": (lambda d: d.update(asset={}), "glTF"),
    "glTF 1": (lambda d: d.update(asset={"version": "1.0"}), "2.0"),
    "a circle of nodes": (lambda d: d.update(nodes=[{"mesh": 0, "children": [1]}, {"children": [0]}]), "circle"),
    "a node of its own": (lambda d: d.update(nodes=[{"mesh": 0, "children": [0]}]), "circle"),
    "a node on two": (lambda d: d.update(nodes=[{"children": [2]}, {"children": [2]}, {"mesh": 0}]), "two"),
    "no such child": (lambda d: d.update(nodes=[{"mesh": 0, "children": [7]}]), "nodes"),
    "no such mesh": (lambda d: d.update(nodes=[{"mesh": 5}]), "meshes"),
    "no such scene": (lambda d: d.update(scene=3), "scenes"),
    "no such material": (lambda d: d["meshes"][0]["primitives"][0].update(material=9), "materials"),
    "no such accessor": (lambda d: d["meshes"][0]["primitives"][0].update(indices=9), "accessors"),
    "no such view": (with_view({"bufferView": 9}), "bufferViews"),
    "no such type": (with_view({"type": "VEC9"}), "type"),
    "too many promised": (with_view({"count": 100}), "cut short"),
    "endless": (with_view({"count": 10**12}), "promises"),
    "a negative offset": (lambda d: d["bufferViews"][0].update(byteOffset=-4), "cut short"),
    "no mesh": (lambda d: d.update(meshes=[], nodes=[{}]), "no triangles"),
    "no primitives": (lambda d: d["meshes"][0].update(primitives=[]), "no triangles"),
    "no positions": (lambda d: d["meshes"][0]["primitives"][0].update(attributes={}), "thing.glb"),
    "points": (lambda d: d["meshes"][0]["primitives"][0].update(mode=0), "no triangles"),
    "a node nowhere": (lambda d: d["nodes"][0].update(translation=[float("nan"), 0, 0]), "not numbers"),
    "a flat node": (lambda d: d["nodes"][0].update(scale=[0, 1, 1]), "no triangles"),
    "compressed": (lambda d: d.update(extensionsRequired=["KHR_draco_mesh_compression"]), "KHR_draco"),
    "nodes that are no list": (lambda d: d.update(nodes={"mesh": 0}), "nodes"),
    "words for numbers": (with_view({"count": "many"}), "thing.glb"),
    "a picture elsewhere": (lambda d: textured(d, {"uri": "../secret.png"}), "outside its own folder"),
    "a picture from the net": (lambda d: textured(d, {"uri": "http://example.com/a.png"}), "outside its own folder"),
    "a picture by its path": (lambda d: textured(d, {"uri": "/etc/passwd"}), "outside its own folder"),
    "a buffer from the net": (lambda d: d["buffers"][0].update(uri="https://example.com/a.bin"), "outside"),
    "a buffer that is not there": (lambda d: d["buffers"][0].update(uri="gone.bin"), "gone.bin"),
    "a data URI of nonsense": (lambda d: d["buffers"][0].update(uri="data:x;base64,!!"), "base64"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    edit, words = BROKEN[name]
    with pytest.raises(ValueError, match=words) as error:
        read_glb(tmp_path, *edited(edit))
    assert type(error.value) is ValueError
    assert "\n" not in str(error.value)
    assert "thing.glb" in str(error.value)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl"])
def test_cut_short(tmp_path: Path, suffix: str, share: float) -> None:
    CUBE.export(tmp_path / f"whole.{suffix}")
    whole = (tmp_path / f"whole.{suffix}").read_bytes()
    (tmp_path / f"short.{suffix}").write_bytes(whole[: int(len(whole) * share)])
    said = refusal(tmp_path / f"short.{suffix}")
    assert suffix == "obj" or said  # the text of an OBJ may end anywhere


def refusal(path: Path) -> str:
    """What is said of a file that cannot be read; nothing of one that can, whose numbers then are numbers."""
    said = ""
    try:
        assert np.isfinite(load_mesh(path).vertices).all()
    except ValueError as error:
        said = str(error)
    assert "\n" not in said
    assert not said or path.name in said
    return said


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "glb"])
def test_vertices_that_are_no_numbers(tmp_path: Path, suffix: str) -> None:
    vertices = CUBE.vertices.copy()
    vertices[0, 0] = np.nan
    path = tmp_path / f"bad.{suffix}"
    if suffix == "glb":
        path.write_bytes(glb(*cube_document(vertices)))
    else:
        trimesh.Trimesh(vertices, CUBE.faces, process=False, validate=False).export(path)
    with pytest.raises(ValueError, match="not numbers"):
        load_mesh(path)


def test_indices_beyond_the_vertices(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="do not exist"):
        read_glb(tmp_path, *cube_document(faces=[[0, 1, 99]]))
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 99\n")
    with pytest.raises(ValueError, match=r"a\.obj"):
        load_mesh(tmp_path / "a.obj")
    (tmp_path / "a.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 -7\n"
    )
    with pytest.raises(ValueError, match=r"a\.ply"):
        load_mesh(tmp_path / "a.ply")


def test_without_area_and_twice(tmp_path: Path) -> None:
    faces = np.concatenate([CUBE.faces, [[0, 0, 1], [2, 2, 2]], CUBE.faces[:2], CUBE.faces[3:4, [1, 2, 0]]])
    read = read_glb(tmp_path, *cube_document(faces=faces))
    assert len(read.mesh.faces) == 12
    assert any("without area" in note for note in read.notes)
    assert any("twice" in note for note in read.notes)
    assert read_glb(tmp_path, *cube_document()).notes == ()
    with pytest.raises(ValueError, match="no triangles"):
        read_glb(tmp_path, *cube_document(faces=[[0, 0, 1]]))


@pytest.mark.parametrize(("size", "words"), [(1e9, "give its `units`"), (1e20, "reaches"), (1e38, "no size")])
def test_huge(tmp_path: Path, size: float, words: str) -> None:
    with np.errstate(over="ignore"), pytest.raises(ValueError, match=words):
        read_glb(tmp_path, *cube_document(CUBE.vertices * size))


def test_far_from_its_origin(tmp_path: Path) -> None:
    document, binary = edited(lambda d: d["nodes"][0].update(translation=[1e9, 0, 0]))
    with pytest.raises(ValueError, match="from its origin"):
        read_glb(tmp_path, document, binary)
    mesh = read_glb(tmp_path, document, binary, fit=1.5).mesh
    assert np.ptp(mesh.vertices, axis=0) == pytest.approx([0.5, 1.5, 1.0], abs=1e-3)
    assert mesh.vertices.min(axis=0) == pytest.approx([-0.25, -0.75, 0.0], abs=1e-3)


def test_units_up_and_fit(tmp_path: Path) -> None:
    CUBE.export(tmp_path / "a.stl")
    assert np.ptp(load_mesh(tmp_path / "a.stl", units="cm").vertices, axis=0) == pytest.approx([0.01, 0.02, 0.03])
    assert np.ptp(load_mesh(tmp_path / "a.stl", up="y").vertices, axis=0) == pytest.approx([1, 3, 2])
    assert np.ptp(load_mesh(tmp_path / "a.stl", up="x").vertices, axis=0) == pytest.approx([2, 3, 1])
    for up in ("x", "y", "z"):
        mesh = load_mesh(tmp_path / "a.stl", up=up)
        assert (np.einsum("ij,ij->i", mesh.normals, mesh.vertices) > 0).all()  # turned, not mirrored
    fitted = load_mesh(tmp_path / "a.stl", fit=6.0)
    assert np.ptp(fitted.vertices, axis=0) == pytest.approx([2, 4, 6])
    assert fitted.vertices[:, 2].min() == pytest.approx(0, abs=1e-6)
    for options in ({"units": "mile"}, {"up": "w"}, {"fit": 0.0}, {"fit": float("nan")}):
        with pytest.raises(ValueError, match=r"a\.stl"):
            load_mesh(tmp_path / "a.stl", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("grown", "words"), [(1000.0, "m long"), (0.001, "mm long")])
def test_odd_sizes_are_noted(tmp_path: Path, grown: float, words: str) -> None:
    trimesh.creation.box((grown, grown, grown)).export(tmp_path / "a.stl")
    assert any(words in note and "units" in note for note in read_mesh(tmp_path / "a.stl").notes)
    assert read_mesh(tmp_path / "a.stl", units="m").notes == ()


def test_mirrored_nodes_stay_outward(tmp_path: Path) -> None:
    def mirror(document: Document) -> None:
        document["nodes"] = [{"mesh": 0, "scale": [-1, 1, 1]}, {"mesh": 0, "translation": [9, 0, 0]}]
        document["scenes"][0]["nodes"] = [0, 1]

    mesh = read_glb(tmp_path, *edited(mirror)).mesh
    assert len(mesh.faces) == 24
    assert trimesh.Trimesh(mesh.vertices, mesh.faces).volume == pytest.approx(12.0, rel=1e-4)
    centre = np.where(mesh.vertices[:, :1] > 4, [[9.0, 0, 0]], [[0.0, 0, 0]])
    assert (np.einsum("ij,ij->i", mesh.normals, mesh.vertices - centre) > 0).all()


def test_instances(tmp_path: Path) -> None:
    def instance(document: Document) -> None:
        document["accessors"].append({"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"})
        attributes = {"TRANSLATION": len(document["accessors"]) - 1}
        document["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
        document["extensionsRequired"] = ["EXT_mesh_gpu_instancing"]

    assert len(read_glb(tmp_path, *edited(instance)).mesh.faces) == 36


@pytest.mark.parametrize("kind", [("<u1", 5121), ("<u2", 5123), ("<u4", 5125)])
def test_index_widths(tmp_path: Path, kind: tuple[str, int]) -> None:
    assert len(read_glb(tmp_path, *cube_document(index_type=kind)).mesh.faces) == 12


def test_strips_fans_and_no_indices(tmp_path: Path) -> None:
    square = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]
    for mode, order, count in ((5, [0, 1, 2, 3], 2), (6, [0, 1, 3, 2], 2)):
        document, binary = cube_document(square, order)
        document["meshes"][0]["primitives"][0]["mode"] = mode
        mesh = read_glb(tmp_path, document, binary).mesh
        assert len(mesh.faces) == count
        assert mesh.normals @ [0, -1, 0] == pytest.approx(1, abs=1e-5)  # all the same way round
    document, binary = cube_document(square[:3], [0, 1, 2])
    del document["meshes"][0]["primitives"][0]["indices"]
    assert len(read_glb(tmp_path, document, binary).mesh.faces) == 1


def test_sparse_accessor(tmp_path: Path) -> None:
    document, binary = cube_document()
    start = len(binary)
    binary += struct.pack("<HH", 0, 0) + struct.pack("<fff", -5.0, -5.0, -5.0)
    document["bufferViews"] += [
        {"buffer": 0, "byteOffset": start, "byteLength": 4},
        {"buffer": 0, "byteOffset": start + 4, "byteLength": 12},
    ]
    document["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": 3, "componentType": 5123},
        "values": {"bufferView": 4},
    }
    document["buffers"][0]["byteLength"] = len(binary)
    assert read_glb(tmp_path, document, binary).mesh.vertices.min() == pytest.approx(-5.0)


def test_data_uris(tmp_path: Path) -> None:
    document, binary = cube_document()
    document["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    textured(document, {"uri": "data:image/png;base64," + base64.b64encode(png((255, 0, 0))).decode()})
    (tmp_path / "a.gltf").write_text(json.dumps(document))
    (material,) = load_mesh(tmp_path / "a.gltf").materials
    assert material.texture is not None
    assert material.base_color == pytest.approx((0.2, 0, 0), abs=1e-3)


@pytest.mark.parametrize(
    ("image", "words"),
    [({"uri": "gone.png"}, "gone.png"), ({"uri": "data:image/png;base64,AAAA"}, "cannot be read")],
)
def test_missing_and_broken_pictures_are_noted(tmp_path: Path, image: Document, words: str) -> None:
    read = read_glb(tmp_path, *edited(lambda d: textured(d, image)))
    assert any(words in note for note in read.notes)
    assert read.mesh.materials[0].base_color == pytest.approx((0.2, 0.4, 0.6))


def test_pictures_may_be_turned(tmp_path: Path) -> None:
    def turn(document: Document) -> None:
        textured(document, {"uri": "a.png"})
        transform = {"offset": [0.5, 0.25], "rotation": np.pi / 2, "scale": [2, 4]}
        picture = document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
        picture["extensions"] = {"KHR_texture_transform": transform}

    (tmp_path / "a.png").write_bytes(png())
    uv = read_glb(tmp_path, *edited(turn)).mesh.uv
    # scaled to (0.5, 3), turned to (3, -0.5), moved to (3.5, -0.25); our v runs up
    assert uv[0] == pytest.approx([3.5, 1.25], abs=1e-5)


def test_glowing_glass_and_our_own_kinds(tmp_path: Path) -> None:
    def look(document: Document) -> None:
        document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"][3] = 0.2
        document["materials"][0].update(
            emissiveFactor=[1, 0.5, 0],
            alphaMode="BLEND",
            extras={"kind": "wood"},
            extensions={"KHR_materials_emissive_strength": {"emissiveStrength": 10}},
        )

    read = read_glb(tmp_path, *edited(look))
    (material,) = read.mesh.materials
    assert material.emission == pytest.approx((10 * EMISSIVE, 5 * EMISSIVE, 0))
    assert material.kind == "wood"
    assert material.texture is not None  # our own detail
    assert any("see-through" in note for note in read.notes)
    strange = read_glb(tmp_path, *edited(lambda d: d["materials"][0].update(extras={"kind": "cheese"})))
    assert any("cheese" in note for note in strange.notes)
    assert strange.mesh.materials[0].kind == "plastic"


def leaf() -> bytes:
    """A green picture whose left half is a hole, and whose right half is there; below it is half see-through."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4, :3] = (250, 0, 250)
    pixels[:, 4:, 1] = 128
    pixels[:, 4:, 3] = 255
    pixels[6:, 4:, 3] = 100
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("mode", "rows"), [({"alphaMode": "MASK", "alphaCutoff": 0.3}, 8), ({"alphaMode": "BLEND"}, 6), ({}, None)]
)
def test_what_a_picture_cuts_out_is_a_hole(tmp_path: Path, mode: Document, rows: int | None) -> None:
    def cut(document: Document) -> None:
        textured(document, {"uri": "data:image/png;base64," + base64.b64encode(leaf()).decode()})
        document["materials"][0].update(mode)
        document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = [1, 1, 1, 1]

    read = read_glb(tmp_path, *edited(cut))
    (material,) = read.mesh.materials
    assert material.texture is not None
    if rows is None:
        assert material.texture.opacity is None
        return
    expected = np.zeros((8, 8), bool)
    expected[:rows, 4:] = True
    assert material.texture.opacity is not None
    np.testing.assert_array_equal(material.texture.opacity > 127, expected)
    assert material.base_color[0] == pytest.approx(0, abs=1e-3)  # the holes' purple is gone
    assert any("half see-through" in note for note in read.notes) == (mode["alphaMode"] == "BLEND")


@pytest.mark.parametrize("line", ["map_d leaf.png", "map_d -imfchan m -bm 1 leaf.png", "map_d gone.png", ""])
def test_an_obj_may_have_holes(tmp_path: Path, line: str) -> None:
    (tmp_path / "leaf.png").write_bytes(leaf())
    (tmp_path / "a.mtl").write_text(f"newmtl leaf\nKd 0.2 0.4 0.6\n{line}\n")
    corners = "v 0 0 0\nv 1 0 0\nv 1 0 1\nvt 0 0\nvt 1 0\nvt 1 1\n"
    (tmp_path / "a.obj").write_text(f"mtllib a.mtl\n{corners}usemtl leaf\nf 1/1 2/2 3/3\n")
    read = read_mesh(tmp_path / "a.obj")
    (material,) = read.mesh.materials
    if "leaf" in line:
        assert material.texture is not None
        assert material.texture.opacity is not None
        assert (material.texture.opacity > 127).mean() == pytest.approx(6 / 8 / 2)
    else:
        assert material.texture is None
    assert material.base_color == pytest.approx((0.0331, 0.1329, 0.3185), abs=2e-3)
    assert any("cannot be read" in note for note in read.notes) == ("gone" in line)


def test_obj_as_people_write_it(tmp_path: Path) -> None:
    folder = tmp_path / "mein Möbel 椅子"
    folder.mkdir()
    (folder / "böses zeug.mtl").write_bytes(
        b"newmtl rot und gut\r\nKd 1 0 0\r\nnewmtl blau\r\nKd 0 0 1\r\nmap_Kd gone.png\r\n"
    )
    (folder / "der stuhl.obj").write_bytes(
        "# von mir\r\nmtllib böses zeug.mtl\r\no sitz fläche\r\nv 0 0 0\r\nv 2 0 0\r\nv 2 2 0\r\nv 0 2 0\r\n"
        "v 1 3 0\r\nvt 0 0\r\nvt 1 0\r\nvt 1 1\r\nvt 0 1\r\nusemtl rot und gut\r\nf 1/1 2/2 3/3 4/4\r\n"
        "usemtl blau\r\nf 4/4 3/3 5/1\r\nf -5/1 -4/2 -1/3 -2/4\r\n".encode()
    )
    read = read_mesh(folder / "der stuhl.obj")
    assert len(read.mesh.materials) >= 2
    assert (1, 0, 0) in [tuple(np.round(m.base_color, 2)) for m in read.mesh.materials]
    assert any("gone.png" in note for note in read.notes)


def test_hollow_polygons_of_an_obj(tmp_path: Path) -> None:
    """An L with six corners, begun at a corner from which a fan would cover the notch."""
    corners = [(2, 0), (2, 1), (1, 1), (1, 2), (0, 2), (0, 0)]
    lines = [f"v {x} {y} 0" for x, y in corners] + ["f 1 2 3 4 5 6"]
    (tmp_path / "l.obj").write_text("\n".join(lines))
    mesh = load_mesh(tmp_path / "l.obj")
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    assert np.cross(b - a, c - a)[:, 2].min() > 0
    assert np.cross(b - a, c - a)[:, 2].sum() / 2 == pytest.approx(3.0)


def test_too_many_triangles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worldgen.meshfile.MOST_TRIANGLES", 20)
    many = [{"mesh": 0} for _ in range(2)]
    with pytest.raises(ValueError, match="more than 20 triangles"):
        read_glb(tmp_path, *edited(lambda d: (d.update(nodes=many), d["scenes"][0].update(nodes=[0, 1]))))


def test_noise_is_never_a_crash(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    whole = np.frombuffer(glb(*cube_document()), np.uint8)
    refused = 0
    for k in range(60):
        noisy = whole.copy()
        noisy[rng.integers(12, len(whole), 1 + k % 7)] = rng.integers(0, 256, 1 + k % 7)
        (tmp_path / "noisy.glb").write_bytes(noisy.tobytes())
        refused += bool(refusal(tmp_path / "noisy.glb"))
    assert 0 < refused < 60


def test_a_picture_without_coordinates_shows_its_mean(tmp_path: Path) -> None:
    def bare(document: Document) -> None:
        textured(document, {"uri": "a.png"})
        del document["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"]

    (tmp_path / "a.png").write_bytes(png((255, 255, 0)))
    read = read_glb(tmp_path, *edited(bare))
    assert read.mesh.materials[0].base_color == pytest.approx((0.2, 0.4, 0.0), abs=1e-3)
    assert any("mean colour" in note for note in read.notes)
