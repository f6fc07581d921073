"""The decoder's verdict: rules over the paired messages of two schemas, then a message that proves them.

Every message type of the writer may be what a record holds (Confluent's framing names it by index), nested ones
too, so all of them are paired: by their name without the package, which does not travel, and the one left over on each
side with each other, a renamed message. A removed field reads: its value stays among the unknown fields, and nobody
asks for it. No rule is believed blindly: whatever the rules say, boundary messages are encoded by the writer and
parsed by the reader, and a loss that no rule foresaw is reported as ``protobuf-unexplained``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from stream_contracts.schema.format import Clash, Decoding, Reads, Witness
from stream_contracts.schema.protobuf_meaning import endless, in_oneof, is_message, loss, message_of, shape, writable
from stream_contracts.schema.protobuf_protoc import Compiled
from stream_contracts.schema.protobuf_rules import FIELD_RULES, MESSAGE_RULES, Hit, arrives
from stream_contracts.schema.protobuf_values import Plan, around, build, field_values, picture, search, variants

_SEVERITY = {Reads.READS: 0, Reads.CHANGES: 1, Reads.FAILS: 2}
_UNEXPLAINED = "protobuf-unexplained"
_INCOMPLETE = "is missing required fields"
_LEAST_DRAWN = 60
"""Messages that Hypothesis draws where something worse is claimed than was found: below, it has hardly begun."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A message of the writer and what the reader parses it as, with the writer's fields that lead there."""

    root: Descriptor
    path: tuple[FieldDescriptor, ...]
    writer: Descriptor
    reader: Descriptor


@dataclass(frozen=True, slots=True)
class _Suspicion:
    """A clash with the place to look for a witness."""

    clash: Clash
    pair: Pair
    number: int


@dataclass(frozen=True, slots=True)
class _Proof:
    reads: Reads
    witness: Witness


def decode_verdict(writer: Compiled, reader: Compiled, budget: int) -> Decoding:
    """What becomes of data written with ``writer`` and read with ``reader``; at most ``budget`` messages are tried."""
    roots, unread = _roots(writer, reader)
    if not writer.messages:
        return Decoding(Reads.READS, note="nothing can be written: the writer's schema has no message")
    if not roots:
        return Decoding(Reads.UNKNOWN, proved=False, note=f"the reader has no message to read {unread[0]} with")
    written = [(root, counterpart) for root, counterpart in roots if not endless(root)]
    if not written:
        return Decoding(Reads.READS, note="nothing can be written: every message requires itself")
    pairs = [pair for root, counterpart in written for pair in _reachable(root, counterpart)]
    pairs = list({(id(pair.writer), id(pair.reader)): pair for pair in reversed(pairs)}.values())[::-1]
    suspicions = [suspicion for pair in pairs for suspicion in _suspicions(pair)]
    trial = _Trial(dict(_by_name(roots)), writer, budget)
    note = _note(writer, unread, roots)
    if next(iter(writer.messages), "") in unread:
        first = f"the reader has no message to read {unread[0]} with"
        return _judged(suspicions, trial, Reads.UNKNOWN, first)
    if suspicions:
        return _judged(suspicions, trial, Reads.READS, note)
    proof = trial.boundaries(pairs)
    if proof is None:
        return Decoding(Reads.READS, note=note)
    clash = Clash(_UNEXPLAINED, "#/", proof.witness.error or "the value does not survive", proof.reads)
    return Decoding(proof.reads, (clash,), proof.witness, note=note)


def proof_at(writer: Compiled, reader: Compiled, pointer: str, budget: int) -> Witness | None:
    """A message that breaks at the field of ``pointer`` and sets no other; None where the rules know of none there."""
    roots, _ = _roots(writer, reader)
    pairs = [pair for root, counterpart in roots if not endless(root) for pair in _reachable(root, counterpart)]
    here = [each for pair in pairs for each in _suspicions(pair) if each.clash.pointer == pointer]
    trial = _Trial(dict(_by_name(roots)), writer, budget)
    for suspicion in here:
        field = shape(suspicion.pair.writer).by_number.get(suspicion.number)
        plans: list[Plan] = [{field.number: value} for value in field_values(field)] if field else [{}]
        for plan in around(suspicion.pair.path, iter(plans)):
            found = trial.outcome(suspicion.pair.root, plan)
            if found is not None and (field is None or _INCOMPLETE not in found.witness.error):
                return found.witness
    return None


