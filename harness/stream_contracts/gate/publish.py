"""From contracts to a registry and back: register what the working tree holds, pull what the registry holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from stream_contracts.errors import BaselineError, UsageError
from stream_contracts.gate.asking import draft
from stream_contracts.gate.remote import Registered, Remote
from stream_contracts.gate.subjects import Held, Tree, format_name, same, text_of
from stream_contracts.schema.format import Source

SUFFIXES = {"AVRO": ".avsc", "JSON": ".json", "PROTOBUF": ".proto"}


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one schema: ``registered``, ``there already``, ``would be registered``, ``refused``, …"""

    name: str
    outcome: str
    words: str = ""

    @property
    def good(self) -> bool:
        """Whether the registry holds it now, or would."""
        return self.outcome not in ("refused", "no answer", "not written")


def ordered(now: Tree) -> list[Held]:
    """Every schema once by subject, what is referred to before what refers to it."""
    done: dict[str, Held] = {}

    def visit(each: Held) -> None:
        for subject in each.schema.references.values():
            target = now.find(subject, each.contract.name)
            if target is not None and subject not in done:
                visit(target)
        done.setdefault(each.subject, each)

    for each in now.held:
        now.source(each)  # missing references and circles are told here, before anything is sent
        visit(each)
    return list(done.values())


def register(now: Tree, remote: Remote, *, dry_run: bool = False) -> Iterator[Step]:
    """Register every schema; nothing at all is registered where the registry refuses one of those it can be asked about.

    A schema whose references are new themselves is asked about when they are there. With ``dry_run`` it only asks.
    """
    wanted = [(each, now.source(each)) for each in ordered(now)]
    asked = [(each, source, _asked(remote, each, source)) for each, source in wanted]
    if dry_run or not all(step.good for _, _, step in asked):
        yield from (step for _, _, step in asked)
        return
    for each, source, step in asked:
        yield step if step.outcome == "there already" else _register(remote, each, source)


def _asked(remote: Remote, each: Held, source: Source) -> Step:
    name = f"{each.contract.name}/{each.subject}"
    body, missing = draft(remote, each, source)
    if missing:
        return Step(name, "would be registered", f"not asked: {missing} comes first")
    status, answer = remote.ask("POST", f"/subjects/{quote(each.subject, safe='')}", body)
    if status == 200 and isinstance(answer, dict) and isinstance(answer.get("id"), int):
        return Step(name, "there already", f"version {answer.get('version')}, id {answer['id']}")
    if status == 200:
        return Step(name, "no answer", f"asked whether it holds the schema, the registry says {answer!r:.80}")
    if status != 404:
        return Step(name, "refused", f"HTTP {status}: {answer.get('message') if isinstance(answer, dict) else answer}")
    if not remote.versions(each.subject):
        return Step(name, "would be registered", "as version 1, a new subject")
    said, words = remote.compatible(each.subject, body)
    if said is None:
        return Step(name, "no answer", words)
    return Step(name, "would be registered", "compatible") if said else Step(name, "refused", words or "not compatible")


def _register(remote: Remote, each: Held, source: Source) -> Step:
    name = f"{each.contract.name}/{each.subject}"
    body, missing = draft(remote, each, source)
    if missing:
        return Step(name, "refused", f"the registry does not hold {missing} as the working tree has it")
    status, answer = remote.ask("POST", f"/subjects/{quote(each.subject, safe='')}/versions", body)
    if status == 200 and isinstance(answer, dict) and isinstance(answer.get("id"), int):
        return Step(name, "registered", f"id {answer['id']}")
    message = answer.get("message") if isinstance(answer, dict) else answer
    return Step(name, "refused", f"HTTP {status}: {message}")


def levels(now: Tree, remote: Remote, *, put: bool = False, dry_run: bool = False) -> Iterator[Step]:
    """The compatibility levels that contracts name, against those that the registry applies.

    With ``put`` each is set at its subject, unless it is set there already. Without, only a subject on which both differ
    is told. A contract that names no level has no say.
    """
    for each in ordered(now):
        wanted, who = each.level()
        if who.startswith("the default"):
            continue
        applied, where = remote.level(each.subject)
        name, was = f"{each.contract.name}/{each.subject}", f"{wanted}; it was {applied} by {where}"
        if put and applied == wanted and where.startswith("the subject's"):
            yield Step(name, "level there already", wanted)
        elif put:
            yield Step(name, "level would be set", was) if dry_run else _set_level(name, each, remote, wanted, was)
        elif applied != wanted:
            told = f"the contract says {wanted}, {where} says {applied}; --set-compatibility sets it"
            yield Step(name, "level differs", told)


def _set_level(name: str, each: Held, remote: Remote, wanted: str, was: str) -> Step:
    status, answer = remote.ask("PUT", f"/config/{quote(each.subject, safe='')}", {"compatibility": wanted})
    if status == 200:
        return Step(name, "level set", was)
    message = answer.get("message") if isinstance(answer, dict) else answer
    return Step(name, "refused", f"the level {wanted}: HTTP {status}: {message}")


def pull(now: Tree, remote: Remote, *, overwrite: bool = False) -> Iterator[Step]:
    """Write every version that the registry holds to ``former/``, under its number; equal content is left alone."""
    for each in now.held:
        name = f"{each.contract.name}/{each.subject}"
        versions = remote.versions(each.subject)
        if not versions:
            yield Step(name, "unknown there", "the registry does not hold this subject")
        for version in versions:
            yield _kept(name, each, version, overwrite=overwrite)


def _kept(name: str, each: Held, version: Registered, *, overwrite: bool) -> Step:
    suffix = SUFFIXES.get(version.form)
    if suffix is None:
        raise BaselineError(f"{name} version {version.number}: {version.form} is a format that is not known here")
    path = each.contract.folder / "former" / f"{Path(each.schema.file).stem}.v{version.number}{suffix}"
    if path.exists():
        if same(text_of(path), version.text):
            return Step(name, "there already", str(path))
        if not overwrite:
            return Step(name, "not written", f"{path} has other content; --overwrite replaces it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_spelt(version), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    other = "" if suffix == format_suffix(each) else f", in another format than {each.schema.file}: it is not compared"
    return Step(name, "written", f"{path}{other}")


def format_suffix(each: Held) -> str:
    """The suffix that the schema file has."""
    return SUFFIXES.get(format_name(each.path), each.path.suffix)


def _spelt(version: Registered) -> str:
    """JSON with line ends, so that a later diff can be read."""
    if version.form == "PROTOBUF":
        return version.text
    return f"{json.dumps(json.loads(version.text), indent=2, ensure_ascii=False)}\n"


def worst(steps: Sequence[Step]) -> int:
    """The exit code: 4 where the registry gave no answer, 1 where it refused, else 0."""
    outcomes = {step.outcome for step in steps}
    if outcomes & {"refused", "not written"}:
        return 1
    return 4 if "no answer" in outcomes else 0
