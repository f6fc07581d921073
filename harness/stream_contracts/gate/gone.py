"""What is gone between two states of the contracts, or goes by another name: a shelf of checks."""

from __future__ import annotations

from collections.abc import Iterator

from stream_contracts.contract.model import Contract
from stream_contracts.findings import Place
from stream_contracts.gate.states import Change, Hit
from stream_contracts.gate.subjects import held, text_of


def topic_deleted(change: Change) -> Iterator[Hit]:
    """A topic is gone, and nothing looks like it under another name."""
    for name in change.before.topics:
        if change.home(name) is None and _renamed(change, name) is None:
            users = change.former.users(name)
            read = f"; it was read by {', '.join(users)}" if users else ""
            yield Hit(name, change.place("topics", name), f"the topic {name} is gone{read}")


def topic_renamed(change: Change) -> Iterator[Hit]:
    """A topic is gone, and a new one holds the same schemas."""
    for name in change.before.topics:
        other = None if change.home(name) is not None else _renamed(change, name)
        if other is not None:
            yield Hit(name, change.place("topics", other), f"the topic {name} is called {other} now")


def _renamed(change: Change, name: str) -> str | None:
    """A topic of the contract that is new and has the schemas of the old one, if there are any to tell it by."""
    told = _content(change.before, name)
    for other in change.after.topics if change.after and told else ():
        if other not in change.before.topics and _content(change.after, other) == told:  # type: ignore[arg-type]
            return other
    return None


def _content(contract: Contract, name: str) -> tuple[tuple[str, str], ...]:
    return tuple((role, text_of(contract.path(schema))) for topic, role, schema in contract.schemas() if topic == name)


def subject_deleted(change: Change) -> Iterator[Hit]:
    """A schema is gone although its topic, if it had one, is not."""
    for each in held(change.before):
        if change.now.by_subject.get(each.subject) or (each.topic and change.home(each.topic) is None):
            continue
        if not _resubjected(change, each.steps):
            by = change.former.referrers(each.subject)
            also = f"; it is referred to by {', '.join(by)}" if by else ""
            yield Hit(
                each.subject, change.place(*each.steps), f"no contract holds the subject {each.subject} any more{also}"
            )


def subject_renamed(change: Change) -> Iterator[Hit]:
    """The same key or value of a topic goes under another subject."""
    for each in held(change.before):
        other = _resubjected(change, each.steps)
        if other and other != each.subject and not change.now.by_subject.get(each.subject):
            yield Hit(each.subject, change.place(*each.steps), f"the subject {each.subject} is called {other} now")


def _resubjected(change: Change, steps: tuple[str, ...]) -> str:
    if change.after is None:
        return ""
    return next((each.subject for each in held(change.after) if each.steps == steps), "")


def header_removed(change: Change) -> Iterator[Hit]:
    """A header that readers may look for is gone."""
    for name, before, home, after in change.topics():
        for header in before.headers:
            if header not in after.headers:
                yield Hit(
                    name, home.place("topics", name, "headers"), f"{name} has no header {header} any more", header
                )


def pipeline_deleted(change: Change) -> Iterator[Hit]:
    """A pipeline is gone with all that it promised."""
    for name, pipeline in change.before.pipelines.items():
        if change.after is None or name not in change.after.pipelines:
            promised = pipeline.promises.delivery
            yield Hit(name, change.place("pipelines", name), f"the pipeline {name}, which promised {promised}, is gone")


def former_version_changed(change: Change) -> Iterator[Hit]:
    """A kept version is a fact; it was edited or removed."""
    for each in held(change.before):
        after = change.now.find(each.subject, change.before.name)
        if after is None:
            continue
        known = {path.name: path for path in after.contract.former(after.schema)}
        for path in each.contract.former(each.schema) if after.schema.file == each.schema.file else ():
            if path.name not in known:
                yield Hit(each.subject, after.declared, f"the kept version {path.name} is gone", path.name)
            elif text_of(known[path.name]) != text_of(path):
                yield Hit(
                    each.subject, Place(str(known[path.name]), 1), f"the kept version {path.name} was edited", path.name
                )
