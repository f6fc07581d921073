"""Avro: when can a reader not decode what a writer wrote, or decodes it into something else?

One function and one row per rule. The rules say what fastavro does; ``avro_decoder`` proves them with a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from stream_contracts.schema.avro_defaults import fits
from stream_contracts.schema.avro_logical import kind
from stream_contracts.schema.avro_model import ABSENT, Enum, Field, Fixed, Node, Primitive, Record, Union
from stream_contracts.schema.avro_resolution import (
    Pair,
    Step,
    Trail,
    ignored,
    matches,
    pairs,
    renamed,
    same_name,
    stolen,
    taken,
    targets,
)
from stream_contracts.schema.format import Clash, Reads

INEXACT: Final = 2**53 + 1
"""The first integer that a double does not hold."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule fired: where below the pair, what happens, and which written value shows it, reached by further steps."""

    below: str
    message: str
    show: tuple[Any, ...] = ()
    steps: Trail = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: the id, what becomes of the data, and the function that looks at a pair of types."""

    id: str
    reads: Reads
    check: Callable[[Node, Node], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Firing:
    """A clash with what a search needs to prove it: the way in the written value, the type there, values to try."""

    clash: Clash
    trail: Trail
    writer: Node
    show: tuple[Any, ...] = field(default=())


def firings(writer: Node, reader: Node) -> Iterator[Firing]:
    """Yield what the rules find in every pair of types that meet, from the top."""
    for pair in pairs(writer, reader):
        if not ignored(pair.writer, pair.reader):
            yield from _fire(pair)


def _fire(pair: Pair) -> Iterator[Firing]:
    for rule in RULES:
        for hit in rule.check(pair.reader, pair.writer):
            clash = Clash(rule.id, pair.pointer + hit.below or "/", hit.message, rule.reads)
            yield Firing(clash, pair.trail + hit.steps, _end(pair.writer, hit.steps), hit.show)


def _end(writer: Node, steps: Trail) -> Node:
    """The written type at the end of further steps."""
    for step in steps:
        if step.branch is not None:
            writer = step.branch
        elif step.field is not None and isinstance(writer, Record):
            writer = writer.by_name[step.field].node
    return writer


def type_mismatch(reader: Node, writer: Node) -> Iterator[Hit]:
    """Types that neither match nor promote."""
    if isinstance(reader, Union) or isinstance(writer, Union):
        if isinstance(reader, Union) and not isinstance(writer, Union) and taken(writer, reader) is None:
            yield Hit("", f"no branch of the reader's union takes the written {_called(writer)}")
        return
    if isinstance(reader, Record | Enum | Fixed) and isinstance(writer, Record | Enum | Fixed):
        passes = isinstance(writer, Fixed) and same_name(writer, reader)
        if reader.type != writer.type and not passes:
            yield Hit("", f"a written {_called(writer)} is no {_called(reader)}")
    elif reader.type != writer.type and not matches(writer, reader):
        yield Hit("", f"a written {_called(writer)} is no {_called(reader)}")


def kind_differs(reader: Node, writer: Node) -> Iterator[Hit]:
    """fastavro reads a fixed into an enum or record of the same name, as bytes."""
    if isinstance(writer, Fixed) and isinstance(reader, Record | Enum) and same_name(writer, reader):
        yield Hit("", f"the bytes of {_called(writer)} come out where a {reader.type} is expected")


def name_mismatch(reader: Node, writer: Node) -> Iterator[Hit]:
    """Named types of one kind match by name or by the reader's alias."""
    if not isinstance(reader, Record | Enum | Fixed) or not isinstance(writer, Record | Enum | Fixed):
        return
    if reader.type == writer.type and not same_name(writer, reader):
        yield Hit("/name", f"{writer.fullname} was written, the reader knows it neither by name nor by alias")


def size_differs(reader: Node, writer: Node) -> Iterator[Hit]:
    """A fixed has exactly one size."""
    if isinstance(reader, Fixed) and isinstance(writer, Fixed) and reader.size != writer.size:
        yield Hit("/size", f"{writer.size} bytes were written, the reader expects {reader.size}")


def symbol_lost(reader: Node, writer: Node) -> Iterator[Hit]:
    """A symbol that the reader does not know, and no default symbol."""
    if isinstance(reader, Enum) and isinstance(writer, Enum) and not reader.default and same_name(writer, reader):
        for symbol in writer.symbols:
            if symbol not in reader.symbols:
                yield Hit("/symbols", f"the reader does not know the symbol {symbol}", (symbol,))


