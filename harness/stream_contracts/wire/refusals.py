"""The errors with which a server may answer: which are legal at which moment, and what such an answer looks like."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

from kio.schema.errors import ErrorCode as E
from kio.static.primitive import i32Timedelta

from stream_contracts.errors import UsageError
from stream_contracts.wire.kafka import Header, response_class
from stream_contracts.wire.moment import Moment


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with this error: one that is legal for the API and the phase.

    A Kafka error code or its name (`LEGAL`), a SQLSTATE (`SQLSTATES`), or an HTTP status of an error with its ``body``.
    """

    code: int | str
    body: str = ""


_LOADING = (E.coordinator_load_in_progress, E.coordinator_not_available, E.not_coordinator)
_MOVED = (E.coordinator_not_available, E.not_coordinator)
"""What a coordinator says whose log did not confirm in time, or that lost its office while it waited."""
_FENCED = (E.invalid_producer_epoch, E.producer_fenced)
_TRANSACTION = (
    *_LOADING, *_FENCED, E.concurrent_transactions, E.invalid_producer_id_mapping, E.invalid_txn_state,
    E.transaction_abortable,
)  # fmt: skip
_MEMBER = (E.unknown_member_id, E.illegal_generation, E.rebalance_in_progress, E.fenced_instance_id)
_LEADER = (E.not_leader_or_follower, E.unknown_topic_or_partition, E.kafka_storage_error)

LEGAL = MappingProxyType(
    {
        ("InitProducerId", "before"): (*_LOADING, *_FENCED, E.concurrent_transactions, E.invalid_transaction_timeout),
        ("InitProducerId", "after"): _MOVED,
        ("AddPartitionsToTxn", "before"): (*_TRANSACTION, E.unknown_topic_or_partition),
        ("AddPartitionsToTxn", "after"): _MOVED,
        ("AddOffsetsToTxn", "before"): _TRANSACTION,
        ("AddOffsetsToTxn", "after"): _MOVED,
        ("EndTxn", "before"): _TRANSACTION,
        ("EndTxn", "after"): _MOVED,
        ("Produce", "before"): (
            *_LEADER, E.not_enough_replicas, E.request_timed_out, E.message_too_large, E.corrupt_message,
            E.invalid_producer_epoch, E.out_of_order_sequence_number, E.unknown_producer_id, E.invalid_txn_state,
            E.concurrent_transactions, E.transaction_abortable,
        ),
        ("Produce", "after"): (E.request_timed_out, E.not_enough_replicas_after_append, E.not_leader_or_follower),
        ("TxnOffsetCommit", "before"): (
            *_LOADING, *_MEMBER, E.invalid_producer_epoch, E.unstable_offset_commit, E.unknown_topic_or_partition,
            E.concurrent_transactions, E.transaction_abortable,
        ),
        ("TxnOffsetCommit", "after"): _MOVED,
        ("OffsetCommit", "before"): (*_LOADING, *_MEMBER, E.unknown_topic_or_partition),
        ("OffsetCommit", "after"): (*_MOVED, E.rebalance_in_progress),
        ("JoinGroup", "before"): (*_LOADING, E.unknown_member_id, E.fenced_instance_id, E.rebalance_in_progress),
        ("JoinGroup", "after"): (E.not_coordinator, E.unknown_member_id),
        ("SyncGroup", "before"): (*_LOADING, *_MEMBER),
        ("SyncGroup", "after"): (E.not_coordinator, E.rebalance_in_progress, E.unknown_member_id),
        ("Fetch", "after"): (*_LEADER, E.offset_not_available, E.fenced_leader_epoch, E.unknown_leader_epoch),
    }
)  # fmt: skip
"""(API, phase) -> what a broker may say there: before it has done anything, or although its work is done.

Read from the responses' documentation in Kafka's clients and from the handlers in its group and transaction
coordinators; a code that a broker never gives to such a request is no failure that can happen.
"""

ABORTABLE_SINCE = MappingProxyType(
    {"Produce": 11, "AddPartitionsToTxn": 5, "AddOffsetsToTxn": 4, "TxnOffsetCommit": 4, "EndTxn": 4}
)
"""API -> the first version whose clients know TRANSACTION_ABORTABLE (KIP-890)."""


_ROW = ("40001", "40P01", "53100", "53200", "55P03", "57014", "25006", "23502", "23503", "23505", "23514")
"""Serialization failure, deadlock, disk full, out of memory, lock not available, cancelled, read-only, and constraints."""

