"""A short proof that data reads, for the change that most changes are: a closed object has gained properties.

It compares two schemas word by word, and so spares the rules and the resolver of references. It speaks of schemas that
refer to nothing: what ``$ref`` and its like mean hangs on the document around them. Where it says nothing, the rules
decide; where it speaks, they would say the same.
"""

from __future__ import annotations

from typing import Any, Final

_SAYS_NOTHING: Final = frozenset({"title", "description", "$comment", "default", "examples"})
_KNOWN: Final = frozenset({"$schema", "$comment"})


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, 1 and true being two, and refer to nothing."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return False
        return all((word[:1] != "$" or word in _KNOWN) and same(value, other[word]) for word, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def widened(writer: Any, reader: Any) -> bool:
    """Whether a reader's schema is the writer's but for words that say nothing and properties added to closed objects."""
    if not isinstance(writer, dict) or not isinstance(reader, dict):
        return same(writer, reader)
    if writer.keys() - _SAYS_NOTHING != reader.keys() - _SAYS_NOTHING:
        return False
    for word, value in writer.items():
        if word[:1] == "$" and word not in _KNOWN:
            return False
        if word == "properties":
            if not _properties(writer, reader):
                return False
        elif word not in _SAYS_NOTHING and not same(value, reader[word]):
            return False
    return True


def _properties(writer: dict[str, Any], reader: dict[str, Any]) -> bool:
    written, read = writer["properties"], reader["properties"]
    if not isinstance(written, dict) or not isinstance(read, dict) or not written.keys() <= read.keys():
        return False
    closed = writer.get("additionalProperties") is False and "patternProperties" not in writer
    if len(read) > len(written) and not closed:
        return False
    return all(name[:1] != "$" and widened(schema, read[name]) for name, schema in written.items())