def symbol_defaulted(reader: Node, writer: Node) -> Iterator[Hit]:
    """A symbol that the reader does not know turns into its default symbol."""
    if isinstance(reader, Enum) and isinstance(writer, Enum) and reader.default and same_name(writer, reader):
        for symbol in writer.symbols:
            if symbol not in reader.symbols:
                yield Hit("/default", f"the symbol {symbol} is read as {reader.default}", (symbol,))


def field_without_default(reader: Node, writer: Node) -> Iterator[Hit]:
    """A field the writer never wrote needs a default to be read."""
    if isinstance(reader, Record) and isinstance(writer, Record) and same_name(writer, reader):
        filled = {target.name for _, target in targets(writer, reader) if target is not None}
        for at, each in enumerate(reader.fields):
            if each.name not in filled and each.default is ABSENT:
                yield Hit(f"/fields/{at}", f"the field {each.name} was not written and has no default")


def branch_lost(reader: Node, writer: Node) -> Iterator[Hit]:
    """A branch of the writer's union that no branch of the reader's takes."""
    if isinstance(writer, Union) and isinstance(reader, Union):
        for branch in writer.branches:
            if taken(branch, reader) is None:
                message = f"no branch of the reader's union takes the written {_called(branch)}"
                yield Hit("", message, steps=(Step(writer, branch=branch),))


def branch_drift(reader: Node, writer: Node) -> Iterator[Hit]:
    """The same branch is there, and fastavro takes an earlier one that fits as well."""
    if isinstance(writer, Union) or not isinstance(reader, Union):
        return
    chosen = taken(writer, reader)
    if chosen is not None and drifted(writer, chosen, reader):
        yield Hit("", f"a written {_called(writer)} is read as {_called(chosen)}, an earlier branch of the union")


def drifted(writer: Node, chosen: Node, reader: Union) -> bool:
    """Whether a written type comes out as another branch than its own, in a way that a program sees."""
    if isinstance(writer, Record | Enum | Fixed):
        return _called(chosen) != _called(writer) and any(
            _called(writer) == _called(other) for other in reader.branches
        )
    text = {"string", "bytes"}
    present = any(other.type == writer.type for other in reader.branches)
    return writer.type in text and chosen.type in text - {writer.type} and present


def precision_lost(reader: Node, writer: Node) -> Iterator[Hit]:
    """A long that becomes a floating number is rounded above 2^53 (fastavro reads both widths as a double)."""
    if writer.type == "long" and reader.type in {"float", "double"} and not _python_value(writer):
        yield Hit("", f"a long beyond 2^53 is rounded when it is read as {reader.type}", (INEXACT,))


def bytes_not_text(reader: Node, writer: Node) -> Iterator[Hit]:
    """Bytes that are read as a string have to be UTF-8."""
    if writer.type == "bytes" and reader.type == "string" and not _python_value(writer):
        yield Hit("", "bytes that are not UTF-8 are no string", (b"\xff",))


def alias_clash(reader: Node, writer: Node) -> Iterator[Hit]:
    """Two written fields go to one field of the reader, one by name and one by alias."""
    if isinstance(reader, Record) and isinstance(writer, Record) and same_name(writer, reader):
        sources: dict[str, list[str]] = {}
        for written, target in targets(writer, reader):
            if target is not None:
                sources.setdefault(target.name, []).append(written.name)
        for at, each in enumerate(reader.fields):
            if len(sources.get(each.name, ())) > 1:
                yield Hit(f"/fields/{at}", f"{' and '.join(sources[each.name])} are both read into {each.name}")


def alias_steals(reader: Node, writer: Node) -> Iterator[Hit]:
    """The other order, in which fastavro does not stumble: the field found by alias came first and keeps the place."""
    if isinstance(reader, Record) and isinstance(writer, Record) and same_name(writer, reader):
        for written, _ in stolen(writer, reader):
            at = reader.places[written.name]
            message = f"{written.name} gets the value of another field, which is read into it by alias"
            yield Hit(f"/fields/{at}", message, steps=(Step(writer, field=written.name),))


