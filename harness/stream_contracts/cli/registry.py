"""``stream-contracts registry``: a schema registry that Confluent's clients can talk to."""

from __future__ import annotations

from pathlib import Path

import click

from stream_contracts.schema.format import Edition

_FILE = click.Path(dir_okay=False, path_type=Path)
_GIVEN = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.group()
def registry() -> None:
    """Run a schema registry."""


@registry.command()
@click.option("--data", type=_FILE, help="Keep everything in this SQLite file; without it, in memory only.")
@click.option("--load", "origin", help="Fill it first: a folder with contracts, or the URL of another registry.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--edition",
    type=click.Choice([edition.value for edition in Edition]),
    default=Edition.CONFLUENT_8_3.value,
    show_default=True,
    help="Whose verdicts, error codes and answers to give.",
)
@click.option("--basic-auth-file", type=_GIVEN, help="Let in only the name:password lines of this file.")
@click.option("--tls-cert", type=_GIVEN, help="Serve HTTPS with this certificate (PEM).")
@click.option("--tls-key", type=_GIVEN, help="The certificate's private key (PEM).")
def serve(
    data: Path | None,
    origin: str | None,
    host: str,
    port: int,
    edition: str,
    basic_auth_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
) -> None:
    """Serve a Confluent-compatible schema registry until it is stopped with Ctrl-C or SIGTERM."""
    from stream_contracts.registry import server
    from stream_contracts.registry.loading import fill

    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    settings = server.Settings(
        host=host,
        port=port,
        edition=Edition(edition),
        data=data,
        users=server.read_users(basic_auth_file) if basic_auth_file else {},
        tls_cert=tls_cert,
        tls_key=tls_key,
    )

    def prepare(running: server.Running) -> None:
        if origin:
            count = fill(running.service, origin)
            click.echo(f"loaded {count} versions from {origin.rpartition('@')[2]}", err=True)
        click.echo(f"schema registry ({edition}) at {running.url}", err=True)

    server.serve(settings, prepare)
