"""From a path to a contract, or to everything that is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stream_contracts.contract import checks, complaints
from stream_contracts.contract.model import Contract
from stream_contracts.contract.tree import BYTES_MAX, Mark, Tree, read
from stream_contracts.errors import ContractError
from stream_contracts.findings import Place

FILE = "contract.yaml"
"""The file that makes a folder a contract."""

_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


def load(path: str | os.PathLike[str]) -> Contract:
    """Read the contract at ``path``, a ``contract.yaml`` or its folder.

    Raises ContractError with every complaint, in the order of the file: what was found and what is allowed, each with
    its ``file:line:column``.
    """
    file = Path(path)
    if file.is_dir():
        file /= FILE
    tree = read(_bytes(file))
    contract, found = _judged(file, tree)
    if contract is None:
        raise ContractError([(str(Place(str(file), *mark)), text) for mark, text in found])
    return contract


def load_all(files: Iterable[Path]) -> list[Contract]:
    """Read several contracts; raises one ContractError with the complaints of all of them."""
    contracts: list[Contract] = []
    wrong: list[tuple[str, str]] = []
    for file in files:
        try:
            contracts.append(load(file))
        except ContractError as error:
            wrong += error.complaints
    if wrong:
        raise ContractError(wrong)
    return contracts


def find(root: str | os.PathLike[str]) -> list[Path]:
    """The contract files at or below ``root``, sorted; hidden folders and installed packages are left out."""
    top = Path(root)
    if top.is_file():
        return [top] if top.name == FILE else []
    found: list[Path] = []
    for folder, below, files in os.walk(top):
        below[:] = [name for name in below if not name.startswith(".") and name not in _SKIPPED]
        if FILE in files:
            found.append(Path(folder) / FILE)
    return sorted(found)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``contract.yaml``, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_shape()}


@cache
def _shape() -> dict[str, Any]:
    return Contract.model_json_schema(by_alias=True)


def _judged(file: Path, tree: Tree) -> tuple[Contract | None, list[tuple[Mark, str]]]:
    """Validate what the tree says; the contract is None exactly where something was found."""
    found = list(tree.complaints)
    if tree.keys and not isinstance(tree.data, dict):
        text = f"found {complaints.shown(tree.data)}; allowed: a mapping that begins 'contract: <name>'"
        found.append((tree.keys[()], text))
    if not isinstance(tree.data, dict):
        return None, found
    contract, wrong = None, list(checks.complaints(tree.data, file.parent))
    try:
        contract = Contract.model_validate(tree.data, context={"file": file, "tree": tree})
    except ValidationError as error:
        wrong += complaints.tell(error.errors(include_url=False), tree, _shape())
    found += ((tree.keys[tree.nearest(steps)], text) for steps, text in wrong if steps not in tree.refused)
    return None if found else contract, sorted(dict.fromkeys(found))


def _bytes(file: Path) -> bytes:
    """Read one byte more than a contract may have, at most."""
    try:
        with file.open("rb") as stream:
            return stream.read(BYTES_MAX + 1)
    except FileNotFoundError:
        raise ContractError([(str(file), "there is no such file; 'stream-contracts init' writes an example")]) from None
    except (OSError, ValueError) as error:
        raise ContractError([(str(file), f"cannot be read: {getattr(error, 'strerror', None) or error}")]) from None
