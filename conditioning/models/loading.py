"""Loading big models: from a folder of weights, spread over the machine's memory as asked, or sparer if it must be.

Where weights wait, how pictures are tiled and what is quantised is diffusers' and accelerate's own work; it is only
asked for here. A model is read from disk alone: fetching is ``conditioning.models.fetch``'s.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from conditioning.codec import PictureEdit
from conditioning.conditions import Conditions
from conditioning.models.family import OFFLOADS, Family, Fitted, Loading, Quantisation

if TYPE_CHECKING:
    from conditioning.frames import Frame
    from conditioning.paint import Denoiser

EXTRA: Final = "install what big models need with `pip install 'setpiece[models]'`"
BACKENDS: Final[Mapping[Quantisation, tuple[str, str, str]]] = {
    "int8": ("torchao", "Int8WeightOnlyConfig", "torchao"),
    "fp8": ("torchao", "Float8WeightOnlyConfig", "torchao"),
    "nf4": ("bitsandbytes", "", "bitsandbytes"),
}
"""Of each quantisation: the module that does it, torchao's name for it, and the package to install."""


PACKAGES: Final = ("transformers", "accelerate")
"""Of the extra ``models``, which every model needs."""


def can_be_loaded(family: Family, how: Quantisation | None) -> None:
    """Say before anything heavy starts which library is missing, or that ``family`` cannot be quantised.

    Errors: ``ValueError``, in one sentence.
    """
    if any(find_spec(name) is None for name in PACKAGES):
        raise ValueError(f"{family.name} cannot be loaded: {EXTRA}")
    missing = " ".join(name for name in family.packages if find_spec(name) is None)
    if missing:
        raise ValueError(f"{family.name} does not run without {missing.replace(' ', ' and ')}: `pip install {missing}`")
    if how is None:
        return
    if not family.quantises:
        raise ValueError(f"{family.name} is put together from two networks, and cannot be quantised: render without it")
    module, _, package = BACKENDS[how]
    if find_spec(module) is None:
        raise ValueError(f"quantisation {how} needs {package}: `pip install {package}`, or render without it")


def quiet() -> None:
    """Libraries keep their remarks about weights and versions to themselves; what users should know we say."""
    from diffusers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    with suppress(ImportError):
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def pipeline_from(kind: type[Any], name: str, loading: Loading, large: Sequence[str], **parts: Any) -> Any:
    """A diffusers pipeline of class ``kind`` from ``loading.folder``, on no device yet; ``placed`` puts it there.

    name: of the model, for errors. large: names of the networks that ``loading.dtype`` and the quantisation are for;
    the rest (autoencoders, schedulers) is as stored, autoencoders in float32. parts: given instead of read, None to
    leave them out. Errors: ``ValueError`` in one sentence: weights missing or broken, libraries missing.
    """
    folder = loading.folder
    if not (folder / "model_index.json").is_file():
        raise ValueError(
            f"the weights of {name} are not in {folder} (no model_index.json): run `setpiece models get {name}`"
        )
    named: dict[str, Any] = {"dtype": {"default": torch.float32, **dict.fromkeys(large, loading.dtype)}}
    if loading.quantisation is not None:
        named["quantization_config"] = quantised(loading.quantisation, loading.dtype, large)
    return _read(kind, name, folder, **named, **parts)


def part_from(kind: type[Any], name: str, folder: Path, dtype: torch.dtype) -> Any:
    """A model of class ``kind`` that stands alone in ``folder``, to be a part of the pipeline of ``name``.

    Errors: ``ValueError`` in one sentence: weights missing or broken, libraries missing.
    """
    if not (folder / "config.json").is_file():
        raise ValueError(
            f"the weights of {name} are not whole (no {folder / 'config.json'}): run `setpiece models get {name}`"
        )
    return _read(kind, name, folder, torch_dtype=dtype)


def _read(kind: type[Any], name: str, folder: Path, **named: Any) -> Any:
    try:
        return kind.from_pretrained(folder, local_files_only=True, **named)
    except torch.OutOfMemoryError:
        raise
    except ImportError as error:
        raise ValueError(f"{name} cannot be loaded ({first_line(error)}): {EXTRA}") from error
    except Exception as error:  # diffusers, transformers, safetensors and JSON each raise their own
        raise ValueError(
            f"the weights of {name} in {folder} cannot be read ({type(error).__name__}: {first_line(error)}): "
            f"run `setpiece models get {name}` again"
        ) from error


def quantised(how: Quantisation, dtype: torch.dtype, large: Sequence[str]) -> Any:
    """What diffusers is told to quantise. The library that does it is there (``can_be_loaded``)."""
    import importlib

    from diffusers import BitsAndBytesConfig, PipelineQuantizationConfig, TorchAoConfig

    module, kind, _ = BACKENDS[how]
    if module == "torchao":
        told = TorchAoConfig(getattr(importlib.import_module("torchao.quantization"), kind)())
    else:
        told = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)
    return PipelineQuantizationConfig(quant_mapping=dict.fromkeys(large, told))


def placed(pipe: Any, loading: Loading) -> Any:
    """``pipe`` where ``loading`` wants it: whole on its device, or a part or a layer at a time."""
    vae = getattr(pipe, "vae", None)
    if vae is not None and loading.tiling:
        for saving in ("enable_tiling", "enable_slicing"):
            if hasattr(vae, saving):
                getattr(vae, saving)()
    if loading.offload == "model":
        pipe.enable_model_cpu_offload(device=loading.device)
    elif loading.offload == "sequential":
        pipe.enable_sequential_cpu_offload(device=loading.device)
    else:
        pipe.to(loading.device)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def sparer(loading: Loading) -> Loading | None:
    """The next way of loading that needs less of the device's memory; None after the last. Tiling comes with it."""
    later = OFFLOADS[OFFLOADS.index(loading.offload) + 1 :]
    if loading.device == "cpu" or not later:
        return None
    return replace(loading, offload=later[0], tiling=True)


class Sparing:
    """The model of a family, for pictures of any size; where memory is too small, it is loaded again, sparer.

    tell: gets a sentence when that happens. Errors: ``ValueError`` when nothing sparer is left.
    """

    def __init__(self, family: Family, loading: Loading, tell: Callable[[str], None]) -> None:
        self.family, self.loading, self._tell = family, loading, tell
        self._model: Denoiser | None = None

    @property
    def together(self) -> int:
        return self.family.window

    def paint(self, frames: Sequence[Frame], conditions: Conditions, steps: int, edit: PictureEdit) -> Tensor:
        """As ``conditioning.paint.Denoiser`` says."""
        while True:
            try:
                if self._model is None:
                    quiet()
                    self._model = self.family.load(self.loading)
                return Fitted(self.family, self._model).paint(frames, conditions, steps, edit)
            except torch.OutOfMemoryError as error:
                next_one = sparer(self.loading)
                if next_one is None:
                    raise ValueError(
                        f"{self.family.name} does not fit into the memory of {self.loading.device}: "
                        "ask for a smaller --size, a smaller model or a quantisation"
                    ) from error
                self._tell(
                    f"{self.family.name}: out of memory with offload {self.loading.offload!r}; "
                    f"going on with {next_one.offload!r} and tiles, which is slower"
                )
                self.loading = next_one
            self._model = None  # outside of the handler: what the error holds of the device is gone by now
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def first_line(error: Exception) -> str:
    """Of what an error says, for a sentence of ours."""
    return (str(error).strip().splitlines() or ["no reason given"])[0]
