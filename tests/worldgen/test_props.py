"""The library of props: every asset is what its row says, stands on its ground, and is credited."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from worldgen.build import open_scene
from worldgen.errors import SceneError
from worldgen.material import KINDS
from worldgen.props import FOLDER, asset, coloured, found, library, load_prop, nearest_asset

LICENCES = {"CC0-1.0", "CC-BY-3.0", "CC-BY-3.0-US", "Apache-2.0"}


@pytest.mark.parametrize("name", library())
def test_asset(name: str) -> None:
    item, mesh = asset(name), load_prop(name)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    assert abs(low[2]) < 0.005
    assert np.abs((low + high)[:2]).max() < 0.01
    assert high - low == pytest.approx(item.size, abs=0.006)
    assert 0.03 <= max(item.size) <= 15
    assert len(mesh.faces) == item.triangles
    assert item.file is None or item.triangles <= 8000
    assert {material.kind for material in mesh.materials} <= set(KINDS)
    assert item.words
    assert item.licence in LICENCES
    assert len(item.author) > 1
    for spot in item.seats.values():
        x, y, z = spot.position
        solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
        hits, _, _ = solid.ray.intersects_location([[x, y, z + 0.25]], [[0, 0, -1.0]])
        assert np.abs(hits[:, 2] - z).min() < 0.06
        assert spot.kind == "seat"
        assert 0.25 < z < 0.85


def test_closed_shells_show_their_outside() -> None:
    """Rays that start a little above a face of a shell, outwards, leave; inside out, they would hit the other wall."""
    inside_out = []
    for name in library():
        mesh = load_prop(name)
        _, one = np.unique(np.round(mesh.vertices, 5), axis=0, return_inverse=True)
        solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
        solid.faces = one.reshape(-1)[mesh.faces]
        points = np.zeros((int(one.max()) + 1, 3))
        points[one.reshape(-1)] = mesh.vertices
        solid = trimesh.Trimesh(points, one.reshape(-1)[mesh.faces], process=False)
        labels = trimesh.graph.connected_component_labels(solid.face_adjacency, node_count=len(solid.faces))
        a, b, c = (points[solid.faces[:, k]].astype(np.float64) for k in range(3))
        share = np.bincount(labels, np.einsum("ij,ij->i", a, np.cross(b, c)) / 6)
        area = np.bincount(labels, solid.area_faces)
        edges = np.bincount(labels[solid.face_adjacency[:, 0]], minlength=len(share))
        closed = 2 * edges == 3 * np.bincount(labels)
        if closed.any() and area[closed & (share < 0)].sum() > 0.1 * area.sum():
            inside_out.append(name)
    assert inside_out == []


def test_credits_name_every_file() -> None:
    words = (FOLDER.parent / "CREDITS.md").read_text(encoding="utf-8")
    files = {path.stem for path in FOLDER.glob("*.glb")}
    assert files == {name for name, item in library().items() if item.file is not None}
    for name in files:
        item = asset(name)
        assert f"| {name} | {item.author} | {item.licence} |" in words
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 12e6


def test_names_are_found_by_what_people_say() -> None:
    assert nearest_asset("armchair-clubb") == "armchair-club"
    assert nearest_asset("couch") in ("sofa", "sofa-club", "sofa-modern")
    assert nearest_asset("Bike") == "bicycle"
    assert nearest_asset("qqqqqq") is None
    assert {item.name for item in found("lamp")} >= {"lamp-floor", "lamp-table", "chandelier"}
    with pytest.raises(ValueError, match="did you mean `hydrant`"):
        load_prop("hydrnt")


def test_colour_goes_to_the_largest_surface() -> None:
    mesh = load_prop("armchair-club")
    blue = coloured(mesh, (0.1, 0.2, 0.6))
    changed = [a for a, b in zip(mesh.materials, blue.materials, strict=True) if a != b]
    assert [material.kind for material in changed] == ["leather"]
    assert (0.1, 0.2, 0.6) in [material.base_color for material in blue.materials]


def scene(folder: Path, prop: str) -> Path:
    (folder / "scene.yaml").write_text(
        f"world:\n  props:\n    - {prop}\n"
        "shots:\n  - name: one\n    frames: 2\n    camera: {body: {truck: {at: [0, 6, 1.6], by: 0.3m}}, "
        "aim: {look-at: it}}\n"
    )
    return folder / "scene.yaml"


def test_scene_takes_a_name(tmp_path: Path) -> None:
    production = open_scene(scene(tmp_path, "{name: it, asset: armchair-club, at: [2, 1], turn: 90deg, scale: 2}"))
    (thing,) = [thing for thing in production.world.things if thing.name == "it"]
    x, y, z = asset("armchair-club").size
    assert np.ptp(thing.mesh.vertices, axis=0) == pytest.approx([2 * y, 2 * x, 2 * z], abs=0.01)
    assert FOLDER / "armchair-club.glb" in production.assets
    fitted = open_scene(scene(tmp_path, "{name: it, asset: dog, fit: 3m}"))
    (thing,) = [thing for thing in fitted.world.things if thing.name == "it"]
    assert np.ptp(thing.mesh.vertices, axis=0).max() == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize(
    ("prop", "words"),
    [
        ("{name: it, asset: armchair-clib}", "armchair-club"),
        ("{name: it, asset: dog, units: mm}", "`units` is for mesh files"),
        ("{name: it, asset: dog.glb}", "does not exist"),
    ],
)
def test_wrong_names_are_said_at_their_place(tmp_path: Path, prop: str, words: str) -> None:
    with pytest.raises(SceneError, match=words) as error:
        open_scene(scene(tmp_path, prop))
    assert error.value.line == 3


def test_people_sit_on_its_seats(tmp_path: Path) -> None:
    path = scene(tmp_path, "{name: it, asset: sofa, at: [1, 2], turn: 90deg, scale: 1.1}")
    people = "characters:\n  mara: {actions: [{sit: {on: it.seat-2, for: 3s}}]}\n"
    path.write_text(people + path.read_text())
    world = open_scene(path).world
    (mara,) = [thing for thing in world.things if thing.name == "mara"]
    (sofa,) = [thing for thing in world.things if thing.name == "it"]
    body, _ = mara.at(1.0)
    low, high = sofa.mesh.vertices.min(axis=0), sofa.mesh.vertices.max(axis=0)
    hips = body[(body[:, 2] > 0.5) & (body[:, 2] < 0.8)].mean(axis=0)
    assert (low[:2] < hips[:2]).all()
    assert (hips[:2] < high[:2]).all()
    assert body[:, 0].max() > hips[0] + 0.3  # she faces east, as the sofa does


def test_a_seat_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = scene(tmp_path, "{name: it, asset: sofa}")
    path.write_text("characters:\n  mara: {actions: [{sit: {on: it.seat-7}}]}\n" + path.read_text())
    with pytest.raises(SceneError, match=r"seat-7"):
        open_scene(path)
