"""`kunveno branch …`."""

from __future__ import annotations

from typing import Annotated

import typer

from kunveno.cli import output
from kunveno.cli.invocation import of

Slug = Annotated[str, typer.Argument(metavar="BRANCH", help="The slug of the branch.")]
Json = Annotated[bool, typer.Option("--json", help="As data.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Language = Annotated[str | None, typer.Option(help="If not the organisation's, like fr.")]
Timezone = Annotated[str | None, typer.Option(help="If not the organisation's, like America/Cayenne.")]
Code = Annotated[str | None, typer.Option(help="A reference of your own, like FR-93.")]

group = typer.Typer(name="branch", help="Create, change, merge, close and show branches.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group)


@group.command()
def create(
    ctx: typer.Context,
    slug: Slug,
    name: Annotated[str, typer.Option(help="What it is called.")],
    tier: Annotated[str, typer.Option(help="One of the configuration's tiers.")],
    parent: Annotated[str | None, typer.Option(help="The branch above; none for the top of the tree.")] = None,
    language: Language = None,
    timezone: Timezone = None,
    code: Code = None,
) -> None:
    """Create a branch."""
    from kunveno.cli.register import branches

    of(ctx).run(
        lambda app: branches.create(app, slug, name, tier, parent, language=language, timezone=timezone, code=code)
    )


@group.command()
def rename(ctx: typer.Context, slug: Slug, name: str) -> None:
    """Give a branch another name. The slug stays."""
    from kunveno.cli.register import branches

    of(ctx).run(lambda app: branches.edit(app, slug, name=name))


@group.command()
def edit(
    ctx: typer.Context,
    slug: Slug,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    language: Language = None,
    timezone: Timezone = None,
    code: Code = None,
) -> None:
    """Change what is given; an empty text clears: --code ''."""
    from kunveno.cli.register import branches

    of(ctx).run(lambda app: branches.edit(app, slug, name=name, language=language, timezone=timezone, code=code))


@group.command()
def move(
    ctx: typer.Context,
    slug: Slug,
    parent: Annotated[str, typer.Argument(metavar="PARENT", help="The branch above.")],
    tier: Annotated[str | None, typer.Option(help="Another tier.")] = None,
) -> None:
    """Put a branch, with all under it, under another one."""
    from kunveno.cli.register import branches

    of(ctx).run(lambda app: branches.move(app, slug, parent, tier))


@group.command()
def merge(
    ctx: typer.Context,
    slug: Slug,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The branch that takes everything.")],
    yes: Yes = False,
) -> None:
    """Close a branch and give its members and the branches under it to another one."""
    from kunveno.cli.register import branches

    if not yes:
        held = of(ctx).run(lambda app: branches.content(app, slug))
        output.say(f"'{held.name}' will be closed for good, and {held.mandates} mandates will end.")
        output.say(f"'{into}' takes over {held.members} members and {held.branches} branches under it.")
        typer.confirm("Merge?", abort=True)
    of(ctx).run(lambda app: branches.merge(app, slug, into))


@group.command()
def close(ctx: typer.Context, slug: Slug, yes: Yes = False) -> None:
    """Close a branch that has no members and no branches under it."""
    from kunveno.cli.register import branches

    if not yes:
        held = of(ctx).run(lambda app: branches.content(app, slug))
        output.say(f"'{held.name}' will be closed for good, and {held.mandates} mandates will end.")
        typer.confirm("Close?", abort=True)
    of(ctx).run(lambda app: branches.close(app, slug))


@group.command()
def show(ctx: typer.Context, slug: Slug, json: Json = False) -> None:
    """Show a branch and who holds its offices."""
    from kunveno.cli.register import branches

    of(ctx).run(lambda app: branches.show(app, slug, json=json))


@group.command("list")
def list_(
    ctx: typer.Context,
    tier: Annotated[str | None, typer.Option(help="Of this tier only.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones too.")] = False,
    json: Json = False,
) -> None:
    """List the branches."""
    from kunveno.cli.register import branches

    of(ctx).run(lambda app: branches.list_(app, tier=tier, closed=closed, json=json))


@group.command()
def tree(
    ctx: typer.Context,
    slug: Annotated[str | None, typer.Argument(metavar="[BRANCH]", help="From here down.")] = None,
) -> None:
    """Draw the tree, with the number of members whose home each branch is."""
    from kunveno.cli.register import branches

    of(ctx).run(lambda app: branches.draw(app, slug))
