"""The page about models says what the catalogue says, and every proof that it names is a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conditioning.models import catalogue
from conditioning.models.family import Family

TESTS = Path(__file__).resolve().parents[1]
PAGE = (Path(catalogue.__file__).parent / "README.md").read_text(encoding="utf-8")
BEGUN = {"models": "| model | weights |", "proofs": "| model | proved offline |", "open": "| model | still needs"}


def rows(table: str) -> list[list[str]]:
    """The cells of a table of the page, row by row."""
    lines = PAGE[PAGE.index(BEGUN[table]) :].splitlines()[2:]
    end = next((k for k, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:end]]


@pytest.mark.parametrize("one", catalogue.FAMILIES, ids=lambda one: one.name)
def test_every_model_has_its_rows(one: Family) -> None:
    (mine,) = [row for row in rows("models") if row[0] == f"`{one.name}`"]
    for checkpoint in one.checkpoints:
        assert f"https://huggingface.co/{checkpoint.repo})" in mine[1]
        assert f"[{checkpoint.licence}]({checkpoint.licence_url})" in mine[2]
    for control in one.controls:
        assert control.name in mine[3]
    assert (one.references == 0) == (mine[5] == "no")
    for table in ("proofs", "open") if one.checkpoints else ("open",):
        assert any(f"`{one.name}`" in row[0] for row in rows(table)), f"{one.name} is not in the table of {table}"


def test_every_model_named_is_in_the_catalogue() -> None:
    known = {f"`{one.name}`" for one in catalogue.FAMILIES} | {"all"}
    for table in BEGUN:
        for row in rows(table):
            assert set(row[0].split(", ")) <= known


def test_every_proof_is_a_test() -> None:
    proofs = [proof for row in rows("proofs") for proof in re.findall(r"`(test_\w+\.py)::(test_\w+)`", row[2])]
    assert len(proofs) > 20
    for file, name in proofs:
        pages = [found.read_text(encoding="utf-8") for found in TESTS.glob(f"*/{file}")]
        assert any(re.search(rf"^def {name}\(", page, re.MULTILINE) for page in pages), f"{file}::{name}"
    assert all(re.search(r"`test_\w+\.py::test_\w+`", row[2]) for row in rows("proofs"))
