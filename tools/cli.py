"""The ``setpiece`` command: every verb, its options and its words. What a verb does is in ``tools.commands_*``.

Heavy libraries are imported inside the verbs, so that ``setpiece --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tools.cli_options import (
    DepthPolarity,
    FilmCodec,
    Force,
    Frames,
    Guidance,
    GuidanceOption,
    Json,
    Memory,
    ModelName,
    ModelsDir,
    OffloadOption,
    Out,
    PassFormat,
    PictureSize,
    Program,
    Prompt,
    Quality,
    QualityOption,
    Quantise,
    RasterizerName,
    SceneFile,
    Seed,
    ShotName,
    StartFrom,
    Steps,
    Still,
    Strength,
)
from tools.console import guarded

app = typer.Typer(
    name="setpiece",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("setpiece"))
        raise typer.Exit


@app.callback()
def setpiece(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Film sets that stay standing: scenes built in 3D, painted frame by frame, consistent throughout."""


@app.command()
def new(name: Annotated[Path, typer.Argument(help="The folder to make.")]) -> None:
    """Make a folder with a commented scene to start from."""
    from tools.commands_scene import new_scene

    new_scene(name)


@app.command()
def check(
    scene: SceneFile, size: PictureSize = None, quality: QualityOption = Quality.final, json: Json = False
) -> None:
    """Read and build a scene, and say what it holds and about how long it takes."""
    from tools.commands_scene import check_scene

    check_scene(scene, size, quality.value, json)


@app.command()
def proxy(
    scene: SceneFile,
    shot: ShotName = None,
    size: PictureSize = None,
    quality: QualityOption = Quality.final,
    lens: Annotated[
        bool, typer.Option("--lens", help="With depth of field, motion blur and distortion, as the shot's lens says.")
    ] = False,
    show: Annotated[
        str, typer.Option("--inset", metavar="A,B", help="Passes to show small in the picture, like depth,normal.")
    ] = "",
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    force: Force = False,
    json: Json = False,
) -> None:
    """The animatic (proxy.mp4) and a contact sheet of every shot: the built world, not painted."""
    from tools.commands_proxy import Look, make_proxy

    make_proxy(scene, shot, size, quality.value, Look.of(lens, show), rasterizer, out, force, json)


@app.command()
def passes(
    told: typer.Context,
    scene: SceneFile,
    names: Annotated[
        str, typer.Option("--pass", metavar="A,B", help="Which passes, like depth,normal,albedo; all for all.")
    ] = "depth,normal",
    form: Annotated[
        PassFormat, typer.Option("--format", help="png to look at, npz or exr for exact values.")
    ] = PassFormat.png,
    other: Annotated[
        Program | None,
        typer.Option(
            "--for", help="Instead of passes: control clips, mask, noise and a ready workflow for this program."
        ),
    ] = None,
    shot: ShotName = None,
    frames: Frames = None,
    size: PictureSize = None,
    quality: QualityOption = Quality.final,
    polarity: Annotated[
        DepthPolarity, typer.Option("--depth-polarity", help="Of inverse_depth.")
    ] = DepthPolarity.near_white,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes that share the frames.")] = 1,
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    force: Force = False,
    json: Json = False,
) -> None:
    """Depth, normals, ids and more, one file a frame. Stopped at any moment, the same command goes on from there."""
    if other is not None:
        from tools.commands_handoff import HandOff, hand_over

        idle = {"--pass": "names", "--format": "form", "--depth-polarity": "polarity", "--jobs": "jobs"}
        sources = {flag: told.get_parameter_source(name) for flag, name in idle.items()}
        said = [flag for flag, source in sources.items() if source is not None and source.name != "DEFAULT"]
        if said:
            raise ValueError(f"{said[0]} has no say in what --for {other.value} writes: leave one of them out")
        hand_over(HandOff(other.value, scene, shot, frames, size, quality.value, rasterizer, out, force), json)
        return
    from tools.commands_passes import Wanted, make_passes

    white = polarity is DepthPolarity.near_white
    wanted = Wanted(scene, names, form.value, shot, size, quality.value, rasterizer, out, white)
    make_passes(wanted, frames, jobs, force, json)


