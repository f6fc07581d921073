"""What a run left on somebody else's servers, found by the run's own prefix and removed: nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from stream_contracts.errors import HarnessError, StreamContractsError
from stream_contracts.stack.blueprint import Blueprint
from stream_contracts.stack.connectors import delete_connector
from stream_contracts.stack.external_file import Elsewhere
from stream_contracts.stack.rest import ask, shown

ANSWER_S = 15.0


def remove(elsewhere: Elsewhere, blueprint: Blueprint, prefix: str) -> list[str]:
    """Remove connectors, groups, topics and subjects that begin with ``prefix``; return what could not be removed."""
    assert prefix.startswith(elsewhere.namespace)
    assert len(prefix) > len(elsewhere.namespace), "the namespace alone holds what other runs made"
    steps: dict[str, Callable[[Elsewhere, str], list[str]]] = {
        "connect": _connectors,
        "brokers": _topics_and_groups,
        "registry": _subjects,
    }
    left: list[str] = []
    for need, step in steps.items():
        if need in blueprint.needs():
            try:
                left += step(elsewhere, prefix)
            except StreamContractsError as error:
                left.append(f"{need}: {error}")
    return left


def _connectors(elsewhere: Elsewhere, prefix: str) -> list[str]:
    for name in _ours(_listed(f"{elsewhere.connect_url}/connectors"), prefix):
        delete_connector(elsewhere.connect_url, quote(name, safe=""), timeout_s=ANSWER_S)
    return []


def _subjects(elsewhere: Elsewhere, prefix: str) -> list[str]:
    base = f"{elsewhere.schema_registry_url}/subjects"
    left = []
    for subject in _ours(_listed(f"{base}?deleted=true"), prefix):
        ask("DELETE", f"{base}/{quote(subject, safe='')}")  # 404 where the run deleted it itself
        status, answer = ask("DELETE", f"{base}/{quote(subject, safe='')}?permanent=true")
        if status >= 300:
            left.append(f"subject {subject}: {status} {answer}")
    return left


def _topics_and_groups(elsewhere: Elsewhere, prefix: str) -> list[str]:
    from confluent_kafka import KafkaException

    admin = administrator({**elsewhere.kafka, "bootstrap.servers": elsewhere.bootstrap})
    try:
        groups = _ours((row.group_id for row in admin.list_consumer_groups().result(ANSWER_S).valid), prefix)
        topics = _ours(admin.list_topics(timeout=ANSWER_S).topics, prefix)
        asked: dict[str, Any] = {}
        if groups:
            asked.update({f"group {name}": told for name, told in admin.delete_consumer_groups(groups).items()})
        if topics:
            asked.update({f"topic {name}": told for name, told in admin.delete_topics(topics).items()})
    except KafkaException as error:
        return [f"topics and groups: {error}"]
    left = []
    for what, answer in asked.items():
        try:
            answer.result(ANSWER_S)
        except KafkaException as error:
            left.append(f"{what}: {error.args[0].str()}")
    return left


def administrator(settings: Mapping[str, Any]) -> Any:
    """Return an admin client that writes no log of its own; what goes wrong is in its errors."""
    from confluent_kafka.admin import AdminClient

    return AdminClient({**settings, "log_level": 0})


def _ours(names: Iterable[str], prefix: str) -> list[str]:
    return sorted(name for name in names if name.startswith(prefix))


def _listed(url: str) -> list[str]:
    status, answer = ask("GET", url)
    if status != 200 or not isinstance(answer, list):
        raise HarnessError(f"GET {shown(url)}: {status} {answer}")
    return answer