SQLSTATES = MappingProxyType(
    {
        ("INSERT", "before"): _ROW,
        ("UPDATE", "before"): _ROW,
        ("MERGE", "before"): _ROW,
        ("COPY", "before"): _ROW,
        ("CALL", "before"): _ROW,
        ("DELETE", "before"): ("40001", "40P01", "53200", "55P03", "57014", "25006", "23503"),
        ("TRUNCATE", "before"): ("40P01", "53200", "55P03", "57014", "25006"),
        ("COMMIT", "before"): ("40001", "53100", "57014", "23503", "23505"),
    }
)
"""(Verb, phase) -> the SQLSTATEs with which PostgreSQL may fail it. Once it is done, no error undoes it: there is none after."""
HTTP_ROLES = frozenset({"registry", "connect"})
"""The roles of whom is answered in HTTP."""


def check(moment: Moment, refusal: Refuse) -> None:
    """Raise `UsageError`, with the legal codes in it, where no server answers a request of this moment like that."""
    if moment.role == "database":
        states = SQLSTATES.get((moment.api, moment.phase), ())
        fits, known = refusal.code in states, ", ".join(states)
    elif moment.role in HTTP_ROLES:
        fits = isinstance(refusal.code, int) and 400 <= refusal.code <= 599
        known = "a status from 400 to 599"
    else:
        legal = LEGAL.get((moment.api, moment.phase), ())
        fits, known = _code(refusal) in legal, ", ".join(f"{code.name} ({code.value})" for code in legal)
    if not fits:
        raise UsageError(f"no server answers {moment} with {refusal.code!r}; legal there: {known or 'none'}")


def knows(api: str, version: int | None, refusal: Refuse) -> bool:
    """Whether a client that asked in this version knows the error; one of before may do anything with it."""
    return _code(refusal) is not E.transaction_abortable or (version or 0) >= ABORTABLE_SINCE[api]


def _code(refusal: Refuse) -> E | None:
    if isinstance(refusal.code, str):
        return E.__members__.get(refusal.code.lower())
    return next((code for code in E if code.value == refusal.code), None)


def answer(header: Header, request: Any, refusal: Refuse) -> Any:
    """The body with which a broker refuses this request: the same topics and partitions, each with the code."""
    code = _code(refusal)
    assert code is not None  # `check` saw to it
    return _filled(response_class(header), request, code)


def spoilt(response: Any, refusal: Refuse) -> Any:
    """The answer to a Produce or a Fetch with the code at each partition, and nothing of what it told besides."""
    code = _code(refusal)
    name = "partition_responses" if hasattr(response.responses[0], "partition_responses") else "partitions"
    told: dict[str, Any] = {"base_offset": -1} if name == "partition_responses" else {"records": None}
    topics = (
        replace(topic, **{name: tuple(replace(part, error_code=code, **told) for part in getattr(topic, name))})
        for topic in response.responses
    )
    return replace(response, responses=tuple(topics))


_ASKED = MappingProxyType(
    {
        "responses": "topic_data",
        "partition_responses": "partition_data",
        "topics": "topics",
        "results_by_transaction": "transactions",
        "topic_results": "topics",
        "results_by_topic_v3_and_below": "v3_and_below_topics",
        "results_by_partition": "partitions",
        "partitions": "partitions",
    }
)
"""Where an answer speaks of the things it was asked about -> where the request names them."""
_ZERO = i32Timedelta.parse(timedelta(0))
_NOTHING = MappingProxyType({int: -1, str: "", bytes: b"", bool: False, tuple: ()})
"""What an answer says where an error leaves nothing to say, by the kind of the field."""


def _filled(entity: Any, asked: Any, code: E) -> Any:
    """An entity of an answer, from the part of the request that it answers; the code stands at the innermost."""
    hints: dict[str, Any] = _hints(entity)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(entity):
        hint = hints[field.name]
        if field.name in _ASKED and hasattr(asked, _ASKED[field.name]):
            (part,) = (arg for arg in get_args(hint) if arg is not Ellipsis)
            values[field.name] = tuple(_filled(part, each, code) for each in getattr(asked, _ASKED[field.name]))
        elif hint is i32Timedelta:
            values[field.name] = _ZERO
        elif hint is not E:
            values[field.name] = _same_or_nothing(field, hint, asked)
    inner = any(name in _ASKED for name in values)
    values |= {name: E.none if inner else code for name, hint in hints.items() if hint is E}
    return entity(**values)


def _same_or_nothing(field: dataclasses.Field[Any], hint: Any, asked: Any) -> Any:
    if isinstance(asked, int) and field.name == "partition_index":
        return asked  # AddPartitionsToTxn names its partitions by number alone
    if hasattr(asked, field.name) and field.name not in ("producer_id", "producer_epoch"):
        return getattr(asked, field.name)
    if field.default is not dataclasses.MISSING:
        return field.default
    if type(None) in get_args(hint):
        return None
    kind = next(kind for kind in _NOTHING if issubclass(getattr(hint, "__origin__", hint), kind))
    return hint(_NOTHING[kind]) if isinstance(hint, type) else _NOTHING[kind]


@cache
def _hints(entity: Any) -> dict[str, Any]:
    hints = get_type_hints(entity)
    return {field.name: hints[field.name] for field in dataclasses.fields(entity)}
