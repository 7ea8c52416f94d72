"""`kunveno member …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kunveno.cli.invocation import of

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the member.")]
Branch = Annotated[str, typer.Argument(metavar="BRANCH", help="The slug of the branch.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="A Matrix account, like @jeanne:example.org.")]
Email = Annotated[str | None, typer.Option(help="The e-mail address.")]
Language = Annotated[str | None, typer.Option(help="If not the branch's, like fr.")]
JoinedOn = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day of joining.")]
Json = Annotated[bool, typer.Option("--json", help="As data.")]

group = typer.Typer(
    name="member", help="Add, change, transfer and show members and their accounts.", no_args_is_help=True
)


def add(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group)


@group.command("add")
def add_(
    ctx: typer.Context,
    name: str,
    branch: Branch,
    number: Annotated[str | None, typer.Option(help="Default: the next free one.")] = None,
    email: Email = None,
    language: Language = None,
    status: Annotated[str, typer.Option(help="applicant, member or suspended.")] = "member",
    joined_on: JoinedOn = None,
    account: Annotated[list[str] | None, typer.Option(help="A Matrix account that is claimed; several times.")] = None,
) -> None:
    """Add a member."""
    from kunveno.cli.register import members

    of(ctx).run(
        lambda app: members.add(
            app, name, branch, number=number, email=email, language=language, status=status,
            joined_on=joined_on, accounts=account or [],
        )
    )  # fmt: skip


@group.command()
def edit(
    ctx: typer.Context,
    number: Number,
    name: Annotated[str | None, typer.Option(help="The name.")] = None,
    email: Email = None,
    language: Language = None,
    joined_on: JoinedOn = None,
    left_on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day of leaving.")] = None,
) -> None:
    """Change what is given; an empty text clears: --email ''."""
    from kunveno.cli.register import members

    of(ctx).run(
        lambda app: members.edit(
            app, number, name=name, email=email, language=language, joined_on=joined_on, left_on=left_on
        )
    )


@group.command()
def transfer(ctx: typer.Context, number: Number, branch: Branch) -> None:
    """Make another branch the member's home. The history stays."""
    from kunveno.cli.register import members

    of(ctx).run(lambda app: members.transfer(app, number, branch))


@group.command()
def status(
    ctx: typer.Context,
    number: Number,
    status: Annotated[str, typer.Argument(help="applicant, member, suspended or left.")],
) -> None:
    """Admit an applicant, suspend or reinstate a member, let somebody leave (which ends mandates) or come back."""
    from kunveno.cli.register import members

    of(ctx).run(lambda app: members.set_status(app, number, status))


@group.command()
def account(
    ctx: typer.Context,
    number: Number,
    account: Account,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="It is known for certain to be this member's.")
    ] = False,
) -> None:
    """Say that a Matrix account is a member's."""
    from kunveno.cli.register import members

    of(ctx).run(lambda app: members.name_account(app, number, account, confirmed=confirmed))


@group.command()
def release(ctx: typer.Context, number: Number, account: Account) -> None:
    """Say that a Matrix account is not a member's, or not any more."""
    from kunveno.cli.register import members

    of(ctx).run(lambda app: members.release_account(app, number, account))


@group.command()
def invite(
    ctx: typer.Context,
    number: Number,
    days: Annotated[int, typer.Option(min=1, max=365, help="For how many days the code is good.")] = 14,
    qr: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the link as a picture: FILE.png or FILE.svg.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of the letter; if not the member's, like fr.")] = None,
) -> None:
    """Make a code by which the member's Matrix account gets in, and print the letter that carries it.

    A code that was made before is good for nothing any more.
    """
    from kunveno.cli.register import invitations

    if qr is not None and qr.suffix.lower() not in {".png", ".svg"}:
        raise typer.BadParameter("write a name that ends in .png or .svg", param_hint="--qr")
    call = of(ctx)
    translators = call.translators()
    if language is not None and language not in translators:
        raise typer.BadParameter(f"the languages are {', '.join(sorted(translators))}", param_hint="--language")
    call.run(lambda app: invitations.invite(app, number, days=days, qr=qr, language=language, translators=translators))


@group.command()
def revoke(ctx: typer.Context, number: Number) -> None:
    """Take back a code that was lost, stolen, or sent to the wrong address."""
    from kunveno.cli.register import invitations

    of(ctx).run(lambda app: invitations.revoke(app, number))


@group.command()
def show(ctx: typer.Context, number: Number, json: Json = False) -> None:
    """Show a member with accounts, mandates and history."""
    from kunveno.cli.register import members

    of(ctx).run(lambda app: members.show(app, number, json=json))


@group.command("list")
def list_(
    ctx: typer.Context,
    branch: Annotated[str | None, typer.Option(help="Of this branch only.")] = None,
    below: Annotated[bool, typer.Option("--below", help="And of the branches under it.")] = False,
    status: Annotated[str | None, typer.Option(help="Of this status only.")] = None,
    json: Json = False,
) -> None:
    """List members."""
    from kunveno.cli.register import members

    of(ctx).run(lambda app: members.list_(app, branch=branch, below=below, status=status, wanted=None, json=json))


@group.command()
def find(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Part of a name, a number, an e-mail address or an account.")],
    json: Json = False,
) -> None:
    """Look for members."""
    from kunveno.cli.register import members

    of(ctx).run(lambda app: members.list_(app, branch=None, below=False, status=None, wanted=text, json=json))