def _judged(suspicions: list[_Suspicion], trial: _Trial, least: Reads, note: str) -> Decoding:
    """The worst that was proved; the worst that was claimed where nothing could be."""
    clashes = tuple(suspicion.clash for suspicion in suspicions)
    if not clashes:
        return Decoding(least, proved=False, note=note)
    worst = max((clash.reads for clash in clashes), key=_SEVERITY.__getitem__)
    proof = trial.worst(sorted(suspicions, key=lambda one: -_SEVERITY[one.clash.reads]), worst)
    if proof is None:
        return Decoding(worst, clashes, None, proved=False, note=note)
    return Decoding(proof.reads, clashes, proof.witness, note=note)


def _roots(writer: Compiled, reader: Compiled) -> tuple[list[tuple[Descriptor, Descriptor]], list[str]]:
    """The pairs of message types that a record may hold, and the writer's that have no counterpart."""
    pairs = [(message, reader.messages[name]) for name, message in writer.messages.items() if name in reader.messages]
    unread = [name for name in writer.messages if name not in reader.messages]
    new = [name for name in reader.messages if name not in writer.messages]
    lonely, fresh = ([name for name in names if "." not in name] for names in (unread, new))
    if len(lonely) == len(fresh) == 1:
        pairs.append((writer.messages[lonely[0]], reader.messages[fresh[0]]))
        unread = [name for name in unread if name != lonely[0]]
    return pairs, unread


def _by_name(roots: list[tuple[Descriptor, Descriptor]]) -> Iterator[tuple[str, tuple[Descriptor, Descriptor]]]:
    for pair in roots:
        yield pair[0].full_name, pair


def _reachable(root: Descriptor, counterpart: Descriptor) -> Iterator[Pair]:
    """The root pair and every pair of messages below it, each once, with the shortest path to it."""
    pending = [Pair(root, (), root, counterpart)]
    seen = {(root.full_name, counterpart.full_name)}
    for pair in pending:
        yield pair
        theirs = shape(pair.reader).by_number
        for number, field in shape(pair.writer).by_number.items():
            other = theirs.get(number)
            if other is None or not is_message(field) or not is_message(other) or not arrives(field, other):
                continue
            if not writable(field):
                continue
            key = message_of(field).full_name, message_of(other).full_name
            if key not in seen:
                seen.add(key)
                pending.append(Pair(root, (*pair.path, field), message_of(field), message_of(other)))


def _suspicions(pair: Pair) -> Iterator[_Suspicion]:
    theirs = shape(pair.reader).by_number
    for message_rule in MESSAGE_RULES:
        for hit in message_rule.check(pair.writer, pair.reader):
            yield _suspicion(message_rule.id, hit, pair)
    for number, field in shape(pair.writer).by_number.items():
        if number in theirs and writable(field):
            for rule in FIELD_RULES:
                for hit in rule.check(field, theirs[number]):
                    yield _suspicion(rule.id, hit, pair)


def _suspicion(rule: str, hit: Hit, pair: Pair) -> _Suspicion:
    package = pair.reader.file.package
    local = pair.reader.full_name[len(package) + 1 :] if package else pair.reader.full_name
    pointer = f"#/{local.replace('.', '/')}/{hit.number}"
    return _Suspicion(Clash(rule, pointer, hit.message, hit.reads), pair, hit.number)


def _note(writer: Compiled, unread: list[str], roots: list[tuple[Descriptor, Descriptor]]) -> str:
    notes = []
    if unread:
        notes.append(f"no counterpart in the reader, so records of it are not judged: {', '.join(unread)}")
    if any("google.protobuf.Any" in _types(message) for message in writer.messages.values()):
        notes.append("google.protobuf.Any names its type in full: what is packed in it is not judged")
    for mine, theirs in roots:
        for field in _taken_back(mine, theirs):
            why = "the writer had reserved it, so older data may hold another value there"
            notes.append(f"{theirs.name}.{field.name} uses number {field.number}: {why}")
    return "; ".join(notes)


def _taken_back(writer: Descriptor, reader: Descriptor) -> Iterator[FieldDescriptor]:
    """Fields of the reader whose number the writer had reserved: no data of the writer, but of those before it."""
    new = [field for field in reader.fields if field.number not in shape(writer).by_number]
    if new:
        proto = DescriptorProto()
        writer.CopyToProto(proto)
        for field in new:
            if any(reserved.start <= field.number < reserved.end for reserved in proto.reserved_range):
                yield field


def _types(message: Descriptor) -> set[str]:
    return {field.message_type.full_name for field in message.fields if field.message_type is not None}


