"""Wrong versions of a Python function: one comparison, connective, number, negation or statement of it is another one."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType
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


class Mutant(NamedTuple):
    """What was changed, and the code of the function with the change."""

    change: str
    code: CodeType


def mutants(function: Callable[..., Any]) -> Iterator[Mutant]:
    """Every version of a plain function (no closure) that differs in one place of its body."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse("from __future__ import annotations\n" + source)
    whole = tree.body[1]
    assert isinstance(whole, ast.FunctionDef)
    whole.decorator_list = []
    for node in list(ast.walk(whole)):
        for change, undo in _changes(node):
            code = compile(ast.fix_missing_locations(tree), inspect.getfile(function), "exec")
            found = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == whole.name)
            line = getattr(node, "lineno", 1) - 1
            yield Mutant(f"line {line} of {whole.name}: {change}", found)
            undo()


@contextmanager
def in_place(function: Callable[..., Any], mutant: Mutant) -> Iterator[None]:
    """Whoever holds the function calls the mutant, as long as this lasts."""
    right = function.__code__
    function.__code__ = mutant.code
    try:
        yield
    finally:
        function.__code__ = right


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    """Change a node in each way that there is; the caller takes each change back before the next."""
    if isinstance(node, ast.Compare):
        for place, sign in enumerate(node.ops):
            if type(sign) in SWAPS:
                yield _set(node.ops, place, SWAPS[type(sign)](), node)
    elif isinstance(node, ast.BoolOp):
        other, kept = SWAPS[type(node.op)](), node.op
        told = f"{ast.unparse(node)} → {type(other).__name__.lower()}"
        node.op = other  # type: ignore[assignment]
        yield told, lambda: setattr(node, "op", kept)
        for place, gone in enumerate(tuple(node.values)):
            node.values[place] = ast.Constant(isinstance(node.op, ast.And))
            yield f"without {ast.unparse(gone)}", lambda place=place, gone=gone: node.values.__setitem__(place, gone)  # type: ignore[misc]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        operand = node.operand
        node.operand = ast.UnaryOp(ast.Not(), operand)
        yield f"without not: {ast.unparse(operand)}", lambda: setattr(node, "operand", operand)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        value = node.value
        for wrong in (value + 1, value - 1):
            node.value = wrong
            yield f"{value} → {wrong}", lambda: setattr(node, "value", value)
    elif isinstance(node, ast.If):
        test = node.test
        for wrong_test in (ast.Constant(True), ast.Constant(False)):
            node.test = wrong_test
            yield f"if {ast.unparse(test)} → {wrong_test.value}", lambda: setattr(node, "test", test)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("any", "all"):
        name, other_name = node.func, "all" if node.func.id == "any" else "any"
        node.func = ast.Name(other_name, ast.Load())
        yield f"{name.id} → {other_name}", lambda: setattr(node, "func", name)


def _set(places: list[Any], place: int, other: Any, node: ast.AST) -> tuple[str, Callable[[], None]]:
    told, kept = ast.unparse(node), places[place]
    places[place] = other
    return f"{told} → {ast.unparse(node)}", lambda: places.__setitem__(place, kept)