@app.command()
def render(
    scene: SceneFile,
    shot: ShotName = None,
    guidance: GuidanceOption = Guidance.on,
    memory: Memory = True,
    prompt: Prompt = None,
    model: ModelName = None,
    models_dir: ModelsDir = None,
    offload: OffloadOption = None,
    quantise: Quantise = None,
    start_from: StartFrom = None,
    strength: Strength = None,
    steps: Steps = None,
    size: PictureSize = None,
    frames: Frames = None,
    still: Still = None,
    quality: QualityOption = Quality.final,
    seed: Seed = None,
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    force: Force = False,
    json: Json = False,
) -> None:
    """Paint the shots: frames, film and manifest. Stopped at any moment, the same command goes on from there."""
    from tools.commands_render import Choices, render_scene
    from tools.painters_big import ModelChoice

    painter = ModelChoice(model, models_dir, offload, quantise)
    choices = Choices(
        shot, guidance is Guidance.on, steps, size, frames, still, quality.value, seed, rasterizer, out, force, memory,
        prompt, painter, start_from, strength,
    )  # fmt: skip
    render_scene(scene, choices, json)


@app.command()
def plan(
    scene: SceneFile,
    shot: ShotName = None,
    guidance: GuidanceOption = Guidance.on,
    memory: Memory = True,
    prompt: Prompt = None,
    model: ModelName = None,
    models_dir: ModelsDir = None,
    offload: OffloadOption = None,
    quantise: Quantise = None,
    start_from: StartFrom = None,
    strength: Strength = None,
    steps: Steps = None,
    size: PictureSize = None,
    frames: Frames = None,
    still: Still = None,
    quality: QualityOption = Quality.final,
    seed: Seed = None,
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    json: Json = False,
) -> None:
    """What `render` with the same options would do: sizes, windows, controls, memory, time. Paints nothing."""
    from tools.commands_plan import plan_scene
    from tools.commands_render import Choices
    from tools.painters_big import ModelChoice

    painter = ModelChoice(model, models_dir, offload, quantise)
    choices = Choices(
        shot, guidance is Guidance.on, steps, size, frames, still, quality.value, seed, rasterizer, out, False, memory,
        prompt, painter, start_from, strength,
    )  # fmt: skip
    plan_scene(scene, choices, json)


@app.command()
def film(
    scene: SceneFile,
    shot: ShotName = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The film that this model painted; unsaid: the scene's own.")
    ] = None,
    codec: Annotated[
        FilmCodec, typer.Option(help="h264; h265 (10 bit); prores (422 HQ, 10 bit); ffv1 (lossless).")
    ] = FilmCodec.h264,
    lens: Annotated[
        bool, typer.Option(help="Depth of field, motion blur and distortion, as the shots' lenses say.")
    ] = True,
    timecode: Annotated[str, typer.Option(metavar="HH:MM:SS:FF", help="Of the first frame.")] = "01:00:00:00",
    burn_in: Annotated[
        bool, typer.Option("--burn-in", help="Names, frames, lens and timecode in the picture.")
    ] = False,
    crf: Annotated[int, typer.Option(min=0, max=51, help="0 best, 51 smallest; of h264 and h265.")] = 16,
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    force: Force = False,
    json: Json = False,
) -> None:
    """The painted shots in the order of the cut, through their lenses, as one film."""
    from tools.commands_film import Finish, make_film

    make_film(scene, Finish(shot, model, codec.value, lens, timecode, burn_in, crf, rasterizer, out, force), json)


@app.command()
def report(
    scene: SceneFile,
    shot: ShotName = None,
    steps: Steps = None,
    size: PictureSize = None,
    quality: QualityOption = Quality.final,
    seed: Seed = None,
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    force: Force = False,
    json: Json = False,
) -> None:
    """Paint with and without guidance, and measure how much steadier guidance is and whether it cost sharpness."""
    from tools.commands_render import Choices
    from tools.report import report_scene

    report_scene(scene, Choices(shot, True, steps, size, None, None, quality.value, seed, rasterizer, out, force), json)


