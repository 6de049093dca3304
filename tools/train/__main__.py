"""``python -m tools.train data|pack|unpack|train|mix|grade|evaluate``: how pocket's weights come to be."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

DATA, PACKS, RUN = Path("data/pocket"), Path("data/packs"), Path("data/run")


def main() -> int:
    """Parse the command line and do one stage; each can be stopped and goes on where it was."""
    parser = argparse.ArgumentParser(prog="python -m tools.train", description=__doc__)
    stages = parser.add_subparsers(dest="stage", required=True)
    data = stages.add_parser("data", help="path-trace training worlds")
    data.add_argument("--data", type=Path, default=DATA)
    data.add_argument("--seeds", default="0-199", help="first-last; held-out worlds start at 1000000")
    data.add_argument("--cameras", type=int, default=16)
    data.add_argument("--spp", type=int, default=32)
    pack = stages.add_parser("pack", help="make a data set small: traced pictures compressed, all else as seeds")
    pack.add_argument("--data", type=Path, default=DATA)
    pack.add_argument("--packs", type=Path, default=PACKS)
    unpack = stages.add_parser("unpack", help="render again what a packed data set leaves out")
    unpack.add_argument("--data", type=Path, default=DATA)
    unpack.add_argument("--packs", type=Path, default=PACKS)
    unpack.add_argument("--seeds", help="first-last; all without it")
    grade = stages.add_parser("grade", help="teach weights what words do to each pixel, from true pictures alone")
    grade.add_argument("--data", type=Path, default=DATA)
    grade.add_argument("--model", type=Path, default=RUN / "model")
    grade.add_argument("--out", type=Path, required=True, help="the folder of the run it makes, with its model")
    grade.add_argument("--steps", type=int, default=4000)
    grade.add_argument("--worlds", type=int, default=200, help="read at most, evenly from all")
    train = stages.add_parser("train", help="train on the pairs")
    train.add_argument("--data", type=Path, default=DATA)
    train.add_argument("--out", type=Path, default=RUN)
    train.add_argument("--steps", type=int, default=6000)
    train.add_argument("--minutes", type=float, default=30.0)
    train.add_argument("--batch", type=int, default=16)
    train.add_argument("--crop", type=int, default=96)
    train.add_argument("--peak", type=float, default=1.2e-3, help="learning rate after warm-up")
    train.add_argument("--channels", type=int, nargs=4, default=(32, 64, 128, 192), help="widths of a new network")
    train.add_argument("--start-from", type=Path, help="a folder of weights, or of an older, smaller network")
    mix = stages.add_parser("mix", help="weights between those of two trainings from one start")
    mix.add_argument("first", type=Path)
    mix.add_argument("second", type=Path)
    mix.add_argument("--share", type=float, default=0.35, help="of the second")
    mix.add_argument("--residual", type=float, default=1.0, help="that stays of what the network adds to the proxy")
    mix.add_argument("--out", type=Path, required=True, help="the folder of the run it makes, with its model")
    evaluate = stages.add_parser("evaluate", help="score on held-out worlds; writes a sheet and the model card")
    evaluate.add_argument("--data", type=Path, default=DATA)
    evaluate.add_argument("--model", type=Path, default=RUN / "model")
    evaluate.add_argument("--out", type=Path, default=RUN)
    evaluate.add_argument("--against", type=Path, help="a folder of other weights, to stand beside")
    options = parser.parse_args()
    try:
        if options.stage == "data":
            from tools.train.data import make_data

            first, last = (int(v) for v in options.seeds.split("-"))
            make_data(options.data, range(first, last + 1), options.cameras, options.spp)
        elif options.stage == "pack":
            from tools.train.pack import pack as keep

            keep(options.data, options.packs)
        elif options.stage == "unpack":
            from tools.train.pack import unpack as remake

            first, last = (int(v) for v in (options.seeds or "0-9999999").split("-"))
            remake(options.packs, options.data, range(first, last + 1))
        elif options.stage == "grade":
            from tools.train.grade import fit_grade

            print(fit_grade(options.model, options.data, options.out, options.steps, options.worlds))
        elif options.stage == "mix":
            from tools.train.mix import mix_weights

            print(mix_weights(options.first, options.second, options.share, options.out, options.residual))
        elif options.stage == "train":
            from tools.train.loop import Settings
            from tools.train.loop import train as learn

            settings = Settings(
                batch=options.batch,
                crop=options.crop,
                steps=options.steps,
                minutes=options.minutes,
                peak=options.peak,
                channels=tuple(options.channels),
            )
            print(learn(options.data, options.out, settings, options.start_from))
        else:
            from tools.train.evaluate import evaluate as score

            score(options.model, options.data, options.out, options.against)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
