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

_nodes: dict[tuple[Hashable, str], Node] = {}
_itself: dict[Node, dict[Hashable, Sequence[Found]]] = {}


def sign(schema: Any) -> str:
    """What two property schemas have in common only if they may share a node; nothing for one that shares with none."""
    try:
        text = _encode(schema)
    except (TypeError, RecursionError):  # a Decimal, whose text says less than it holds; or a very deep one
        return ""
    return "" if len(text) > _LONGEST or "$" in text or '"id"' in text else text


def known(loader: Hashable, text: str) -> Node | None:
    """The node of a property with this sign, if there is one; ``loader`` says by which rules it was loaded."""
    return _nodes.get((loader, text))


def keep(loader: Hashable, text: str, node: Node) -> Node:
    """Share the node from now on with all that have its sign, if it has one."""
    if text:
        if len(_nodes) >= _MOST:
            _nodes.clear()
            _itself.clear()
        _nodes[loader, text] = node
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
