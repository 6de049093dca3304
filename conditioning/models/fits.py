"""Which model fits into which machine, as far as memory is known."""

from __future__ import annotations

import os
from dataclasses import dataclass

from conditioning.models.family import Family, Offload


@dataclass(frozen=True)
class Machine:
    """What models run on. device: "cuda", "mps" or "cpu". device_gb: its memory; None where it has none of its own.

    memory_gb: of the machine. All in units of 10⁹ bytes, in all, not what is free.
    """

    device: str
    device_gb: float | None
    memory_gb: float

    @property
    def words(self) -> str:
        """The machine in a few words."""
        if self.device_gb is None:
            return f"{'no GPU' if self.device == 'cpu' else self.device}, {self.memory_gb:.0f} GB of memory"
        return f"a GPU of {self.device_gb:.0f} GB, {self.memory_gb:.0f} GB of memory"


def this_machine() -> Machine:
    """The machine that this runs on."""
    import torch

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if torch.cuda.is_available():
        return Machine("cuda", torch.cuda.get_device_properties(0).total_memory / 1e9, memory)
    return Machine("mps" if torch.backends.mps.is_available() else "cpu", None, memory)


@dataclass(frozen=True)
class Fit:
    """Whether a model fits. well: None where nobody has said how much it needs. offload: with which, where it does.

    words: why, in a phrase.
    """

    well: bool | None
    offload: Offload | None
    words: str


def fit(family: Family, machine: Machine) -> Fit:
    """Whether ``family`` fits into ``machine``, and with which offload; the fastest that fits is taken.

    What is offloaded waits in the machine's own memory, which must hold all weights then.
    """
    if not family.checkpoints:
        return Fit(True, "none", "runs on any machine")
    if machine.device == "cpu":
        return Fit(False, None, "no GPU here")
    if not family.memory:
        return Fit(None, None, "nobody has said how much it needs")
    room = machine.memory_gb if machine.device_gb is None else machine.device_gb
    weights = sum(one.download_gb or 0.0 for one in family.checkpoints)
    for offload, needs in family.memory:
        if needs > room:
            continue
        if offload != "none" and weights > machine.memory_gb:
            return Fit(False, None, f"{weights:.0f} GB of weights wait in memory, which has {machine.memory_gb:.0f} GB")
        return Fit(True, offload, f"{needs:.0f} GB with offload {offload}")
    least = min(needs for _, needs in family.memory)
    known = len(family.memory) == 3
    return Fit(False if known else None, None, f"needs {least:.0f} GB{'' if known else ' or, offloaded further, less'}")
