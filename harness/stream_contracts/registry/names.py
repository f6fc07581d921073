"""Subject names: which context a name lives in, and which scopes its settings come from."""

from __future__ import annotations

DEFAULT = "."
"""The context of every name that does not say another."""
ANYWHERE = ":*:"
"""The subject prefix that stands for all contexts."""
GLOBAL = ""
"""The scope of the registry-wide settings."""
_FORBIDDEN = frozenset({"__GLOBAL", "__EMPTY"})


def split(subject: str) -> tuple[str, str]:
    """Take ``:.ctx:name`` apart into (``.ctx``, ``name``); a plain name lives in the default context ``.``."""
    if subject.startswith(":."):
        context, colon, name = subject[1:].partition(":")
        if colon:
            return context, name
    return DEFAULT, subject


def join(context: str, name: str) -> str:
    """Spell a name of a context the way that clients see it; in the default context it stays plain."""
    return name if context == DEFAULT else f":{context}:{name}"


def canonical(subject: str) -> str:
    """One spelling per subject: ``:.:orders`` is ``orders``."""
    return join(*split(subject))


def context_of(subject: str) -> str:
    """The context that a subject lives in."""
    return split(subject)[0]


def inside(context: str, subject: str) -> str:
    """Read a name that was said inside ``context``: a qualified one keeps its own."""
    return canonical(subject) if subject.startswith(":.") else join(context, subject)


def scope(subject: str) -> str:
    """The scope key of a subject, a context (``:.ctx:``) or, for an empty name, the whole registry."""
    context, name = split(subject)
    if name:
        return join(context, name)
    return GLOBAL if not subject else f":{context}:"


def scopes(subject: str) -> tuple[str, ...]:
    """Where settings for a subject are looked for, nearest first: subject, context, registry."""
    context, name = split(subject)
    return (*((join(context, name),) if name else ()), f":{context}:", GLOBAL)


def is_valid(subject: str) -> bool:
    """A subject has a name, no control characters, and is not one of the two that Confluent keeps for itself."""
    _, name = split(subject)
    return bool(name) and name not in _FORBIDDEN and name.isprintable()


def matches(subject: str, prefix: str) -> bool:
    """Does a canonical subject start with ``prefix``? A prefix without a context means the default one."""
    context, name = split(subject)
    if prefix.startswith(ANYWHERE):
        return name.startswith(prefix[len(ANYWHERE) :])
    wanted, start = split(prefix)
    return context == wanted and name.startswith(start)
