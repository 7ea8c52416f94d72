"""`kunveno mandate …`."""

from __future__ import annotations

from typing import Annotated

import typer

from kunveno.cli.invocation import of

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the member.")]
Office = Annotated[str, typer.Argument(metavar="OFFICE", help="One of the configuration's offices.")]
Branch = Annotated[str, typer.Argument(metavar="BRANCH", help="The slug of the branch.")]
Since = Annotated[
    str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day, in the branch's time zone.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="The last day, in the branch's time zone.")
]

group = typer.Typer(name="mandate", help="Give, end and show mandates.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group)


@group.command()
def give(
    ctx: typer.Context, number: Number, office: Office, branch: Branch, since: Since = None, until: Until = None
) -> None:
    """Give a member an office in a branch: from now, or --from a day, and --until a day, which counts whole."""
    from kunveno.cli.register import mandates

    of(ctx).run(lambda app: mandates.give(app, number, office, branch, since, until))


@group.command()
def end(
    ctx: typer.Context, number: Number, office: Office, branch: Branch, since: Since = None, until: Until = None
) -> None:
    """End a mandate now, or with the day --until. --from tells which one where there are several."""
    from kunveno.cli.register import mandates

    of(ctx).run(lambda app: mandates.end(app, number, office, branch, since, until))


@group.command("list")
def list_(
    ctx: typer.Context,
    branch: Annotated[str | None, typer.Option(help="Of this branch only.")] = None,
    member: Annotated[str | None, typer.Option(help="Of the member with this number only.")] = None,
    over: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """List mandates, present and to come."""
    from kunveno.cli.register import mandates

    of(ctx).run(lambda app: mandates.list_(app, branch=branch, number=member, over=over, json=json))
