"""The command line: one module per group of commands. What a command needs is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from kunveno.cli import (
    backup,
    branch,
    check,
    decisions,
    demo,
    exchange,
    init,
    letter,
    mandate,
    member,
    mirror,
    output,
    vote,
)
from kunveno.cli.exits import EPILOG
from kunveno.cli.invocation import Invocation


class _Guarded(TyperGroup):
    """The top group: an expected failure is a sentence and an exit status, in one place."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (OSError, Exception) as failure:
            if isinstance(failure, (typer.Exit, typer.Abort)) or hasattr(failure, "exit_code"):
                raise
            from ground.texts import ENGLISH
            from kunveno.cli.failures import explain

            invocation = ctx.obj
            translator = invocation.translator() if isinstance(invocation, Invocation) else ENGLISH
            explained = explain(failure, translator)
            if explained is None:
                raise
            sentence, status = explained
            for line in sentence.splitlines():
                output.error(line)
            raise typer.Exit(status) from None


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        cls=_Guarded,
        name="kunveno",
        help="Spaces, rooms and bots on Matrix for an organisation made of local groups.",
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for module in (init, check, exchange, branch, member, mandate, mirror, letter, vote, decisions, backup, demo):
        module.add(app)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from kunveno.resources import version

        output.say(f"kunveno {version() or '(not installed)'}")
        raise typer.Exit


def _options(
    ctx: typer.Context,
    config: Annotated[Path, typer.Option("--config", "-c", envvar="KUNVENO_CONFIG", help="The configuration.")] = Path(
        "config.yaml"
    ),
    language: Annotated[
        str, typer.Option(envvar="KUNVENO_LANGUAGE", help="The language of refusals: en or fr.")
    ] = "en",
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    ctx.obj = Invocation(config, language)


def main() -> None:
    """The command `kunveno`."""
    build()()
