"""Law 6: what is shown is true: the example is the template, and the documents name only what there is."""

import re
from pathlib import Path

import pytest

from stream_contracts.cli import COMMANDS
from stream_contracts.contract.load import find, load

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_the_first_example_is_what_init_writes():
    assert files(ROOT / "contracts/orders") == files(ROOT / "harness/stream_contracts/contract/templates/orders")


@pytest.mark.parametrize("path", find(ROOT / "contracts") + find(ROOT / "examples"), ids=lambda path: path.parent.name)
def test_every_example_loads(path):
    contract = load(path)
    assert contract.pipelines or contract.tried_captures


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_documents_exist(document):
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^|\s)stream-contracts ([a-z]+)", text, flags=re.MULTILINE))
    assert named <= set(COMMANDS), f"{document.name} names a command that is not there"
    targets = set(re.findall(r"`make ([a-z]+)`", text))
    assert all(re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE) for target in targets)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_in_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
