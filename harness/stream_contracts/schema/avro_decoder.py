"""The decoder's verdict on Avro: what fastavro makes of data written with another schema, proved by a message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from stream_contracts.schema.avro_codec import Compiled, compiled, decode, encode, json_ready
from stream_contracts.schema.avro_model import Array, AvroSchema, Map, Node, Record, Union
from stream_contracts.schema.avro_resolution import Trail
from stream_contracts.schema.avro_rules import Firing, firings
from stream_contracts.schema.avro_shape import Shape, branch_name
from stream_contracts.schema.avro_survival import change, plain
from stream_contracts.schema.avro_values import Edges, boundary
from stream_contracts.schema.format import Clash, Decoding, Reads, Witness

TRIES_PER_CLASH: Final = 24
"""Values tried at the place where a rule fired before the search goes wide."""
MOST_TRIES: Final = 240
"""Values tried in all for the rules that fired: many rules fire together, and a proof of one is enough."""
LARGEST: Final = 100_000
"""Parts of the smallest message; beyond that, none is written."""
DIAGONALS: Final = 16
"""Messages in which every part is at an edge at once: they reach all fields of a wide record."""
ROOM: Final = 1_000
"""Parts that such a message may have beyond the plainest one."""
EDGE_PARTS: Final = 20_000
WIDEST: Final = 250
"""Parts of the plainest message up to which Hypothesis draws: wider ones overrun its buffer time and again."""
DRAWN_PARTS: Final = 4_000
"""What the search may spend on large messages, in parts: Hypothesis needs about a tenth of a millisecond for each."""
QUIETLY: Final = 4
"""Where no rule fired, Hypothesis gets this part of the budget."""
MATCHED: Final = frozenset({"avro-type-mismatch", "avro-name-mismatch", "avro-size-differs"})
REFUSED: Final = "avro-schema-refused"
"""Not a row of the rules: fastavro does not take the reader's schema at all."""
WORSE: Final = (Reads.READS, Reads.CHANGES, Reads.FAILS)


@dataclass(frozen=True, slots=True)
class _Trial:
    """The two schemas as fastavro holds them, and what becomes of a value between them."""

    writer: AvroSchema
    reader: AvroSchema
    wrote: Compiled
    reads: Compiled
    same: bool
    """fastavro does not resolve between equal schemas."""

    def outcome(self, value: Any) -> tuple[Reads, Witness] | None:
        """Write and read a value; None where it survives, or cannot be written at all."""
        try:
            data = encode(self.wrote, value)
        except Exception:
            return None  # this value is not for the wire; nothing is learnt about reading
        try:
            if self.reads.refusal:
                return Reads.FAILS, Witness(json_ready(value), data, error=self.reads.refusal)
            if self.wrote.refusal:
                return Reads.FAILS, Witness(json_ready(value), data, error=self.wrote.refusal)
            read = decode(self.wrote, self.reads, data)
        except Exception as error:
            return Reads.FAILS, Witness(json_ready(value), data, error=f"{type(error).__name__}: {str(error)[:300]}")
        if self.same or not self.changed(value, read, data):
            return None
        return Reads.CHANGES, Witness(json_ready(value), data, json_ready(self.named(data, read)))

    def changed(self, value: Any, read: Any, data: bytes) -> bool:
        """Whether the value did not survive, and would have with the writer's own schema."""
        if not change(self.writer.root, self.reader.root, value, read):
            return False
        return bool(decode(self.wrote, None, data) == plain(value))

    def named(self, data: bytes, read: Any) -> Any:
        """What was read, with the names of branches where fastavro is able to tell them."""
        try:
            return decode(self.wrote, self.reads, data, naming=True)
        except Exception:
            return read


