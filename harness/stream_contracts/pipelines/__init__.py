"""The shelf of pipeline kinds: one file each, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.pipelines import command, flink, sink, streams
from stream_contracts.pipelines.launch import Launch
from stream_contracts.stack.artefacts import Progress
from stream_contracts.stack.service import Service


def nothing(contract: Contract, pipeline_name: str, progress: Progress) -> None:
    """Prepare nothing."""
    del contract, pipeline_name, progress


PREPARED = "a successor commits what was prepared: whoever takes its id aborts that, and no job can prevent it"


@dataclass(frozen=True, slots=True)
class Kind:
    """How pipelines of one kind are started.

    ``service`` makes the process of one instance. ``prepare`` does, once before the first trial, what all of them need;
    it raises ContractError for what is wrong in the contract's folder, StackError for what cannot be had.
    """

    service: Callable[[Launch], Service]
    prepare: Callable[[Contract, str, Progress], None] = nothing
    besides: int = 0
    """How many processes there are beside the instances; they come first, and have the first numbers."""
    grouped: bool = True
    """Whether several instances deal out their partitions in a consumer group."""
    prepares: bool = False
    """Whether a successor commits what its predecessor has prepared: then an open transaction is no orphan to be ended."""

    @property
    def beyond(self) -> Mapping[str, str]:
        """The faults that no pipeline of this kind can stand, so that a sweep leaves them out, each with the reason."""
        return {"fence-producer": PREPARED} if self.prepares else {}


PIPELINES: Mapping[str, Kind] = {
    "command": Kind(command.service),
    "streams": Kind(streams.service, streams.prepare),
    "flink": Kind(flink.service, flink.prepare, besides=1, grouped=False, prepares=True),
    "connector": Kind(sink.service, sink.prepare),
}
"""Kind, as the key in a contract that names it -> how it is started."""


def kind_of(pipeline: Pipeline) -> Kind:
    """The kind of a pipeline: the one whose key its contract has."""
    return next(kind for name, kind in PIPELINES.items() if getattr(pipeline, name))