class _Trial:
    """Encodes with the writer, parses with the reader, and counts what it has spent."""

    def __init__(self, roots: dict[str, tuple[Descriptor, Descriptor]], writer: Compiled, budget: int) -> None:
        self._roots, self._left = roots, budget
        self._first = next(iter(writer.messages.values()), None)

    def worst(self, suspicions: list[_Suspicion], enough: Reads) -> _Proof | None:
        """The worst proof that the suspected places give, boundary values first, then Hypothesis."""
        best: _Proof | None = None
        for suspicion in suspicions:
            if best is not None and _SEVERITY[best.reads] >= _SEVERITY[suspicion.clash.reads]:
                break
            limit = self._left // 2  # one proof is enough, so the first places get the most tries
            for plan in around(suspicion.pair.path, _targets(suspicion)):
                proof = self.outcome(suspicion.pair.root, plan)
                if proof is not None and (best is None or _SEVERITY[proof.reads] > _SEVERITY[best.reads]):
                    best = proof
                if (best is not None and best.reads is enough) or self._left <= limit:
                    break
        if self._left > 0 and (best is None or _SEVERITY[best.reads] < _SEVERITY[enough]):
            best = self._searched(suspicions, best) or best
        return best

    def _searched(self, suspicions: list[_Suspicion], known: _Proof | None) -> _Proof | None:
        """A proof worse than the one that is known, as Hypothesis draws messages of the first suspected root."""
        root = suspicions[0].pair.root
        least = 0 if known is None else _SEVERITY[known.reads]

        def worse(plan: Plan) -> bool:
            proof = self.outcome(root, plan, free=True)
            return proof is not None and _SEVERITY[proof.reads] > least

        plan = search(root, worse, max(self._left, _LEAST_DRAWN))
        return self.outcome(root, plan, free=True) if plan is not None else None

    def boundaries(self, pairs: list[Pair]) -> _Proof | None:
        """A proof from the boundary values of any pair, where no rule suspects anything."""
        for pair in pairs:
            changed = _changed(pair)
            if pair.path and not changed and not any(field.is_required for field in pair.reader.fields):
                continue
            for plan in around(pair.path, variants(pair.writer, depth=2, only=changed)):
                if self._left <= 0:
                    return None
                proof = self.outcome(pair.root, plan)
                if proof is not None:
                    return proof
        return None

    def outcome(self, root: Descriptor, plan: Plan, *, free: bool = False) -> _Proof | None:
        """What the reader makes of one message: None if it survives."""
        if not free:
            self._left -= 1
        counterpart = self._roots[root.full_name][1]
        written = build(root, plan)
        data = written.SerializeToString(deterministic=True)
        try:
            read = GetMessageClass(counterpart).FromString(data)
        except DecodeError as error:
            return _Proof(Reads.FAILS, Witness(self._shown(root, picture(written)), data, error=str(error)))
        if not read.IsInitialized():
            # Python hands such a message out; Java, C++ and Go refuse it, and so does Python when it is passed on.
            missing = ", ".join(cast(Any, read).FindInitializationErrors())
            error_text = f"{counterpart.full_name} {_INCOMPLETE}: {missing}"
            return _Proof(Reads.FAILS, Witness(self._shown(root, picture(written)), data, error=error_text))
        lost = loss(written, read)
        if lost is None:
            return None
        value = self._shown(root, picture(written, lost.path))
        return _Proof(Reads.CHANGES, Witness(value, data, picture(read, lost.path)))

    def _shown(self, root: Descriptor, value: dict[str, object]) -> dict[str, object]:
        """Say which message it is, unless it is the one that a record holds by default."""
        return value if root is self._first else {"@type": root.full_name, **value}


def _changed(pair: Pair) -> set[int]:
    """The writer's fields that the reader declares in another way, whatever the rules think of it."""
    theirs = shape(pair.reader).by_number
    return {
        number
        for number, field in shape(pair.writer).by_number.items()
        if number not in theirs or _declared(field) != _declared(theirs[number])
    }


def _declared(field: FieldDescriptor) -> tuple[object, ...]:
    enum = field.enum_type
    constants = enum and (enum.is_closed, tuple((value.number, value.name) for value in enum.values))
    label = field.is_repeated, field.is_required, field.has_presence, field.is_packed
    default = "" if field.is_repeated or is_message(field) else repr(field.default_value)
    return field.name, field.type, label, default, in_oneof(field), constants


def _targets(suspicion: _Suspicion) -> Iterator[Plan]:
    """Plans of the suspected message, those about the suspected field first."""
    field = shape(suspicion.pair.writer).by_number.get(suspicion.number)
    if field is not None:
        for value in field_values(field):
            yield {field.number: value}
    yield from variants(suspicion.pair.writer, depth=1)
