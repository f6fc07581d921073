"""``stream-contracts explain``: what a rule means, why it matters, what to do instead, with an example."""

from __future__ import annotations

from collections.abc import Iterator

import click


@click.command()
@click.argument("rule", required=False)
def explain(rule: str | None) -> None:
    """Explain RULE, as a finding names it; without RULE, list all of them."""
    from stream_contracts.gate.catalogue import entries, found

    if rule is None:
        for group, ids in entries().items():
            click.echo(f"{group}:")
            for one in ids:
                click.echo(f"  {one}")
        return
    for line in _told(rule, found(rule)):
        click.echo(line)


def _told(rule: str, rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    for position, (group, why, remedy, example) in enumerate(rows):
        if position:
            yield ""
        yield f"{rule} ({group})"
        yield f"  why it matters: {why}"
        yield f"  what to do: {remedy or 'nothing, the registry allows it'}"
        if example:
            yield "  example:"
            yield from (f"    {line}" for line in example.splitlines())
