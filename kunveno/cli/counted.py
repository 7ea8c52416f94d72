"""What `kunveno vote count` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import typer

from bots.vote.counting import sentences
from bots.vote.counting.blt import BltError, Election, read_blt
from bots.vote.counting.count import Rules, count
from bots.vote.counting.outcome import Method, Outcome, Round, Step
from bots.vote.counting.record import record
from bots.vote.counting.ties import TieRule, Ties
from ground.texts import ENGLISH
from kunveno.cli import output
from kunveno.cli.exits import Exit


def count_file(file: Path, method: str, *, seats: int | None, seed: str | None, json: bool) -> None:
    """Count the ballots of a BLT file and print the result. Leaves with status 1 where it cannot be counted, with 6
    where a tie is left open."""
    election = _read(file)
    way = Method(method)
    if election.equal_ranks is not None and not way.equal_ranks:
        _refuse(file, f"line {election.equal_ranks}: equal ranks, which {method} does not allow")
    ties = Ties() if seed is None else Ties(TieRule.DRAWN, seed)
    single = way is not Method.STV
    rules = Rules(
        method=way,
        names=election.names,
        seats=seats or (1 if single else election.seats),
        ties=ties,
        withdrawn=election.withdrawn,
    )
    outcome = count(rules, election.ballots)
    if json:
        output.print_json({"title": election.title, **record(outcome)})
    else:
        _show(election, outcome, ties)
    if outcome.open is not None:
        raise typer.Exit(Exit.PARTLY)


def _read(file: Path) -> Election:
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    try:
        return read_blt(text)
    except BltError as wrong:
        _refuse(file, str(wrong))


def _refuse(file: Path, problem: str) -> NoReturn:
    output.error(f"{file}: {problem}")
    raise typer.Exit(Exit.REFUSED)


def _show(election: Election, outcome: Outcome, ties: Ties) -> None:
    if election.title:
        output.say(election.title)
    output.say(f"{outcome.ballots} ballots that rank somebody, {outcome.empty} that rank nobody; {_seats(outcome)}.")
    if outcome.rounds:
        output.table(["", *(f"Round {each.number}" for each in outcome.rounds)], _rows(outcome))
        for each in outcome.rounds:
            output.say(_told(each, outcome.names))
    if outcome.pairs:
        output.table(["Preferred to", *outcome.names], _pairs(outcome))
    for tie in sentences.ties(outcome, ties):
        output.say(ENGLISH.say(tie, _listed))
    winners = ", ".join(outcome.names[winner] for winner in outcome.winners)
    output.say(f"Elected: {winners}." if winners else "Nobody is elected.")


def _listed(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _seats(outcome: Outcome) -> str:
    quota = "" if outcome.quota is None else f", quota {sentences.votes(outcome.quota)}"
    return f"{outcome.seats} {'seat' if outcome.seats == 1 else 'seats'}{quota}"


def _rows(outcome: Outcome) -> Iterator[list[str]]:
    for option, name in enumerate(outcome.names):
        yield [name, *(f"{sentences.votes(each.votes[option]):f}" for each in outcome.rounds)]
    yield ["not transferable", *(f"{sentences.votes(each.not_transferable):f}" for each in outcome.rounds)]


def _pairs(outcome: Outcome) -> Iterator[list[str]]:
    for option, row in enumerate(outcome.pairs):
        yield [outcome.names[option], *("" if option == other else str(many) for other, many in enumerate(row))]


def _told(each: Round, names: Sequence[str]) -> str:
    of = "" if each.option is None else names[each.option]
    done = {
        Step.FIRST: "first preferences",
        Step.SURPLUS: f"the surplus of {of} is handed on",
        Step.EXCLUSION: f"{of} is excluded",
    }[each.step]
    elected = ", ".join(names[option] for option in each.elected)
    left = " (nobody else is left)" if each.filled else ""
    return f"Round {each.number}: {done}." + (f" Elected: {elected}{left}." if elected else "")
