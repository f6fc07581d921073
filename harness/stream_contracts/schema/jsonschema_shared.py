"""Nodes that schemas share: equal subschemas of any documents become one node, which is loaded and compared once.

Versions of a schema differ little. Only properties are shared, and only those that refer to nothing: what they mean
does not hang on the document around them, and no node can then lie within itself. Branches are not shared, for there
the rules ask which of two equal ones they have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

from stream_contracts.schema.jsonschema_found import Found
from stream_contracts.schema.jsonschema_nodes import Node

_MOST: Final = 4096
_LONGEST: Final = 4096
"""Nodes that are kept, and characters of the text of one: larger ones are rarely met again."""
_encode = json.JSONEncoder(ensure_ascii=False).encode

Key = tuple[Hashable, str]

_nodes: dict[Key, Node] = {}
_itself: dict[Node, dict[Hashable, Sequence[Found]]] = {}


def shareable(loader: Hashable, schema: Any) -> Key | None:
    """By what a property's schema is found again; None where it is not shared. ``loader``: by which rules it is loaded."""
    try:
        text = _encode(schema)
    except (TypeError, RecursionError):  # a Decimal, whose text says less than it holds; or a very deep one
        return None
    return None if len(text) > _LONGEST or "$" in text or '"id"' in text else (loader, text)


def shared(key: Key | None) -> Node | None:
    """The node that was kept under a key, if any."""
    return _nodes.get(key) if key is not None else None


def kept(key: Key | None, node: Node) -> Node:
    """Keep a node under its key, where it has one; the node."""
    if key is not None:
        if len(_nodes) >= _MOST:
            _nodes.clear()
            _itself.clear()
        _nodes[key] = node
        _itself[node] = {}
    return node


def with_itself(node: Node, rules: Hashable, compare: Callable[[], Sequence[Found]]) -> Sequence[Found]:
    """What a comparison by these rules finds between a node and itself: nothing, or what the rules never take for equal."""
    known = _itself.get(node)
    if known is None:
        return compare()
    if rules not in known:
        known[rules] = compare()
    return known[rules]
