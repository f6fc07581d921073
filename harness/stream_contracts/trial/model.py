"""A model: a Python function of the user that says what the outputs must be, in place of a run without faults."""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

from stream_contracts.contract.model import Contract
from stream_contracts.errors import ContractError
from stream_contracts.history.model import Expected
from stream_contracts.trial.feed import shown
from stream_contracts.trial.normal import decoder, digest_of, forgotten
from stream_contracts.workload.events import Event
from stream_contracts.workload.writers import Ids

Outputs = Callable[[Sequence[Event]], list[Expected]]


def model(contract: Contract, pipeline_name: str, ids: Ids | None = None) -> Outputs | None:
    """What makes the expected outputs of some events; None where the pipeline has no model.

    The function is called with a list of dictionaries ``{"id", "topic", "key", "value"}``, the value decoded by its
    schema, and gives an iterable of ``{"topic" or "table", "key", "value"}``: the records of each output, and the rows
    that a table is left with. With the ``ids`` of the registry, events of former versions are read as the present one
    reads them. Raises `ContractError`, at ``model`` in the contract, where it cannot be found, and when
    called where it raises or gives something else.
    """
    pipeline = contract.pipelines[pipeline_name]
    if pipeline.model is None:
        return None
    place = str(contract.place("pipelines", pipeline_name, "model"))
    function = _found(contract, pipeline.model, place)
    read = {topic: decoder(contract, topic, ids) for topic in pipeline.reads}

    def outputs(events: Sequence[Event]) -> list[Expected]:
        told = [
            {
                "id": event.id,
                "topic": event.topic,
                "key": event.key,
                "value": None if event.value is None else read[event.topic](event.value),
            }
            for event in events
        ]
        try:
            return _expected(function(told), pipeline.compare.ignore)
        except Exception as error:  # the user's own function: whatever goes wrong in it is for the user to read
            raise ContractError([(place, f"{pipeline.model} failed: {type(error).__name__}: {error}")]) from error

    return outputs


def _found(contract: Contract, name: str, place: str) -> Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]]:
    module, _, function = name.partition(":")
    folder = str(contract.folder.absolute())
    sys.path.insert(0, folder)
    before = _taken_out(contract, module)
    try:
        found: Any = getattr(importlib.import_module(module), function)
    except Exception as error:  # an import runs the user's code
        what = f"{name} cannot be imported, with {folder} on the path: {type(error).__name__}: {error}"
        raise ContractError([(place, what)]) from error
    finally:
        sys.path.remove(folder)
        _taken_out(contract, module)
        sys.modules.update(before)
    if not callable(found):
        raise ContractError([(place, f"{name} is {found!r}, which is no function")])
    return found  # type: ignore[no-any-return]


def _taken_out(contract: Contract, module: str) -> dict[str, ModuleType]:
    """Forget a module that the contract's folder has under this name: every contract may have a ``model.py`` of its own."""
    top = module.partition(".")[0]
    if not any((contract.folder / name).exists() for name in (f"{top}.py", top)):
        return {}
    importlib.invalidate_caches()
    names = [name for name in sys.modules if name == top or name.startswith(f"{top}.")]
    return {name: sys.modules.pop(name) for name in names}


def _expected(outputs: Iterable[dict[str, Any]], ignore: Sequence[str]) -> list[Expected]:
    seen: Counter[tuple[str, str]] = Counter()
    positions: Counter[tuple[str, str | None]] = Counter()
    rows = []
    for output in outputs:
        table = output.get("table")
        where, key, value = str(table or output["topic"]), output.get("key"), output.get("value")
        name = shown(key) if isinstance(key, bytes) or key is None else str(key)
        raw = key if isinstance(key, bytes) or key is None else str(key).encode()
        tree = None if value is None else json.dumps(forgotten(value, ignore), sort_keys=True, default=repr).encode()
        digest = digest_of(None if table else raw, tree)
        seen[where, digest] += 1
        rows.append((where, name, digest, seen[where, digest], table, value, positions[where, name]))
        positions[where, name] += 1
    return [
        Expected(
            where, name, digest, nth, None, kind="table" if table else None, op="delete" if value is None else None,
            position=position, final=name is None or position == positions[where, name] - 1,
        )
        for where, name, digest, nth, table, value, position in rows
    ]  # fmt: skip
