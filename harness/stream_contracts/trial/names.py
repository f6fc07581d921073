"""Fresh names for one trial: topics, group and transactional id, so that trials on one cluster never meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from stream_contracts.contract.model import Contract, Pipeline
from stream_contracts.contract.placeholders import filled

LONGEST_TOPIC = 249
"""Characters that Kafka allows in the name of a topic."""


@dataclass(frozen=True, slots=True)
class Names:
    """The namespace of one trial: every name in it begins with ``prefix``; with ``bare``, topics have their own names.

    That is for a pipeline with hard-wired names, which has a broker of its own.
    """

    prefix: str
    bare: bool = False

    def topic(self, declared: str) -> str:
        """The topic that stands for a declared one; a long name is cut to what Kafka takes, and stays unique."""
        name = declared if self.bare else f"{self.prefix}.{declared}"
        if len(name) <= LONGEST_TOPIC:
            return name
        mark = sha256(declared.encode()).hexdigest()[:12]
        return f"{name[: LONGEST_TOPIC - len(mark) - 1]}-{mark}"

    @property
    def group(self) -> str:
        """The consumer group of the pipeline."""
        return f"{self.prefix}.group"

    def environment(self, contract: Contract, pipeline: Pipeline, instance: str, state: Path) -> Mapping[str, str]:
        """The pipeline's ``env`` with its placeholders filled in; an instance keeps its transactional id for life.

        ``state`` is the folder of the process, which outlives it.
        """
        return filled(
            pipeline.env,
            topics={declared: self.topic(declared) for declared in contract.topics},
            group=self.group,
            transactional_id=f"{self.prefix}.{instance}",
            state=str(state),
        )
