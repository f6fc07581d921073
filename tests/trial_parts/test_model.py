"""A model belongs to its contract: the module is looked for in the contract's own folder first."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stream_contracts.contract.load import load
from stream_contracts.contract.model import Contract
from stream_contracts.errors import ContractError
from stream_contracts.trial.model import model
from stream_contracts.workload.events import Event

TEXT = """contract: modelled
owner: tests
topics: {in: {}, out: {}}
pipelines:
  copy:
    command: [cat]
    reads: [in]
    writes: [{topic: out}]
    promises: {delivery: exactly-once}
    model: MODEL
"""


def contract(folder: Path, name: str, says: str) -> Contract:
    folder.mkdir()
    (folder / "contract.yaml").write_text(TEXT.replace("MODEL", name))
    (folder / "model.py").write_text(f"def outputs(events):\n    return [{{'topic': 'out', 'key': '{says}'}}]\n")
    return load(folder)


def keys(made: Contract) -> list[str | None]:
    outputs = model(made, "copy")
    assert outputs is not None
    return [row.key for row in outputs([Event(0, "in", b"k", b"{}")])]


def test_two_contracts_may_have_a_module_of_the_same_name(tmp_path: Path) -> None:
    one, two = (contract(tmp_path / name, "model:outputs", name) for name in ("one", "two"))
    assert [keys(one), keys(two), keys(one)] == [["one"], ["two"], ["one"]]
    assert "model" not in sys.modules


def test_a_module_that_the_folder_does_not_have_is_an_installed_one(tmp_path: Path) -> None:
    before = sys.modules["json"]
    with pytest.raises(ContractError, match=r"json:loads failed: TypeError"):
        keys(contract(tmp_path / "one", "json:loads", "one"))
    assert sys.modules["json"] is before
