"""A captured table with all that is said of it: in the contract, in its connector's file, and in the migrations."""

from __future__ import annotations

from dataclasses import dataclass

from stream_contracts.cdc.settings import Settings, settings
from stream_contracts.cdc.statements import Script, script
from stream_contracts.contract.capture import Capture
from stream_contracts.contract.model import Contract
from stream_contracts.findings import Place


@dataclass(frozen=True, slots=True)
class Watched:
    """A captured table with all that is said of it."""

    contract: Contract
    name: str
    capture: Capture
    settings: Settings
    script: Script
    """The SQL of its migrations."""

    @property
    def compacted(self) -> bool:
        """Whether the topic keeps the last record of each key, by the contract or by how the connector makes it."""
        topic = self.contract.topics.get(self.capture.topic)
        said = topic.settings.get("cleanup.policy", "") if topic else ""
        return "compact" in (said or self.settings.get("topic.creation.default.cleanup.policy"))

    def place(self, *steps: str) -> Place:
        """Where the contract says something of it."""
        return self.contract.place("cdc", self.name, *steps)


def watched(contract: Contract) -> list[Watched]:
    """The captured tables of a contract, with the settings and the migrations that they name; each file is read once."""
    connectors = {each.connector for each in contract.cdc.values()}
    read = {name: settings(contract.folder / name) for name in connectors}
    scripts = {
        files: script([contract.folder / file for file in files])
        for files in {contract.migrations_of(each) for each in contract.cdc.values()}
    }
    return [
        Watched(contract, name, each, read[each.connector], scripts[contract.migrations_of(each)])
        for name, each in contract.cdc.items()
    ]
