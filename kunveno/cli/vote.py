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


group = typer.Typer(name="vote", help="Count votes.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group)


@group.callback()
def _group() -> None:
    """Count votes."""


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