def field_renamed(reader: Node, writer: Node) -> Iterator[Hit]:
    """A field that looks renamed without an alias: its data is dropped, the new name gets the default."""
    if isinstance(reader, Record) and isinstance(writer, Record) and same_name(writer, reader):
        for dropped, added in renamed(writer, reader):
            at = reader.places[added.name]
            message = f"{dropped.name} is dropped and {added.name}, which looks like its new name, gets its default"
            yield Hit(f"/fields/{at}", message, steps=(Step(writer, field=dropped.name),))


def default_is_no_value(reader: Node, writer: Node) -> Iterator[Hit]:
    """A default that fastavro hands out although it is not what the field's type says."""
    if isinstance(reader, Record) and isinstance(writer, Record) and same_name(writer, reader):
        filled = {target.name for _, target in targets(writer, reader) if target is not None}
        for at, each in _badly_filled(reader):
            if each.name not in filled:
                yield Hit(
                    f"/fields/{at}/default", f"{each.name} gets {each.default!r}, which is no {_called(each.node)}"
                )


@lru_cache(maxsize=1024)
def _badly_filled(reader: Record) -> tuple[tuple[int, Field], ...]:
    """The fields whose default is no value of their type, by position."""
    return tuple((at, each) for at, each in enumerate(reader.fields) if bad_default(each.node, each.default))


def bad_default(node: Node, default: Any) -> bool:
    """Whether a default is no value of the type, or the word "null" where null was meant."""
    if default is ABSENT:
        return False
    nullable = isinstance(node, Union) and any(branch.type == "null" for branch in node.branches)
    return not fits(node, default) or (nullable and default == "null")


def decimal_without_precision(reader: Node, writer: Node) -> Iterator[Hit]:
    """fastavro cannot read a decimal that has no precision, not even with the schema that wrote it."""
    logical = writer.logical
    if isinstance(reader, Union):
        return
    if logical and logical.name == "decimal" and writer.type in {"bytes", "fixed"} and logical.precision is None:
        yield Hit("", "the written decimal has no precision")


def logical_type_differs(reader: Node, writer: Node) -> Iterator[Hit]:
    """Advice: fastavro goes by the writer's logical type, others (Java) apply the reader's to the raw number."""
    if not isinstance(reader, Primitive | Fixed) or not isinstance(writer, Primitive | Fixed):
        return
    if reader.logical != writer.logical and matches(writer, reader):
        said = f"{_logical(writer)} was written, the reader says {_logical(reader)}"
        yield Hit("", f"{said}: fastavro goes by the writer, a decoder that goes by the reader gets another")


RULES: Final = (
    Rule("avro-type-mismatch", Reads.FAILS, type_mismatch),
    Rule("avro-kind-differs", Reads.CHANGES, kind_differs),
    Rule("avro-name-mismatch", Reads.FAILS, name_mismatch),
    Rule("avro-size-differs", Reads.FAILS, size_differs),
    Rule("avro-symbol-lost", Reads.FAILS, symbol_lost),
    Rule("avro-symbol-defaulted", Reads.CHANGES, symbol_defaulted),
    Rule("avro-field-without-default", Reads.FAILS, field_without_default),
    Rule("avro-branch-lost", Reads.FAILS, branch_lost),
    Rule("avro-branch-drift", Reads.CHANGES, branch_drift),
    Rule("avro-precision-lost", Reads.CHANGES, precision_lost),
    Rule("avro-bytes-not-text", Reads.FAILS, bytes_not_text),
    Rule("avro-alias-clash", Reads.FAILS, alias_clash),
    Rule("avro-alias-steals", Reads.CHANGES, alias_steals),
    Rule("avro-field-renamed", Reads.CHANGES, field_renamed),
    Rule("avro-default-is-no-value", Reads.CHANGES, default_is_no_value),
    Rule("avro-decimal-without-precision", Reads.FAILS, decimal_without_precision),
    Rule("avro-logical-type-differs", Reads.READS, logical_type_differs),
)


def _called(node: Node) -> str:
    return f"{node.type} {node.fullname}" if isinstance(node, Record | Enum | Fixed) else node.type


def _logical(node: Node) -> str:
    logical = node.logical
    if logical is None:
        return f"plain {node.type}"
    detail = f"({logical.precision}, {logical.scale or 0})" if logical.name == "decimal" else ""
    return logical.name + detail


def _python_value(node: Node) -> bool:
    """Whether fastavro turns the raw value into a Python value, and then forgets about promotions."""
    return kind(node) is not None
