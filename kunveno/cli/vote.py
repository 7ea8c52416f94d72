"""`kunveno vote …`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Ranked(StrEnum):
    """The methods that count ranked ballots."""

    STV = "stv"
    IRV = "irv"
    SCHULZE = "schulze"


group = typer.Typer(name="vote", help="Count votes, and verify their records.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group)


@group.callback()
def _group() -> None:
    """Count votes, and verify their records."""


@group.command()
def count(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ballots in the BLT format.")],
    method: Annotated[Ranked, typer.Option(help="How they are counted.")] = Ranked.STV,
    seats: Annotated[int | None, typer.Option(min=1, help="Instead of the number in the file.")] = None,
    seed: Annotated[str | None, typer.Option(metavar="TEXT", help="Decide ties by lot, drawn from this seed.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Count a file of ranked ballots, and print each round and who is elected. Needs no configuration."""
    from kunveno.cli import counted

    if method is Ranked.IRV and seats not in (None, 1):
        raise typer.BadParameter("instant runoff fills one seat; stv fills several", param_hint="'--seats'")
    counted.count_file(file, method.value, seats=seats, seed=seed, json=json)


@group.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The record of a vote, such as V12.json.")],
    key: Annotated[
        str | None, typer.Option(metavar="HEX", help="The organisation's public key, as it was made known.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Count a vote again from its record, and say what differs. Needs no configuration."""
    from kunveno.cli import records

    records.verify_file(file, key=key, json=json)


@group.command()
def record(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of the vote, such as V12.")],
    to: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to. Default: standard output.")
    ] = None,
) -> None:
    """Give the record of a vote that was counted, byte for byte as it was sent."""
    from kunveno.cli import records

    records.give(ctx, number, to)


@group.command()
def key(ctx: typer.Context) -> None:
    """Print the public half of the key that signs the records of votes, to be made known."""
    from kunveno.cli import records

    records.show_key(ctx)
