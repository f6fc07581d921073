"""Reads the Protobuf corpus and asks the engine about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stream_contracts.schema.format import Decoding, Difference, Edition, Policy, Reference, Source
from stream_contracts.schema.protobuf import FORMAT

FOLDER = Path(__file__).parents[2] / "corpus" / "protobuf"
SIDES = ("case", "near_miss")


def load(path: Path) -> dict[str, Any]:
    """One corpus file as plain data."""
    loaded: dict[str, Any] = YAML(typ="safe").load(path)
    return loaded


def files(folder: str) -> list[Path]:
    """The corpus files of one folder, sorted by name."""
    return sorted((FOLDER / folder).glob("*.yaml"))


def source(text: str, references: list[dict[str, Any]] | None = None, called: str = "schema") -> Source:
    """A schema as the engine takes it."""
    return Source(text, tuple(Reference(**reference) for reference in references or ()), called)


def differences(old: Source | str, new: Source | str, edition: Edition = Edition.CONFLUENT_NEXT) -> list[Difference]:
    """What the registry finds when ``new`` reads what ``old`` wrote."""
    original, update = (FORMAT.parse(one if isinstance(one, Source) else source(one)) for one in (old, new))
    return FORMAT.differences(original, update, Policy.STRICT, edition)


def found(old: Source | str, new: Source | str, edition: Edition = Edition.CONFLUENT_NEXT) -> list[str]:
    """The same as sorted ``KIND path`` strings, duplicates kept."""
    return sorted(f"{difference.kind} {difference.path}" for difference in differences(old, new, edition))


def decoding(writer: Source | str, reader: Source | str, budget: int = 300) -> Decoding:
    """The decoder verdict for data of ``writer`` under ``reader``."""
    one, other = (FORMAT.parse(side if isinstance(side, Source) else source(side)) for side in (writer, reader))
    return FORMAT.decoding(one, other, budget)
