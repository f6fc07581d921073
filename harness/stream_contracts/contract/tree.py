"""A YAML text as plain data, with the place where each piece of it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

Steps = tuple[str | int, ...]
"""The way from the root to a node: mapping keys and 0-based list positions."""

BYTES_MAX = 1_000_000
DEPTH_MAX = 16
NODES_MAX = 20_000
"""A contract is a page: these bounds stop alias bombs and accidents, far above anything that is meant."""


class Mark(NamedTuple):
    """A position in a text; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Tree:
    """What a YAML text says, and where.

    ``data`` is made of dict, tuple, str, int, float, bool and None. ``keys`` holds where each node begins: at its key
    where it has one. ``complaints`` lists what makes the text no contract, whatever its content; a value that one of
    them is about is None in ``data``, and its steps are in ``refused``.
    """

    data: Any = None
    keys: Mapping[Steps, Mark] = field(default_factory=dict)
    complaints: tuple[tuple[Mark, str], ...] = ()
    refused: frozenset[Steps] = frozenset()

    def nearest(self, steps: Steps) -> Steps:
        """Return the longest beginning of ``steps`` that is written in the text."""
        while steps and steps not in self.keys:
            steps = steps[:-1]
        return steps


def read(raw: bytes) -> Tree:
    """Read the bytes of one YAML document; whatever they are, the answer is a Tree."""
    if len(raw) > BYTES_MAX:
        return _refused(Mark(1, 1), f"too large for a contract; allowed: up to {BYTES_MAX:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig")
        return _refused(_mark_at(before), f"not UTF-8 text: found the byte 0x{raw[error.start]:02x}")
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Bounded
    try:
        root = yaml.compose(text)
    except _TooMuch as error:
        return _refused(error.mark, str(error))
    except YAMLError as error:
        return _refused(*_told(error, text))
    except Exception as error:  # the pure scanner lets ValueError, AttributeError and the like out on garbage
        return _refused(Mark(1, 1), f"not YAML: {type(error).__name__}: {error}")
    if root is None:
        return _refused(Mark(1, 1), "the file is empty; a contract begins with the line 'contract: <name>'")
    walk = _Walk(yaml)
    try:
        data = walk.plain(root, ())
    except _TooMuch as error:
        return _refused(error.mark, str(error))
    return Tree(data, walk.keys, tuple(walk.complaints), frozenset(walk.refused))


class _TooMuch(Exception):  # noqa: N818 - it ends a walk, it is never seen outside
    """The document is deeper or larger than any contract."""

    def __init__(self, mark: Mark, text: str) -> None:
        self.mark = mark
        super().__init__(text)


def _bounded(mark: Mark, depth: int, nodes: int) -> None:
    if depth > DEPTH_MAX:
        raise _TooMuch(mark, f"nested too deeply; allowed: {DEPTH_MAX} levels")
    if nodes > NODES_MAX:
        raise _TooMuch(mark, f"more than {NODES_MAX:,} values (an alias counts as often as it is used)")


class _Bounded(Composer):
    """Builds nodes, and stops at the bounds: a megabyte of YAML would otherwise take ruamel ten seconds."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # YAML allows them, and a warning has no place in a report
        self.level = self.nodes = 0

    def compose_node(self, parent: Any, index: int) -> Any:
        """Compose one node and what is below it."""
        at = self.loader.parser.peek_event().start_mark
        self.level, self.nodes = self.level + 1, self.nodes + 1
        _bounded(Mark(at.line + 1, at.column + 1), self.level - 1, self.nodes)
        try:
            return super().compose_node(parent, index)
        finally:
            self.level -= 1


class _Walk:
    """One walk over the composed nodes: builds the data and notes the places."""

    def __init__(self, yaml: YAML) -> None:
        self.yaml = yaml
        self.keys: dict[Steps, Mark] = {}
        self.complaints: list[tuple[Mark, str]] = []
        self.refused: set[Steps] = set()

    def plain(self, node: Node, steps: Steps, key: Node | None = None) -> Any:
        """Return the plain data of ``node``, which stands at ``steps``."""
        mark = _start(node)
        _bounded(mark, len(steps), len(self.keys))  # again, since an alias is composed once and walked at each use
        self.keys[steps] = _start(key) if key is not None else mark
        if isinstance(node, MappingNode) and _is(node, "map"):
            return self._mapping(node, steps)
        if isinstance(node, SequenceNode) and _is(node, "seq"):
            return tuple(self.plain(item, (*steps, n)) for n, item in enumerate(node.value))
        if isinstance(node, ScalarNode) and _is(node, *_SCALARS):
            return self._scalar(node, steps)
        return self._refuse(node, steps, f"found the tag {node.tag}; allowed: plain text, numbers, lists and mappings")

    def _refuse(self, node: Node, steps: Steps, text: str) -> None:
        self.complaints.append((_start(node), text))
        self.refused.add(steps)

    def _mapping(self, node: MappingNode, steps: Steps) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.complaints.append((_start(key), "found a list or a mapping as a key; allowed: a name"))
                continue
            # A key is a name: it is taken as written, so that `on:` or `2024:` need no quotes.
            name = key.value
            if name in found:
                first = self.keys[(*steps, name)]
                self.complaints.append((_start(key), f"the key {name!r} is given twice, first on line {first.line}"))
                continue
            found[name] = self.plain(value, (*steps, name), key)
        return found

    def _scalar(self, node: ScalarNode, steps: Steps) -> Any:
        kind = str(node.tag).rpartition(":")[2]
        if kind in ("str", "timestamp"):
            return node.value
        if kind == "null":
            return None
        try:
            return getattr(self.yaml.constructor, f"construct_yaml_{kind}")(node)
        except Exception:  # the constructors answer bad text with whatever went wrong first
            return self._refuse(node, steps, f"found {node.value[:60]!r}, which is no {kind}")


_SCALARS = ("str", "int", "float", "bool", "null", "timestamp")


def _is(node: Node, *kinds: str) -> bool:
    return str(node.tag) in {f"tag:yaml.org,2002:{kind}" for kind in kinds}


def _start(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _mark_at(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _told(error: YAMLError, text: str) -> tuple[Mark, str]:
    """Say in one line what the YAML parser did not understand."""
    if isinstance(error, ReaderError):
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return _mark_at(text[: error.position]), f"found the character U+{code:04X}, which YAML does not allow"
    if not isinstance(error, MarkedYAMLError):
        return Mark(1, 1), f"not YAML: {error}"
    at = error.problem_mark or error.context_mark
    mark = Mark(at.line + 1, at.column + 1) if at else Mark(1, 1)
    said = ", ".join(part for part in (error.context, error.problem) if part)
    if "'\\t'" in said:
        return mark, "found a tab; allowed: spaces, YAML is indented with them"
    return mark, f"not YAML: {' '.join(said.split())}"


def _refused(mark: Mark, text: str) -> Tree:
    return Tree(complaints=((mark, text),))
