"""How steady films are, on ten scenes, against what else is done: ``python -m tools.bench.consistency``.

Two denoisers paint every scene in every way: pocket, and one that flickers by a known amount. Each scene's figures are
kept by a key of all that they depend on, so a stopped run goes on where it was, and only what changed is done again.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from conditioning.frames import Frame
from conditioning.job import key_of
from conditioning.machine import code_key, machine
from conditioning.models.pocket.denoiser import Pocket, weights_key
from conditioning.paint import Denoiser, PaintSettings, PocketDenoiser
from render.files import read_json, write_image, write_json, written_whole
from render.raster import Rasterizer, open_rasterizer
from tools.bench.consistency_denoiser import STEPS, FlickeringDenoiser
from tools.bench.consistency_films import TRUTH_SPP, Films, films_of, frames_of, opencv, proxies, shortened, truth_of
from tools.bench.consistency_table import condensed, show, strip
from tools.console import guarded, say
from tools.figures import film_figures, scene_figures
from tools.measure import FilmMeter, Take, Walked
from tools.measure_again import look_again
from tools.opened import parsed_size, sized
from worldgen.build import open_scene
from worldgen.conventions import U8
from worldgen.world import Shot, World

STOPS: Final = 7
"""Frames of a scene that are looked at again."""

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
RESULTS: Final = HERE / "consistency.json"


@dataclass(frozen=True)
class Case:
    """One scene of the suite. what: it is there for. truth: whether it stands still, so that it is soon path-traced."""

    name: str
    what: str
    truth: bool = False


CASES: Final = (
    Case("orbit", "every surface turns", truth=True),
    Case("dolly", "textures grow"),
    Case("disocclusion", "something new in every frame", truth=True),
    Case("revisit", "back after ten seconds"),
    Case("walker", "cloth, limbs and their shadow"),
    Case("crowd", "many small things cross"),
    Case("specular", "reflections slide", truth=True),
    Case("shadow", "only light moves"),
    Case("cut", "three shots of one street"),
    Case("minute", "sixty seconds, from every side"),
)


def run(case: Case, size: str, frames: int, raster: Rasterizer, cache: Path) -> dict[str, Any]:
    """The figures of one scene, from the cache where nothing they depend on has changed."""
    scene = HERE / "suite" / f"{case.name}.yaml"
    sources = [path.read_text(encoding="utf-8") for path in sorted([*HERE.glob("consistency*.py"), scene])]
    sources += [
        (HERE.parent / name).read_text(encoding="utf-8") for name in ("measure.py", "measure_again.py", "figures.py")
    ]
    extras = [opencv() is not None, torch.cuda.is_available(), raster.name]
    key = key_of([case.name, size, frames, sources, code_key(), weights_key(), extras])
    kept = read_json(cache / f"{case.name}.json")
    if kept is not None and kept.get("key") == key:
        return kept
    begun = time.perf_counter()
    production = open_scene(scene)
    world, seed = production.world, production.shots[0].seed
    shots = [shortened(sized(shot, size, "final"), frames) for shot in production.shots]
    shots = [shortened(shot, max(4, frames // len(shots))) for shot in shots]
    made = [frames_of(world, shot, raster, seed) for shot in shots]
    truth = _truth(case, world, shots[0], made[0], cache) if case.truth else None
    found: dict[str, Any] = {"key": key, "name": case.name, "what": case.what, "frames": sum(s.frames for s in shots)}
    found["truth"] = "path-traced" if truth is not None else "needs the train extra" if case.truth else "not traced"
    rows: list[tuple[str, U8]] = []
    painters: dict[str, tuple[Denoiser, int]] = {
        "pocket": (PocketDenoiser(Pocket()), PaintSettings().steps),
        "flickering": (FlickeringDenoiser(seed), STEPS),
    }
    found["denoisers"] = {}
    for name, (denoiser, steps) in painters.items():
        films = films_of(world, shots, made, denoiser, steps, seed)
        takes = []
        for k, shot in enumerate(shots):
            proxy, shown = proxies(made[k]), dict(films[k].films)
            if name == "pocket":
                shown |= {"proxy": proxy} if truth is None else {"proxy": proxy, "truth": truth}
            pictures = {film: partial(_picture, frames_of_film) for film, frames_of_film in shown.items()}
            right = partial(_picture, proxy) if name == "flickering" else None
            takes.append(Take(shot, pictures, partial(_picture, proxy), right))
        found["denoisers"][name] = _measured(world, takes, raster) | _cost(films)
        rows += [(f"{name}: {film}", films[0].films[film]) for film in ("guided", "unguided", "temporal filter")]
    found["seconds"] = round(time.perf_counter() - begun, 1)
    write_image(cache / f"{case.name}.jpg", strip([("proxy", proxies(made[0])), *rows]))
    write_json(cache / f"{case.name}.json", found)
    return found


def _truth(case: Case, world: World, shot: Shot, frames: Sequence[Frame], cache: Path) -> U8 | None:
    """The path-traced film, kept by what it depends on: tracing takes longer than all the rest."""
    snapshot, digest = world.at(shot.time(0)), hashlib.blake2b(digest_size=16)
    for part in (
        snapshot.vertices,
        snapshot.normals,
        snapshot.uv,
        snapshot.faces,
        snapshot.face_material,
        world.sky.map,
    ):
        digest.update(np.ascontiguousarray(part).tobytes())
    tracer = (ROOT / "tools/train/truth.py").read_text(encoding="utf-8")
    sources = [digest.hexdigest(), [m.name for m in snapshot.materials], tracer]
    exposures = [np.round(frame.told.light, 4).tolist() for frame in frames]
    cameras = np.round(shot.track.world_from_camera, 6).tolist()
    key = key_of([case.name, sources, exposures, cameras, shot.track.width, shot.track.height, TRUTH_SPP])
    file = cache / f"{case.name}-truth-{key[:12]}.npz"
    if file.is_file():
        with np.load(file) as kept:
            return np.asarray(kept["film"])
    film = truth_of(world, shot, frames)
    if film is not None:
        with written_whole(file) as whole, whole.open("wb") as stream:
            np.savez_compressed(stream, film=film)
    return film


def _picture(film: U8, frame: int) -> U8:
    return film[frame]


def _measured(world: World, takes: Sequence[Take], raster: Rasterizer) -> dict[str, Any]:
    meters = [FilmMeter(world, take, raster) for take in takes]
    for meter in meters:
        for _ in meter.frames():
            pass
    parts = [meter.walked() for meter in meters]
    walked = {name: Walked.joined(part[name] for part in parts) for name in parts[0]}
    looked = look_again(world, takes, raster, stops_at_most=STOPS)
    found: dict[str, Any] = {"films": film_figures(walked, looked)}
    if len(takes) > 1:
        across = scene_figures(looked, [take.shot.name for take in takes], world)["films"]
        found["colours"] = {name: {k: film["colours"][k] for k in ("mean", "worst")} for name, film in across.items()}
    return found


def _cost(films: Sequence[Films]) -> dict[str, Any]:
    frames = sum(len(f.films["guided"]) for f in films)
    return {
        "ms_a_frame": {
            name: round(1000 * sum(f.seconds[name] for f in films) / frames, 2) for name in ("guided", "unguided")
        }
    }


def main(words: Sequence[str] | None = None) -> None:
    """Run the suite and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.consistency", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="8 frames of 160x90: whether it works, not how well")
    parser.add_argument("--only", metavar="NAME", help="one scene: " + ", ".join(case.name for case in CASES))
    parser.add_argument("--frames", type=int, metavar="N", help="frames of each scene, 4 to 96 (16)")
    parser.add_argument("--size", metavar="WxH", help="picture size (256x144)")
    parser.add_argument("--cache", type=Path, default=Path("out/consistency"), help="where figures are kept")
    parser.add_argument("--out", type=Path, help=f"where the results go; unsaid: {RESULTS.name}, if all scenes ran")
    told = parser.parse_args(words)
    size, frames = told.size or ("160x90" if told.quick else "256x144"), told.frames or (8 if told.quick else 16)
    parsed_size(size)
    if not 4 <= frames <= 96:
        raise ValueError(f"--frames {frames}: ask for 4 to 96")
    chosen = [case for case in CASES if told.only in (None, case.name)]
    if not chosen:
        raise ValueError(f"--only {told.only}: there is no such scene; choose of {', '.join(c.name for c in CASES)}")
    cache = told.cache / f"{size}-{frames}"
    cache.mkdir(parents=True, exist_ok=True)
    raster = open_rasterizer("auto")
    scenes = []
    for case in chosen:
        scenes.append(run(case, size, frames, raster, cache))
        say(f"{case.name}: {scenes[-1]['seconds']} s")
    raster.close()
    show(scenes)
    results: Mapping[str, Any] = {
        "size": size,
        "frames": frames,
        "machine": machine(),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
        "absent": [] if opencv() is not None else ["previous frame (opencv-python-headless, the bench extra)"],
        "missing": [case.name for case in CASES if case not in chosen],
        "scenes": [condensed(scene) for scene in scenes],
    }
    out = told.out or (RESULTS if len(chosen) == len(CASES) and not told.quick else None)
    if out is not None:
        write_json(out, results)
        say(f"results: {out}")


if __name__ == "__main__":
    raise SystemExit(guarded(main))
