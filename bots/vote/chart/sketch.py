"""What is on the picture of a result: bars, lines and words, in the language of its place. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from bots.kit.parts import Items
from bots.kit.voice import Voice
from bots.vote import assembly_words, result, sentences
from bots.vote.counted import Count
from bots.vote.counting.outcome import UNIT, Method, Outcome
from bots.vote.motion import Result, Verdict
from bots.vote.plan import Plan
from ground.texts import Text, counted, text

MOST: Final = 10
"""Bars that a phone shows without scrolling for long."""
_CENT: Final = Decimal("0.01")
Style: TypeAlias = Literal["for", "against", "abstain", "won", "lost"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line across a bar, at a value, and what it says."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`instead` is shown where the font lacks the letters of the label."""

    label: str
    shown: str
    value: float
    style: Style
    instead: str
    won: bool = False
    line: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """How many took part, of all who may."""

    label: str
    value: int
    of: int
    line: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """`whole` is what a full bar stands for; `alt` says in words all that the picture shows."""

    title: str
    verdict: str
    whole: float
    bars: Sequence[Bar]
    notes: Sequence[str]
    turnout: Turnout
    alt: str

    def data(self) -> dict[str, object]:
        """As JSON takes it."""
        return asdict(self)


def sketch(plan: Plan, count: Count, voice: Voice, *, number: int, question: str) -> Sketch | None:
    """The picture of a result; None where there is nothing to show: nobody voted, or the numbers are not told."""
    if count.ballots is None or not count.voted:
        return None
    verdict, outcome = result.decided(plan, count)
    bars, notes = _motion(plan, verdict, voice) if outcome is None else _election(plan, outcome, count, voice)
    if not bars:
        return None
    rest = counted("… and one more", "… and {count} more", len(bars) - MOST)
    more = [voice.say(rest)] if len(bars) > MOST else []
    if count.assembled is not None:  # the bars are those of the heads
        notes += [voice.say(assembly_words.measured(plan, one)) for one in count.assembled.measures]
    said = [voice.show(line) for line in result.lines(plan, count) if not isinstance(line, Items)]
    title = voice.say(text("{number} · {question}", number=sentences.handle(number), question=question))
    turnout = _turnout(plan, verdict, count, voice)
    numbers = [f"{bar.label}: {bar.shown}{' ✓' if bar.won else ''}" for bar in bars] if outcome is not None else []
    return Sketch(
        title=title.replace("\n", " "),
        verdict=said[0],
        whole=max([1.0, *(bar.value for bar in bars), *(bar.line.at for bar in bars if bar.line is not None)]),
        bars=bars[:MOST],
        notes=[*more, *notes],
        turnout=turnout,
        alt="\n".join([title, *said, *numbers, *notes]),
    )


def _motion(plan: Plan, verdict: Verdict, voice: Voice) -> tuple[list[Bar], list[str]]:
    votes = verdict.votes
    needed = None
    if verdict.result in (Result.CARRIED, Result.LOST) and plan.majority.share is not None:
        needed = Line(verdict.needed, voice.say(counted("{count} needed", "{count} needed", verdict.needed)))
    styles: tuple[Style, ...] = ("for", "against", "abstain")
    numbers = (votes.in_favour, votes.against, votes.abstained)
    return [
        Bar(
            label=option, shown=voice.show(many), value=many, style=style, instead=f"{at}.",
            line=needed if style == "for" else None,
        )
        for at, (option, many, style) in enumerate(zip(plan.options, numbers, styles, strict=False), 1)
    ], []  # fmt: skip


def _election(plan: Plan, outcome: Outcome, count: Count, voice: Voice) -> tuple[list[Bar], list[str]]:
    values, notes = _values(outcome, voice)
    winners = list(count.winners)

    def place(option: int) -> tuple[int, float, int]:
        return (winners.index(option) if option in winners else len(winners), -values[option][0], option)

    bars = []
    for option in sorted(range(len(plan.options)), key=place):
        value, shown = values[option]
        if option in winners and len(winners) > 1 and outcome.rounds:
            shown = voice.say(text("{votes} · seat {seat}", votes=shown, seat=winners.index(option) + 1))
        won = option in winners
        bars.append(
            Bar(
                label=plan.options[option], shown=shown, value=value, style="won" if won else "lost", won=won,
                instead=f"{option + 1}.",
            )
        )  # fmt: skip
    return bars, notes


def _values(outcome: Outcome, voice: Voice) -> tuple[list[tuple[float, str]], list[str]]:
    """What each option's bar stands for, and the words beside it."""
    if outcome.rounds:
        last = outcome.rounds[-1]
        notes = [voice.say(text("Votes after round {round}, the last.", round=last.number))]
        if outcome.quota is not None:
            notes.append(voice.say(text("Quota: {votes}", votes=_rounded(outcome.quota))))
        return [(units / UNIT, voice.show(_rounded(units))) for units in last.votes], notes
    if outcome.method is Method.SCHULZE:
        beaten = [
            sum(row[other] > outcome.paths[other][option] for other in range(len(row)) if other != option)
            for option, row in enumerate(outcome.paths)
        ]
        said: list[Text] = [
            text("beats {count} of {others}", count=many, others=len(outcome.names) - 1) for many in beaten
        ]
        return [(many, voice.say(line)) for many, line in zip(beaten, said, strict=True)], []
    notes = [voice.say(text("Median grades."))] if outcome.method is Method.JUDGMENT else []
    return [(total, voice.show(total)) for total in outcome.totals], notes


def _turnout(plan: Plan, verdict: Verdict, count: Count, voice: Voice) -> Turnout:
    line = None
    # The quorum is a number of votes; where these weigh more than people it is another scale.
    if verdict.quorum_needed is not None and count.weight == count.roll:
        line = Line(verdict.quorum_needed, voice.say(text("Quorum: {count}", count=verdict.quorum_needed)))
    label = voice.say(sentences.turnout(count.voted, count.roll))
    return Turnout(label=label, value=count.voted, of=count.roll, line=line)


def _rounded(units: int) -> Decimal:
    votes = Decimal(units) / UNIT
    return votes.quantize(_CENT) if units % UNIT else votes.to_integral_value()