@app.command()
def refine(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A clip that another program made for the shot.")],
    scene: SceneFile,
    shot: Annotated[str | None, typer.Option(help="The shot that it shows; unsaid: the only one.")] = None,
    frames: Annotated[
        str | None,
        typer.Option(metavar="A-B", help="Frames of the shot that it shows, counted from 1; unsaid: all."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Of the film; the clip is resampled. Unsaid: the clip's own.")
    ] = None,
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    force: Force = False,
    json: Json = False,
) -> None:
    """Take the flicker out of a clip made elsewhere: what the world knows to be one surface comes to look like one."""
    from tools.commands_refine import Wanted, refine_clip

    refine_clip(video, scene, Wanted(shot, size, frames, rasterizer, out, force), json)


@app.command()
def turnaround(
    scene: SceneFile,
    character: Annotated[str | None, typer.Argument(metavar="[CHARACTER]", help="Only of this one.")] = None,
    painted: Annotated[bool, typer.Option("--painted", help="Painted by pocket, not only shaded.")] = False,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Size of one view, like 384x672.")] = None,
    rasterizer: RasterizerName = "auto",
    out: Out = Path("out"),
    force: Force = False,
    json: Json = False,
) -> None:
    """Who a character is: front, three-quarter, side, back and face, in even light. Models are given it along."""
    from tools.commands_turnaround import make_turnaround

    make_turnaround(scene, character, size, painted, rasterizer, out, force, json)


@app.command()
def export(
    scene: SceneFile,
    file: Annotated[Path, typer.Argument(help="Where to: .glb, .usd, .usda, .usdc, or .json for cameras alone.")],
    shot: ShotName = None,
    json: Json = False,
) -> None:
    """The world with its names, materials, animated characters and cameras, for Blender and other programs."""
    from tools.commands_world import export_scene

    export_scene(scene, file, shot, json)


@app.command("import-cameras")
def import_cameras(
    file: Annotated[Path, typer.Argument(help="nerfstudio .json, .glb, .gltf, .usd, or a COLMAP folder.")],
    out: Annotated[Path, typer.Option(help="The folder for the camera paths, in the scene's folder.")] = Path(
        "cameras"
    ),
    fps: Annotated[float | None, typer.Option(help="Frames a second, where the file does not say.")] = None,
    json: Json = False,
) -> None:
    """Camera paths from other programs, as files that a shot can name."""
    from tools.commands_world import import_cameras

    import_cameras(file, out, fps, json)


@app.command()
def doctor(json: Json = False) -> None:
    """Check this machine, and say how to mend what is missing."""
    from tools.doctor import examine

    raise typer.Exit(examine(json))


@app.command()
def schema() -> None:
    """The JSON Schema of scene files, for completion in editors."""
    from tools.commands_scene import print_schema

    print_schema()


@app.command()
def assets(
    word: Annotated[str | None, typer.Argument(metavar="[WORD]", help="Only what this word finds, like lamp.")] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw them on one page, each with its name.")
    ] = None,
    json: Json = False,
) -> None:
    """The library of props that a scene can name: sizes, seats, licences."""
    from tools.commands_assets import list_assets

    list_assets(word, sheet, json)


memory = typer.Typer(
    help="What surfaces have looked like so far, which later shots and runs go by.", no_args_is_help=True
)
app.add_typer(memory, name="memory")


@memory.command()
def show(scene: SceneFile, out: Out = Path("out"), json: Json = False) -> None:
    """What is remembered, view by view, and what of it no longer counts, and why."""
    from tools.commands_memory import show_memory

    show_memory(scene, out, json)


@memory.command()
def clear(
    scene: SceneFile,
    thing: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this thing looked like.")] = None,
    shot: Annotated[str | None, typer.Option(metavar="NAME", help="Only the views of this shot.")] = None,
    stale: Annotated[bool, typer.Option("--stale", help="Only what no longer counts.")] = False,
    out: Out = Path("out"),
    json: Json = False,
) -> None:
    """Forget: everything, or what the options name; with several of them, what all of them name."""
    from tools.commands_memory import clear_memory

    clear_memory(scene, thing, shot, stale, out, json)


@memory.command()
def diff(scene: SceneFile, out: Out = Path("out"), json: Json = False) -> None:
    """What edits of the scene have made forgotten, and what was only moved."""
    from tools.commands_memory import diff_memory

    diff_memory(scene, out, json)


models = typer.Typer(help="The generators that can paint: what they need and take, and whether they are here.")
app.add_typer(models, name="models", invoke_without_command=True)


@models.callback()
def list_all(context: typer.Context, models_dir: ModelsDir = None, json: Json = False) -> None:
    """The generators that can paint: what they need and take, and whether they are here."""
    if context.invoked_subcommand is None:
        from tools.commands_models import list_models

        list_models(models_dir, json)


@models.command("get")
def get_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which model.")],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FOLDER|URL", help="A folder with a copy, or a mirror of the hub."),
    ] = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Fetch a model's weights. Stopped at any moment, the same command goes on from there."""
    from tools.commands_models import get_model

    get_model(name, source, models_dir, json)


def main() -> None:
    """Entry point: ends the process with 0, or 2 for bad input, 1 for a bug of ours, 130 when stopped."""
    # Read once, when torch loads: threads that wait shall sleep, not spin beside those that work (a third of the time).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(guarded(lambda: app(standalone_mode=False)))


if __name__ == "__main__":
    main()
