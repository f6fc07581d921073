"""The file that says where somebody else's stack is: addresses, client settings, and the prefix that we may use."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from stream_contracts.errors import UsageError
from stream_contracts.stack.blueprint import Blueprint

VARIABLE = "STREAM_CONTRACTS_EXTERNAL"
"""Environment variable with the path of the file."""

EXAMPLE = """\
namespace = "ci-orders-"                          # everything that we make begins with it
bootstrap = "kafka.example:9093"
schema_registry_url = "https://user:${SR_PASSWORD}@registry.example"
postgres_dsn = "postgresql://user:${PG_PASSWORD}@db.example:5432/orders"
connect_url = "http://connect.example:8083"
[kafka]                                           # librdkafka settings
"security.protocol" = "SASL_SSL"
"sasl.mechanism" = "SCRAM-SHA-512"
"sasl.username" = "ci"
"sasl.password" = "${KAFKA_PASSWORD}"
"""

NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,}")
"""At least three characters, such as a topic's name may have: a prefix that is too short is everybody's."""

FIELDS: Mapping[str, str] = {
    "brokers": "bootstrap",
    "registry": "schema_registry_url",
    "postgres": "postgres_dsn",
    "connect": "connect_url",
}
"""Need of a blueprint -> the key that gives its address."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where what already runs is reached; an empty text for what is not there. ``kafka`` are librdkafka settings."""

    namespace: str
    bootstrap: str = ""
    schema_registry_url: str = ""
    postgres_dsn: str = ""
    connect_url: str = ""
    kafka: Mapping[str, str] = field(default_factory=dict)

    def address(self, need: str) -> str:
        """Return the address that answers this need of a blueprint."""
        return str(getattr(self, FIELDS[need]))

    def lacking(self, blueprint: Blueprint) -> str:
        """Say what the blueprint asks for and the file does not have; empty where it has all."""
        wanted = blueprint.needs()
        gaps = [f"{told} ({FIELDS[need]})" for need, told in wanted.items() if not self.address(need)]
        return " and ".join(gaps)


def read(environ: Mapping[str, str] = os.environ) -> Elsewhere:
    """Read the file that ``$STREAM_CONTRACTS_EXTERNAL`` names; ``${NAME}`` in a value is taken from the environment.

    UsageError where the variable is not set, the file cannot be read, a key is unknown or missing, or a variable is.
    """
    name = environ.get(VARIABLE)
    if not name:
        raise UsageError(f"the external backend needs to know where things are: name a file in ${VARIABLE}:\n{EXAMPLE}")
    path = Path(name).expanduser()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as TOML: {error}") from error
    return parsed(table, environ, str(path))


def parsed(table: Mapping[str, Any], environ: Mapping[str, str], place: str) -> Elsewhere:
    """Return what the table says. UsageError, with the place, for what it may not say."""
    known = [each.name for each in fields(Elsewhere)]
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise UsageError(f"{place}: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    kafka = table.get("kafka", {})
    if not isinstance(kafka, dict):
        raise UsageError(
            f"{place}: kafka is a table of librdkafka settings, such as [kafka] with security.protocol below"
        )
    if "bootstrap.servers" in kafka:
        raise UsageError(f"{place}: kafka: bootstrap.servers is said by bootstrap")
    texts = {key: _filled(value, environ, f"{place}: {key}") for key, value in table.items() if key != "kafka"}
    settings = {key: _filled(value, environ, f"{place}: kafka: {key}") for key, value in kafka.items()}
    namespace = texts.get("namespace", "")
    if not NAMESPACE.fullmatch(namespace):
        raise UsageError(
            f"{place}: namespace {namespace!r}: give three characters or more of A-Z a-z 0-9 . _ -, beginning with a letter "
            f"or a digit; everything that we make on these servers begins with it, and only that is removed again"
        )
    urls = {key: text.rstrip("/") if key.endswith("_url") else text for key, text in texts.items()}
    return Elsewhere(**urls, kafka=settings)


def _filled(value: object, environ: Mapping[str, str], place: str) -> str:
    """Return the value as text, with ``${NAME}`` replaced from the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise UsageError(f"{place}: a text is needed here, not {value!r}")

    def named(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise UsageError(f"{place}: the environment has no variable {match[1]}")
        return environ[match[1]]

    return re.sub(r"\$\{(\w+)\}", named, value)
