"""``stream-contracts init``: writes a small working contract into a project."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from stream_contracts.errors import UsageError

TEMPLATES = files("stream_contracts.contract") / "templates"
NAME = "orders"


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def init(directory: Path) -> None:
    """Write a small working contract to DIR/contracts/orders (DIR is the current folder unless given).

    It holds a contract.yaml with comments, an Avro schema with a former version, and a pipeline in Python that keeps
    its promise. Nothing is overwritten.
    """
    folder = directory / "contracts" / NAME
    wanted = {folder / relative: content for relative, content in _files(TEMPLATES / NAME, Path())}
    standing = [path for path in wanted if path.exists() or path.is_symlink()]
    if standing:
        listed = "\n".join(f"  {path}" for path in standing)
        raise UsageError(f"nothing was written, since this stands in the way:\n{listed}\nMove it, or name another DIR.")
    for path, content in wanted.items():
        _write(path, content)
        click.echo(f"wrote {path}")
    click.echo("\nNext:\n  stream-contracts stack prepare      # fetches Kafka, once")
    click.echo(f"  pytest --stream-contracts {directory / 'contracts'}")


def _files(folder: Traversable, relative: Path) -> Iterator[tuple[Path, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name == "__pycache__":
            continue
        if item.is_dir():
            yield from _files(item, relative / item.name)
        else:
            yield relative / item.name, item.read_bytes()


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:  # refuses a file that came into being meanwhile
            stream.write(content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
