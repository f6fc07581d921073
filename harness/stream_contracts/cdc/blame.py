"""Which statement did it: the last new one that names what has changed, and the line of the name in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from stream_contracts.cdc.statements import Script, Statement
from stream_contracts.findings import Place


def blamed(before: Script, after: Script, names: Sequence[str]) -> Place | None:
    """The place of the statement, or None where no statement names the first of the names.

    Statements that were not there before come first, and of those the ones that hold all names.
    """
    known = Counter(each.words for each in before.statements)
    fresh = []
    for each in after.statements:
        known[each.words] -= 1
        if known[each.words] < 0:
            fresh.append(each)
    for pool in (fresh, after.statements):
        for count in range(len(names), 0, -1):
            wanted = set(names[:count])
            fitting = [each for each in pool if wanted <= set(each.words)]
            if fitting:
                return _place(fitting[-1], names[1:count] or names[:1])
    return None


def _place(statement: Statement, names: Sequence[str]) -> Place:
    """The line of the first name within the statement; where it cannot be found again, that of the statement."""
    found = re.search(rf"(?<!\w){re.escape(names[0])}(?!\w)", statement.text, re.IGNORECASE)
    below = statement.text.count("\n", 0, found.start()) if found else 0
    return Place(statement.file, statement.line + below)
