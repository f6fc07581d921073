"""What a change is compared with: a git commit, a directory, a registry, or the versions that a contract keeps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stream_contracts.contract.load import FILE, find, load
from stream_contracts.contract.model import Contract
from stream_contracts.errors import ContractError, SchemaError, UsageError
from stream_contracts.gate.remote import Remote
from stream_contracts.gate.repository import Repository
from stream_contracts.gate.subjects import Held, Tree, format_name, text_of
from stream_contracts.schema.format import Source


@dataclass(frozen=True, slots=True)
class Version:
    """A former version: its number, what to call it, its format as registries spell it, and its text."""

    number: int
    called: str
    form: str
    source: Source


@dataclass(frozen=True, slots=True)
class Versions:
    """What the baseline knows of one subject, oldest first, and where it has a say in it, the level."""

    known: tuple[Version, ...] = ()
    level: str = ""
    level_from: str = ""
    trouble: str = ""
    """Why a version that is there cannot be had; nothing can be said of the subject then."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The former state: ``told`` names it, ``versions`` looks a subject up in it.

    ``tree`` is the whole former state where there is one (a commit, a directory); a registry and kept versions know
    nothing of topics and promises. ``broken`` lists former contracts that do not load.
    """

    told: str
    versions: Callable[[Held], Versions]
    tree: Tree | None = None
    remote: Remote | None = None
    broken: tuple[str, ...] = ()
    _shown: Callable[[str], str] = field(default=str)

    def shown(self, path: str) -> str:
        """A path of the former state as a person knows it."""
        return self._shown(path)


KEPT = "kept"
"""The baseline that needs nothing: ``former/`` in each contract's folder."""


@contextmanager
def opened(against: str, paths: Sequence[Path], now: Tree) -> Iterator[Baseline]:
    """Open what ``--against`` names: ``kept``, ``git:REF``, ``registry:URL`` or a directory.

    Raises ``UsageError`` where it names nothing, ``BaselineError`` where git or the registry cannot be read.
    """
    kind, colon, rest = against.partition(":")
    if against == KEPT:
        yield Baseline("the versions kept in former/", lambda held: kept(now, held))
    elif colon and kind == "git":
        with _commit(rest, paths) as baseline:
            yield baseline
    elif colon and kind == "registry":
        remote = Remote.at(rest)
        remote.subjects()  # reachable, and a registry, before anything is said
        yield Baseline(f"the registry {remote.url}", lambda held: registered(remote, held), remote=remote)
    else:
        names = {contract.name for contract in now.contracts}
        whole = not any((path if path.is_dir() else path.parent).joinpath(FILE).exists() for path in paths)
        yield directory(Path(against), against, lambda each: whole or each.name in names)


def kept(now: Tree, held: Held) -> Versions:
    """The versions in ``former/``; what they refer to is taken in its newest kept version."""
    try:
        return Versions(_kept(now, held, str))
    except SchemaError as error:
        return Versions(trouble=str(error))


def _kept(state: Tree, held: Held, shown: Callable[[str], str]) -> tuple[Version, ...]:
    files = held.contract.former(held.schema)
    references = state.references(held, former=True) if files else ()
    return tuple(
        Version(number, file.name, format_name(file), Source(text_of(file), references, shown(str(file))))
        for number, file in enumerate(files, 1)
    )


def registered(remote: Remote, held: Held) -> Versions:
    """What a registry holds of a subject, and the level that it applies."""
    found = remote.versions(held.subject)
    if not found:
        return Versions()
    level, level_from = remote.level(held.subject)
    known = tuple(
        Version(each.number, f"version {each.number}", each.form, remote.source(held.subject, each)) for each in found
    )
    return Versions(known, level, level_from)


def directory(root: Path, told: str, counts: Callable[[Contract], bool], shown: Callable[[str], str] = str) -> Baseline:
    """The contracts of a folder as the former state; raises ``UsageError`` where it holds none.

    Those that do not count only answer references.
    """
    if not root.is_dir():
        known = "git:REF, registry:URL, kept, or a folder with contracts"
        raise UsageError(f"--against {told}: there is no such folder; write {known}")
    contracts, broken = [], []
    files = find(root)
    for file in files:
        try:
            contracts.append(load(file))
        except ContractError as error:
            broken.append("\n".join(f"{shown(place)}: {text}" for place, text in error.complaints))
    if not files and shown is str:
        raise UsageError(f"--against {told}: there is no contract.yaml at or below that folder")
    asked = tuple(each for each in contracts if counts(each))
    former = Tree(asked, tuple(each for each in contracts if not counts(each)))
    return Baseline(told, lambda held: _before(former, held, shown), former, None, tuple(broken), shown)


def _before(former: Tree, held: Held, shown: Callable[[str], str]) -> Versions:
    """The kept versions of the former state, then its own version."""
    before = former.find(held.subject, held.contract.name)
    if before is None:
        return Versions()
    try:
        known = _kept(former, before, shown)
        source = former.source(before)
    except SchemaError as error:
        return Versions(trouble=shown(str(error)))
    name = shown(str(before.path))
    last = Version(len(known) + 1, name, before.form, Source(source.text, source.references, name))
    if known and known[-1].source.text == last.source.text and known[-1].form == last.form:
        known = known[:-1]
    return Versions((*known, last))


@contextmanager
def _commit(ref: str, paths: Sequence[Path]) -> Iterator[Baseline]:
    """The contracts as they were where HEAD left ``ref``; ``git:=REF`` takes the commit itself."""
    repository = Repository.around(paths[0])
    name, exact = ref.removeprefix("="), ref.startswith("=")
    commit = repository.commit(name, merge_base=not exact)
    told = f"git {name}, {commit[:12]}" if exact else f"git {name}, merge base {commit[:12]}"
    with tempfile.TemporaryDirectory(prefix="stream-contracts-") as folder:
        into = Path(folder)
        repository.extract(commit, [_around(path, repository.top.resolve()) for path in paths], into)
        asked = [into / path.resolve().relative_to(repository.top.resolve()) for path in paths]
        yield directory(
            into,
            told,
            lambda each: any(each.file.is_relative_to(path) for path in asked),
            lambda text: text.replace(f"{folder}/", f"{name}:"),
        )


def _around(path: Path, top: Path) -> Path:
    """The contracts beside a contract answer its references, so they are wanted, too."""
    whole = path.resolve()
    folder = whole.parent if whole.is_file() else whole
    return folder.parent if (folder / FILE).exists() and folder != top else folder
