"""Wrong versions of a Python module: a comparison, connective, number, word, negation or statement of a function is another."""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
CALLED = {"any": "all", "all": "any", "min": "max", "max": "min"}
"""What stands in a function -> what a mistake may have put in its place."""

Place = tuple[str, int]
"""A function: its qualified name and its first line."""


class Mutant(NamedTuple):
    """What was changed, in which function, with its new code; ``lines`` are those of the statement that was changed."""

    change: str
    place: Place
    code: CodeType
    lines: range


def mutants(file: Path) -> Iterator[Mutant]:
    """Every version of a module that differs in one place of a function; what runs at its import is left alone."""
    tree = ast.parse(file.read_text("utf-8"))
    seen: dict[str, int] = {}
    for statement, node in _nodes(tree):
        for told, undo in _changes(node):
            code = compile(ast.fix_missing_locations(tree), str(file), "exec")
            undo()
            line = getattr(node, "lineno", statement.start)
            owner = next(((at, held) for at, held in functions(code) if line in _span(held)), None)
            if owner is not None:
                change = f"{line}: {told}"
                seen[change] = seen.get(change, 0) + 1
                times = f" ({seen[change]})" if seen[change] > 1 else ""
                yield Mutant(change + times, owner[0], owner[1], statement)


def functions(code: CodeType) -> Iterator[tuple[Place, CodeType]]:
    """The outermost functions of a module's code, those of its classes among them."""
    for held in code.co_consts:
        if isinstance(held, CodeType):
            if held.co_flags & 0x2:  # its names are fast: a function
                yield (held.co_qualname, held.co_firstlineno), held  # type: ignore[attr-defined]
            else:
                yield from functions(held)


def live(file: Path) -> dict[Place, list[FunctionType]]:
    """The functions of a module as they are held now, decorated ones among them."""
    found: dict[Place, list[FunctionType]] = {}
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename == str(file):
            found.setdefault((each.__code__.co_qualname, each.__code__.co_firstlineno), []).append(each)  # type: ignore[attr-defined]
    return found


def _span(code: CodeType) -> range:
    inner = [_span(held) for held in code.co_consts if isinstance(held, CodeType)]
    lines = [line for _, _, line in code.co_lines() if line] + [each.stop - 1 for each in inner]
    return range(code.co_firstlineno, max(lines) + 1)


def _nodes(tree: ast.Module) -> Iterator[tuple[range, ast.AST]]:
    """Every node within a function, with the lines of its statement (of a block: of its head)."""

    def below(node: ast.AST, lines: range, inside: bool) -> Iterator[tuple[range, ast.AST]]:
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None) or getattr(node, "cases", None)
            first = getattr(body[0], "lineno", 0) or body[0].pattern.lineno if body else 0
            lines = range(node.lineno, max(node.lineno + 1, first) if body else (node.end_lineno or node.lineno) + 1)
        if inside:
            yield lines, node
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for name, value in ast.iter_fields(node):
            if name in (
                "decorator_list",
                "annotation",
                "returns",
                "args",
                "defaults",
                "kw_defaults",
            ) and not isinstance(node, ast.Call):
                continue  # an annotation is never run, and a default was taken at the import
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, ast.FormattedValue | ast.JoinedStr):
                    yield from below(child, lines, inside)

    for statement in tree.body:
        yield from below(statement, range(0), False)


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:  # noqa: C901 - one branch a kind of node
    """Change a node in each way that there is; the caller takes each change back before the next."""
    if isinstance(node, ast.Compare):
        yield from _comparison(node)
    elif isinstance(node, ast.BoolOp):
        yield from _connective(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        told = f"without not: {ast.unparse(node.operand)}"
        yield told, _set(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, bool):
        yield from _constant(node)
    elif isinstance(node, ast.If | ast.IfExp):
        for wrong in (True, False):
            yield f"if {ast.unparse(node.test)} → {wrong}", _set(node, "test", ast.Constant(wrong))
    elif isinstance(node, ast.comprehension):
        for place, test in enumerate(tuple(node.ifs)):
            yield f"without if {ast.unparse(test)}", _put(node.ifs, place, ast.Constant(True))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLED:
        other = CALLED[node.func.id]
        yield f"{node.func.id} → {other}", _set(node, "func", ast.Name(other, ast.Load()))
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield f"return {ast.unparse(node.value)} → None", _set(node, "value", ast.Constant(None))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        told = f"without {ast.unparse(node.value)}"
        yield told, _set(node, "value", ast.IfExp(ast.Constant(False), node.value, ast.Constant(None)))
    elif isinstance(node, ast.MatchValue):
        yield f"case {ast.unparse(node.value)} → another", _set(node, "value", ast.Constant("another"))


def _comparison(node: ast.Compare) -> Iterator[tuple[str, Callable[[], None]]]:
    right = ast.unparse(node)
    for place, sign in enumerate(node.ops):
        if type(sign) in SWAPS:
            undo = _put(node.ops, place, SWAPS[type(sign)]())
            yield f"{right} → {ast.unparse(node)}", undo
    words = [each for each in ast.walk(node) if isinstance(each, ast.Constant) and type(each.value) is str]
    for word in words:
        yield f"{right}: {word.value!r} → 'another'", _set(word, "value", "another")


def _connective(node: ast.BoolOp) -> Iterator[tuple[str, Callable[[], None]]]:
    other, right = SWAPS[type(node.op)](), ast.unparse(node)
    yield f"{right} → {type(other).__name__.lower()}", _set(node, "op", other)
    for place, gone in enumerate(tuple(node.values)):
        told = f"{right} without {ast.unparse(gone)}"
        yield told, _put(node.values, place, ast.Constant(isinstance(node.op, ast.And)))


def _constant(node: ast.Constant) -> Iterator[tuple[str, Callable[[], None]]]:
    value: Any = node.value
    for wrong in (not value,) if isinstance(value, bool) else (value + 1, value - 1):
        yield f"{value} → {wrong}", _set(node, "value", wrong)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _set(node: Any, name: str, other: Any) -> Callable[[], None]:
    kept = getattr(node, name)
    setattr(node, name, other)
    return lambda: setattr(node, name, kept)


def _put(places: list[Any], place: int, other: Any) -> Callable[[], None]:
    kept = places[place]
    places[place] = other
    return lambda: places.__setitem__(place, kept)
