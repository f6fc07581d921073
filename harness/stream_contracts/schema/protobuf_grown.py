"""Protobuf: a short proof that data reads, for the change that nearly all changes are: fields were added or removed.

It looks at two texts and two element trees, and so spares protoc a file: versions kept by the dozen mostly differ by a
field or two. Where it says nothing, protoc and the rules decide; where it speaks, they would say the same:

* One text is the other one with whole lines added, each of them a field of a scalar type. So options, reserved
  numbers, imports and names are the same, and the fields that both have are equal to the letter: each arrives as it was.
* The trees differ by exactly those fields, so no added line completes a statement of its neighbours.
* If protoc takes the longer text, it takes the shorter one: taking a field away leaves a valid file, but for a oneof
  or an ``extend`` that is left empty. A new field cannot have a number that the other side reserved: the longer text
  has the same ``reserved`` lines.
* Whatever could tell a message from its neighbours by more than its fields is left to the rules: ``_BEYOND``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from stream_contracts.schema.protobuf_tree import SCALARS, Field, File, Message

_BEYOND = ("required", "extend", "extensions", "group", "Any", "edition", "message_set_wire_format")
_FIELD = re.compile(
    rf"\s*(optional |repeated |)\s*({'|'.join(sorted(SCALARS))}) +([A-Za-z][A-Za-z0-9_]*) *= *([0-9]+) *;\s*(?://.*)?"
)
_NOTHING = re.compile(r"\s*(?://.*)?")

_Key = tuple[str, str, str, int]


def grown(long: tuple[str, File], short: tuple[str, File]) -> bool:
    """Whether the second file, text and tree, is the first one without some of its fields, and sound if that one is."""
    added = _added(long[0], short[0])
    if added is None or any(word in long[0] for word in _BEYOND):
        return False
    missing: Counter[_Key] = Counter()
    return bool(long[1].messages) and _same_but_for(long[1], short[1], missing) and missing == Counter(added)


def _added(long: str, short: str) -> list[_Key] | None:
    """The fields on the lines that the longer text has more; None where something else differs."""
    if long == short:
        return []
    lines, kept = _lines(long), iter(_lines(short))
    added: list[_Key] = []
    waiting = next(kept, None)
    for line in lines:
        if line == waiting:
            waiting = next(kept, None)
            continue
        field = _FIELD.fullmatch(line)
        if field is None:
            return None
        label, type_, name, number = field.groups()
        added.append((label.strip(), type_, name, int(number)))
    return added if waiting is None else None


def _lines(text: str) -> Iterable[str]:
    lines = text.split("\n")
    return lines if "/*" in text else [line for line in lines if not _NOTHING.fullmatch(line)]


def _same_but_for(long: File | Message, short: File | Message, missing: Counter[_Key]) -> bool:
    """Whether two scopes hold the same, but for fields that the longer one has more: those are counted."""
    if isinstance(long, File) and isinstance(short, File):
        if (long.package, long.imports) != (short.package, short.imports):
            return False
    elif isinstance(long, Message) and isinstance(short, Message):
        if (long.name, long.map_entry, len(long.oneofs)) != (short.name, short.map_entry, len(short.oneofs)):
            return False
        pairs = [(long.fields, short.fields)]
        for mine, theirs in zip(long.oneofs, short.oneofs, strict=True):
            if mine.name != theirs.name or not theirs.fields:
                return False
            pairs.append((mine.fields, theirs.fields))
        if not all(_fewer(mine, theirs, missing) for mine, theirs in pairs):
            return False
    if len(long.messages) != len(short.messages) or len(long.enums) != len(short.enums):
        return False
    enums = zip(long.enums, short.enums, strict=True)
    messages = zip(long.messages, short.messages, strict=True)
    return all((mine.name, mine.constants) == (theirs.name, theirs.constants) for mine, theirs in enums) and all(
        _same_but_for(mine, theirs, missing) for mine, theirs in messages
    )


def _fewer(long: tuple[Field, ...], short: tuple[Field, ...], missing: Counter[_Key]) -> bool:
    kept = iter(_keys(short))
    waiting = next(kept, None)
    for key in _keys(long):
        if key == waiting:
            waiting = next(kept, None)
        else:
            missing[key] += 1
    return waiting is None


def _keys(fields: tuple[Field, ...]) -> Iterator[_Key]:
    return ((field.label, field.type, field.name, field.number) for field in fields)
