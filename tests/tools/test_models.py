"""``setpiece models``: what there is, what fits, and how weights come here; without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tools.commands_models
import tools.doctor
from conditioning.guidance import Guidance
from conditioning.models import catalogue, fits
from conditioning.models.family import Checkpoint, Family, FrameRule, Loading
from conditioning.models.fits import Machine, fit
from conditioning.models.pocket import denoiser
from conditioning.paint import Denoiser

Run = Callable[..., Any]
GPU = Machine("cuda", 24.0, 64.0)


def load(loading: Loading) -> Denoiser:
    raise AssertionError("nothing is loaded here")


TINY = Family(
    name="tiny-vace", words="tiny", checkpoints=(Checkpoint("us/tiny", "main", "CC0", "https://example.org", 7.0),),
    side=8, sizes=((64, 32),), frames=FrameRule(4), window=9, latent_stride=4, controls=(), at_once=1, known=True,
    references=2, memory=(("none", 30.0), ("model", 10.0), ("sequential", 3.0)), steps=2, cfg=1.0, guidance=Guidance(),
    load=load,
)  # fmt: skip


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Adds ``TINY`` to the models, on a machine with a GPU; returns a folder with a copy of its weights."""
    monkeypatch.setattr(catalogue, "FAMILIES", (catalogue.POCKET, TINY))
    monkeypatch.setattr(tools.commands_models, "this_machine", lambda: GPU)
    folder = tmp_path / "stick" / "tiny"
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    return folder.parent


def test_the_table_says_what_fits_and_what_is_here(run: Run, tiny: Path, tmp_path: Path) -> None:
    answer = run("models", "--models-dir", tmp_path / "models")
    assert answer.code == 0
    for words in ("pocket", "tiny-vace", "30 / 10 / 3", "yes: 10 GB", "no (7 GB)", "CC0", "known pixels"):
        assert words in answer.err
    found = {one["name"]: one for one in run("models", "--models-dir", tmp_path / "models", "--json").json["models"]}
    assert found["pocket"]["weights"] == denoiser.weights_key(denoiser.FOLDER)
    assert found["tiny-vace"]["downloaded"] is False
    assert found["tiny-vace"]["offload"] == "model"


def test_a_model_is_fetched_from_a_folder_and_then_known(
    run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETPIECE_MODELS", str(tmp_path / "models ü"))
    got = run("models", "get", "tiny-vace", "--from", tiny, "--json")
    assert got.code == 0
    assert "https://example.org" in got.err
    assert Path(got.json["folder"]) == tmp_path / "models ü" / "tiny-vace"
    found = {one["name"]: one for one in run("models", "--json").json["models"]}
    assert found["tiny-vace"]["weights"] == got.json["weights"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("tiny-vaec",), "did you mean `tiny-vace`?"),
        (("pocket",), "part of Setpiece"),
        (("tiny-vace", "--from", "/no/such/folder"), "there is no folder /no/such/folder"),
        (("tiny-vace", "--from", "http://127.0.0.1:9"), "mend the network"),
    ],
)
def test_what_cannot_be_fetched_is_one_sentence(
    run: Run, tiny: Path, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    answer = run("models", "get", *words, "--models-dir", tmp_path / "models")
    assert answer.code == 2
    assert sentence in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("machine", "well", "offload"),
    [
        (Machine("cuda", 40.0, 64.0), True, "none"),
        (Machine("cuda", 12.0, 64.0), True, "model"),
        (Machine("cuda", 4.0, 64.0), True, "sequential"),
        (Machine("cuda", 2.0, 64.0), False, None),
        (Machine("cuda", 12.0, 4.0), False, None),  # what waits does not fit into the memory
        (Machine("cpu", None, 64.0), False, None),
        (Machine("mps", None, 36.0), True, "none"),
    ],
)
def test_the_fastest_offload_that_fits_is_taken(machine: Machine, well: bool, offload: str | None) -> None:
    found = fit(TINY, machine)
    assert (found.well, found.offload) == (well, offload)


def test_what_nobody_has_measured_is_unknown() -> None:
    assert fit(replace(TINY, memory=()), GPU).well is None
    assert fit(replace(TINY, memory=(("none", 65.0),)), GPU).well is None
    assert fit(catalogue.POCKET, Machine("cpu", None, 1.0)).well is True


def test_doctor_says_what_big_models_lack(
    run: Run, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETPIECE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(tools.doctor, "BIG_LIBRARIES", ("json", "no_such_library"))
    monkeypatch.setattr(fits, "this_machine", lambda: Machine("cpu", None, 8.0))

    def findings() -> dict[str, dict[str, Any]]:
        found = {one["what"]: one for one in map(vars, tools.doctor._big_models())}
        assert not any(one["needed"] for one in found.values())
        return found

    before = findings()
    assert not any(one["well"] for one in before.values())
    assert all(one["mend"] for one in before.values())
    assert "no_such_library" in before["big models: libraries"]["detail"]
    assert "none of 1" in before["big models: weights"]["detail"]
    assert run("models", "get", "tiny-vace", "--from", tiny).code == 0
    assert "tiny-vace of 1" in findings()["big models: weights"]["detail"]
