"""What did not change after a commit: adoption on an old repository begins with what is touched from now on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_contracts.contract.model import Contract
from stream_contracts.contract.reading import text
from stream_contracts.errors import SchemaError
from stream_contracts.findings import Finding
from stream_contracts.gate.baseline import opened
from stream_contracts.gate.subjects import Tree, tree


@dataclass(frozen=True, slots=True)
class Since:
    """The state of the contracts at a commit."""

    told: str
    tree: Tree

    def unchanged(self, now: Tree, judged: str, found: Finding) -> bool:
        """Whether what a finding is about is the same as it was then."""
        name = judged.partition("/")[0]
        return bool(_state(now, name, found.subject) == _state(self.tree, name, found.subject))


@contextmanager
def since(ref: str, paths: Sequence[Path]) -> Iterator[Since | None]:
    """Open the state at a commit (where HEAD left it), or nothing where none is named."""
    if not ref:
        yield None
        return
    with opened(f"git:{ref}", paths, tree(())) as before:
        yield Since(before.told, before.tree or tree(()))


def _state(state: Tree, contract: str, subject: str) -> Any:
    """Everything that a name stands for: the schema with what it refers to and its level, the topic, the pipeline."""
    held = state.find(subject, contract)
    schema: Any = None
    if held is not None:
        try:
            source = state.source(held)
            schema = (source.text, source.references, held.level()[0])
        except SchemaError as error:
            schema = error.why
    for each in state.contracts:
        if each.name == contract:
            return schema, each.topics.get(subject), each.pipelines.get(subject), _captured(each, subject)
    return schema, None, None, None


def _captured(contract: Contract, topic: str) -> Any:
    """What the events of a captured table hang on: the capture, the connector's settings, the migrations."""
    for capture in contract.cdc.values():
        if capture.topic == topic:
            files = (capture.connector, *contract.migrations_of(capture))
            return capture, [text(contract.folder / file) for file in files]
    return None