def decoding(writer: AvroSchema, reader: AvroSchema, budget: int) -> Decoding:
    """Say what becomes of data written with ``writer`` and read with ``reader`` by fastavro.

    Rules name the places, then messages are really written and read: the values that a rule points at, the edges of the
    schema, and up to ``budget`` values that Hypothesis draws (always the same ones). A message that breaks outweighs
    silent rules; a rule without a message is ``proved=False``.
    """
    wrote, reads = compiled(writer), compiled(reader)
    trial = _Trial(writer, reader, wrote, reads, same=wrote.reading == reads.reading)
    suspected = () if trial.same else tuple(firings(writer.root, reader.root))
    if budget == 0 and not suspected and not any(_refusals(trial)):
        return Decoding(Reads.READS)  # nothing is suspected and nothing may be tried: there is no more to learn
    if wrote.writing is None:
        why = f"fastavro does not take the writer's schema: {wrote.unwritable}"
        return Decoding(Reads.UNKNOWN, proved=False, note=why)
    shape = Shape(writer)
    if shape.height[writer.root] == float("inf"):
        return Decoding(Reads.READS, note="nothing can be written: the writer's schema has no finite value")
    if shape.size[writer.root] > LARGEST:
        return Decoding(
            Reads.UNKNOWN, proved=False, note=f"nothing was written: every message has more than {LARGEST:,} parts"
        )
    fired = tuple(firing for firing in suspected if _happens(shape, firing))
    clashes = (*_refusals(trial), *(firing.clash for firing in fired))
    claimed = max((clash.reads for clash in clashes), key=WORSE.index, default=Reads.READS)
    found = _search(trial, _candidates(writer, shape, fired, claimed, budget), claimed)
    if found is None or WORSE.index(found[0]) < WORSE.index(claimed):
        wanted = budget if clashes else budget // QUIETLY
        size = int(shape.size[writer.root])
        found = _drawn(trial, min(wanted, DRAWN_PARTS // size) if size <= WIDEST else 0, claimed) or found
    return _verdict(clashes, claimed, found)


def _refusals(trial: _Trial) -> Iterator[Clash]:
    if trial.reads.refusal:
        yield Clash(REFUSED, "/", f"fastavro refuses the reader's schema: {trial.reads.refusal}", Reads.FAILS)
    if trial.wrote.refusal:
        yield Clash(REFUSED, "/", f"fastavro refuses the writer's schema: {trial.wrote.refusal}", Reads.FAILS)


def _verdict(clashes: tuple[Clash, ...], claimed: Reads, found: tuple[Reads, Witness] | None) -> Decoding:
    """Put claim and proof together: the worse of both, proved where a message shows it."""
    advice = "; ".join(dict.fromkeys(clash.message for clash in clashes if clash.reads is Reads.READS))
    if found is None:
        return Decoding(claimed, clashes, None, proved=claimed is Reads.READS, note=advice)
    reads, witness = found
    if WORSE.index(reads) < WORSE.index(claimed):
        return Decoding(claimed, clashes, None, proved=False, note=advice)
    return Decoding(reads, clashes, witness, note=advice)


def _search(trial: _Trial, values: Iterable[Any], enough: Reads) -> tuple[Reads, Witness] | None:
    """The worst outcome; the search ends at the first one that is as bad as was claimed (or a failure)."""
    worst = None
    for value in values:
        outcome = trial.outcome(value)
        if outcome is None or (worst is not None and WORSE.index(outcome[0]) <= WORSE.index(worst[0])):
            continue
        worst = outcome
        if worst[0] is Reads.FAILS or (worst[0] is enough and enough is not Reads.READS):
            break
    return worst


def _candidates(
    writer: AvroSchema, shape: Shape, fired: tuple[Firing, ...], claimed: Reads, budget: int
) -> Iterator[Any]:
    """Values in the order of their promise: at the places where the worst rules fired, then the schema's edges."""
    edges = Edges(shape, named_branches=True)
    yield from islice(_pointed(edges, shape, fired, claimed), MOST_TRIES)
    if not budget:
        return
    size = int(shape.size[writer.root])
    for step in range(DIAGONALS):
        yield edges.diagonal(writer.root, step, [size + ROOM])
    yield from islice(boundary(writer, named_branches=True), min(budget, EDGE_PARTS // size))


def _pointed(edges: Edges, shape: Shape, fired: tuple[Firing, ...], claimed: Reads) -> Iterator[Any]:
    """Values at the places where rules fired, those with the worst claim first."""
    for firing in sorted(fired, key=lambda firing: firing.clash.reads is not claimed):
        trail, node = _reachable(shape, firing)
        show = firing.show if node is firing.writer else ()
        for value in (*show, *islice(edges.of(node, {}), TRIES_PER_CLASH)):
            yield _embedded(edges, trail, value)


def _happens(shape: Shape, firing: Firing) -> bool:
    """Whether any message gets to where a rule fired: not behind a type that has no finite value.

    The items of an empty array are such a place, unless the rule is about the types themselves: fastavro matches those
    before it reads.
    """
    inside = [*(step.node for step in firing.trail), firing.writer]
    barred = [at for at, node in enumerate(inside) if shape.height[node] == float("inf")]
    if not barred:
        return True
    between = inside[barred[0] - 1 : -1]
    return firing.clash.rule in MATCHED and all(isinstance(node, Array | Map) for node in between)


def _reachable(shape: Shape, firing: Firing) -> tuple[Trail, Node]:
    """The way to where a rule fired, and the type there; both cut short before a type without finite values."""
    inside = [*(step.node for step in firing.trail), firing.writer]
    for at, node in enumerate(inside):
        if shape.height[node] == float("inf"):
            return firing.trail[: at - 1], inside[at - 1]
    return firing.trail, firing.writer


def _embedded(edges: Edges, trail: Trail, value: Any) -> Any:
    """A whole written value that is plain except for what stands at the end of the trail."""
    for step in reversed(trail):
        if isinstance(step.node, Record):
            value = {**edges.plain(step.node), str(step.field): value}
        elif isinstance(step.node, Union):
            assert step.branch is not None
            value = (branch_name(step.branch), value)
        else:
            value = [value] if isinstance(step.node, Array) else {"key": value}
    return value


def _drawn(trial: _Trial, budget: int, enough: Reads) -> tuple[Reads, Witness] | None:
    """What Hypothesis finds within the budget."""
    if budget < 1:
        return None
    from stream_contracts.schema.avro_random import each

    found: list[tuple[Reads, Witness]] = []

    def look(value: Any) -> None:
        if not found or (found[0][0] is not Reads.FAILS and found[0][0] is not enough):
            outcome = _search(trial, (value,), enough)
            if outcome and (not found or WORSE.index(outcome[0]) > WORSE.index(found[0][0])):
                found[:] = [outcome]

    each(trial.writer, budget, look)
    return found[0] if found else None
