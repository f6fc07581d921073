"""What a kind of pipeline is told of one instance that is to be started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stream_contracts.contract.model import Pipeline


@dataclass(frozen=True, slots=True)
class Launch:
    """One instance of a pipeline in one trial.

    ``instance`` is a name that no other process has, ``folder`` that of the contract. ``addresses`` is where it finds its
    servers, all of them our tap, and its temporary folder (``TMPDIR``). ``names`` is its own ``env`` filled in, which wins.
    """

    pipeline: Pipeline
    instance: str
    folder: Path
    addresses: Mapping[str, str]
    names: Mapping[str, str]
    topics: Mapping[str, str]
    """Topic as declared -> what it is called in the trial."""
    group: str
    """The consumer group of the trial."""
    log_path: Path
    run_id: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it is given."""
        return {**self.addresses, **self.names}
