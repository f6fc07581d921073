"""Law 2: every module says what it owns, under a name that means something."""

import ast
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[2] / "harness"
MODULES = sorted(path for path in HARNESS.rglob("*.py") if "templates" not in path.parts)
ATTIC = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HARNESS)))
def test_the_first_line_says_what_the_module_owns(path):
    module = ast.parse(path.read_text(encoding="utf-8"))
    first = (ast.get_docstring(module) or "").partition("\n")[0]
    assert len(first) >= 20, "a module begins with a sentence about what it owns"
    assert first.endswith((".", "?")), f"not a sentence: {first!r}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HARNESS)))
def test_no_room_is_an_attic(path):
    assert path.stem not in ATTIC


def test_public_functions_and_classes_have_a_promise():
    missing = []
    for path in MODULES:
        module = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
        owners = [module, *classes]
        for node in (node for owner in owners for node in owner.body):
            defines = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if defines and not node.name.startswith("_") and ast.get_docstring(node) is None:
                missing.append(f"{path.relative_to(HARNESS)}:{node.lineno} {node.name}")
    assert not missing
