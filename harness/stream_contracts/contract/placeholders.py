"""The names that a pipeline is told at start: ``${…}`` in an ``env`` value, checked and filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}?")


def allowed(topics: Collection[str]) -> list[str]:
    """Every placeholder that a contract with these topics may use."""
    return [*(f"${{topic:{name}}}" for name in topics), "${group}", "${transactional-id}", "${state}"]


def unknown(text: str, topics: Collection[str]) -> Iterator[str]:
    """Yield each placeholder in ``text`` that nothing can fill in, an unclosed one included."""
    known = set(allowed(topics))
    return (found[0] for found in _PLACEHOLDER.finditer(text) if found[0] not in known)


def filled(
    env: Mapping[str, str], *, topics: Mapping[str, str], group: str, transactional_id: str, state: str
) -> dict[str, str]:
    """Return ``env`` with every placeholder replaced; ``topics`` maps a declared topic to its name on the broker.

    The placeholders are those of a loaded contract, so each one is known; an unknown one is a KeyError.
    """
    known = {f"topic:{name}": real for name, real in topics.items()}
    known |= {"group": group, "transactional-id": transactional_id, "state": state}
    return {name: _PLACEHOLDER.sub(lambda found: known[found[1]], value) for name, value in env.items()}
