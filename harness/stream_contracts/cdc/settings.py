"""A connector's settings as data: what its file says, and what Debezium 3.7 takes where it says nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stream_contracts.contract.reading import text as text_of
from stream_contracts.findings import Place

DEFAULTS: Mapping[str, str] = {
    "plugin.name": "decoderbufs",
    "slot.name": "debezium",
    "publication.name": "dbz_publication",
    "publication.autocreate.mode": "all_tables",
    "snapshot.mode": "initial",
    "slot.drop.on.stop": "false",
    "heartbeat.interval.ms": "0",
    "offset.mismatch.strategy": "no_validation",
    "tombstones.on.delete": "true",
    "decimal.handling.mode": "precise",
    "time.precision.mode": "adaptive",
    "interval.handling.mode": "numeric",
    "binary.handling.mode": "bytes",
    "money.fraction.digits": "2",
    "include.unknown.datatypes": "false",
    "schema.name.adjustment.mode": "none",
    "field.name.adjustment.mode": "none",
    "exactly.once.support": "requested",
    "database.port": "5432",
}
"""Debezium's own defaults, of the settings that are asked for here (Connect's for ``exactly.once.support``)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a connector is told. ``file`` and ``text`` are what it was read from, for places in it."""

    said: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    text: str = field(default="", repr=False)

    def get(self, name: str) -> str:
        """The value of a setting: as it is said, or else the default; nothing where there is neither."""
        return self.said.get(name, DEFAULTS.get(name, ""))

    def on(self, name: str) -> bool:
        """Whether a setting is ``true``."""
        return self.get(name).lower() == "true"

    def place(self, name: str = "") -> Place:
        """Where a setting is written; the beginning of the file where it is not."""
        found = re.search(rf'"{re.escape(name)}"\s*:', self.text) if name else None
        return Place(self.file, self.text.count("\n", 0, found.start()) + 1 if found else 1)

    @property
    def server(self) -> tuple[str, str, str]:
        """Which database it reads: host, port, name."""
        return self.get("database.hostname"), self.get("database.port"), self.get("database.dbname")

    @property
    def transforms(self) -> tuple[str, ...]:
        """The names of its transforms, in order."""
        return tuple(filter(None, (name.strip() for name in self.get("transforms").split(","))))

    def transform(self, name: str, setting: str) -> str:
        """A setting of a transform; ``type`` is its class."""
        return self.said.get(f"transforms.{name}.{setting}", "")

    @property
    def decimals(self) -> str:
        """``precise``, ``double`` or ``string``."""
        return self.get("decimal.handling.mode").lower()

    @property
    def times(self) -> str:
        """How dates and times are told."""
        return self.get("time.precision.mode").lower()

    @property
    def intervals(self) -> str:
        """``numeric`` or ``string``."""
        return self.get("interval.handling.mode").lower()

    @property
    def binary(self) -> str:
        """``bytes``, or the text that they are written as."""
        return self.get("binary.handling.mode").lower()

    @property
    def money_digits(self) -> str:
        """Digits after the point of ``money``."""
        return self.get("money.fraction.digits")

    @property
    def unknown(self) -> bool:
        """Whether types that Debezium does not know are told as raw bytes."""
        return self.on("include.unknown.datatypes")


def settings(file: Path) -> Settings:
    """Read a connector's file: its settings, or an object with ``name`` and ``config`` as Connect's REST takes it.

    The loader of contracts has seen that it is a JSON object.
    """
    written = text_of(file)
    data = json.loads(written)
    inner = data.get("config") if isinstance(data.get("config"), dict) else data
    return Settings({name: _told(value) for name, value in inner.items()}, str(file), written)


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
