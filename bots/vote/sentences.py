"""What is said of votes before, while and after they are open. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from bots.kit.voice import Voice
from bots.kit.wording import Code, Items, Line, Link, Percent, Strong, Typed, When
from bots.vote.apportion import Apportionment
from bots.vote.assembly import By
from bots.vote.counting.outcome import Method
from bots.vote.majorities import HALF, SIMPLE, Base, Majority, shown
from bots.vote.plan import Plan
from bridge.ports import Secrecy
from ground.texts import Text, counted, text

FOR, AGAINST, ABSTAIN = text("For"), text("Against"), text("Abstain")
"""The choices where none were given."""


def worded(plan: Plan, voice: Voice) -> Plan:
    """The plan with its choices as a language says them, where nobody gave any."""
    return replace(plan, options=tuple(map(voice.say, (FOR, AGAINST, ABSTAIN)))) if plan.usual else plan


def handle(number: int | None) -> str:
    """What a vote is called."""
    return f"V{number}"


def people(size: int) -> Text:
    """How many are on the roll."""
    return counted("{count} member on the roll", "{count} members on the roll", size)


def majority(rule: Majority) -> Text:
    """A majority in words, after the comma."""
    if rule.share is None:
        return text("simple majority")
    if rule.more and rule.share == HALF:
        match rule.of:
            case Base.ROLL:
                return text("absolute majority of the roll")
            case Base.PRESENT:
                return text("absolute majority of those present")
        return text("absolute majority of votes cast")
    match rule.of:
        case Base.ROLL:
            return text("{share} of the roll", share=shown(rule.share))
        case Base.PRESENT:
            return text("{share} of those present", share=shown(rule.share))
    return text("{share} of votes cast", share=shown(rule.share))


def method(plan: Plan) -> Text:
    """The method in words."""
    seats = counted("{count} seat", "{count} seats", plan.seats)
    match plan.method:
        case Method.APPROVAL:
            return counted(
                "approval, at most {count} choice, {seats}", "approval, at most {count} choices, {seats}", plan.most,
                seats=seats,
            )  # fmt: skip
        case Method.RUNOFF:
            return text("instant runoff")
        case Method.SCHULZE:
            return text("Schulze method, {seats}", seats=seats)
        case Method.STV:
            return text("single transferable vote, {seats}", seats=seats)
        case Method.SCORE:
            return text("score from 0 to {top}, {seats}", top=plan.top, seats=seats)
        case Method.JUDGMENT:
            return text("majority judgment from 0 to {top}, {seats}", top=plan.top, seats=seats)
        case Method.PLURALITY:
            if plan.seats == 1:
                return text("one choice, the most votes win")
            return text("one choice, {seats}", seats=seats)
    return majority(plan.majority)


def conditions(plan: Plan, size: int, closes: datetime) -> Text:
    """Roll, quorum, method and close on one line."""
    parts: list[Text] = [people(size)]
    if plan.quorum is not None:
        parts.append(text("quorum {count}", count=plan.quorum.needed(size)))
    parts.append(method(plan))
    if plan.by is not None:
        parts.append(decided_by(plan))
    parts.append(text("closes {when}", when=When(closes)))
    return joined(parts)


def decided_by(plan: Plan) -> Text:
    """What decides a vote of many branches, as it is announced."""
    match plan.by:
        case By.BRANCHES:
            return text("decided by branches: one voice each")
        case By.MANDATES if plan.split is Apportionment.DHONDT:
            return text("decided by mandates: each branch’s are split by its votes (D’Hondt)")
        case By.MANDATES:
            return text("decided by mandates: each branch’s are split by its votes (largest remainder)")
        case By.DOUBLE:
            return text("decided by double majority: of heads and of branches")
    return text("decided by heads: all ballots together")


def joined(parts: Sequence[Text]) -> Text:
    """Parts with dots between them."""
    first, *rest = parts
    return text("{first} · {rest}", first=first, rest=joined(rest)) if rest else first


def secrecy(promise: Secrecy) -> Text:
    """What may be promised to voters: one honest sentence."""
    if promise is Secrecy.SECRET:
        return text("Secret · nobody can see who chose what, not even whoever runs the server")
    return text("Confidential · other members and officers will not see who chose what; whoever runs the server could")


def secrecy_of(confidential: bool) -> Text:
    """Whether names are readable."""
    return secrecy(Secrecy.CONFIDENTIAL) if confidential else text("Public · the names will be readable")


def preview(
    question: str, plan: Plan, size: int, closes: datetime, promise: Secrecy | None, *, change: bool, where: str | None,
    rules: Sequence[Text] = (),
) -> tuple[Line, ...]:  # fmt: skip
    """A formal vote before it is opened."""
    lines: list[Line] = [
        text("Please check before it opens:"),
        text("{question} {choices}", question=Strong(question), choices=" / ".join(plan.options)),
        secrecy_of(False) if promise is None else secrecy(promise),
        conditions(plan, size, closes),
        *rules,
    ]
    if not change:
        lines.append(text("A ballot that is cast cannot be changed."))
    if where is not None:
        lines.append(text("It will be held in {room}.", room=where))
    return tuple(lines)


def opened(
    number: int, plan: Plan, branch: str, size: int, whole: int, root: str, closes: datetime, *, poll: bool,
    change: bool, conditions_said: bool, links: str | None, example: str, rules: Sequence[Text] = (),
) -> tuple[Line, ...]:  # fmt: skip
    """That a vote is open. `size` is how many of the branch are on the roll, `whole` how many are in all; `links` is
    where the direct conversation is, for a confidential vote."""
    values: dict[str, object] = {"number": Strong(handle(number)), "branch": branch}
    head: list[Line] = [text("Vote {number} is open until {when}.", when=When(closes), **values)]
    if whole == size:
        head.append(
            counted("{count} member of {branch} can vote.", "{count} members of {branch} can vote.", size, **values)
        )
    else:
        head.append(
            counted(
                "{count} member of {branch} can vote, {whole} in all branches.",
                "{count} members of {branch} can vote, {whole} in all branches.",
                size, whole=whole, **values,
            )
        )  # fmt: skip
    if conditions_said or plan.method is not None:
        quorum = plan.quorum
        rule = method(plan)
        if quorum is not None:
            rule = joined([text("quorum {count}", count=quorum.needed(whole)), rule])
        head.append(text("Rule: {rule}.", rule=rule))
    head += rules
    if links is not None:
        # Sentences within sentences are not found by the catalogues.
        typed, label = text("vote {number}", number=handle(number)), text("vote on {number}", number=handle(number))
        privately = text(
            "To vote, write {command} to me privately: {link}", command=Typed(typed), link=Link(label, links)
        )
        head += [secrecy(Secrecy.CONFIDENTIAL), privately]
    elif poll:
        head.append(text("Public vote: the names will be readable. No buttons? Reply with the number of your choice."))
    else:
        head += [
            *numbered(plan),
            text(
                "Public vote: the names will be readable. To vote, reply for example: {example}",
                example=Code(example),
            ),
        ]
    if not change:
        head.append(text("A ballot that is cast cannot be changed."))
    head.append(text("Fingerprint of the roll: {root}", root=Code(root)))
    return tuple(head)


def numbered(plan: Plan) -> tuple[Line, ...]:
    """The choices with their numbers."""
    return tuple(f"{number}. {option}" for number, option in enumerate(plan.options, 1))


def ballot(number: int, question: str, plan: Plan, example: str, *, confidential: bool) -> tuple[Line, ...]:
    """A ballot in the direct conversation."""
    head = text("{number} · {question}", number=Strong(handle(number)), question=question)
    how = text("Answer with your choice, for example: {example}", example=Code(example))
    return head, *numbered(plan), how, *([secrecy(Secrecy.CONFIDENTIAL)] if confidential else [])


def turnout(voted: int, size: int) -> Text:
    """How many took part."""
    share = Percent(Fraction(voted, size) if size else Fraction(0))
    return counted(
        "{count} of {size} voted ({share}).", "{count} of {size} voted ({share}).", voted, size=size, share=share
    )


def beside_the_poll(count: int) -> tuple[Text, ...]:
    """That clients show fewer votes in the poll than were given."""
    if not count:
        return ()
    said = counted(
        "{count} vote was given outside the poll, which does not show it.",
        "{count} votes were given outside the poll, which does not show them.",
        count,
    )
    return (said,)


def tally(plan: Plan, totals: Sequence[int]) -> tuple[Text, ...]:
    """How many each choice has: `29 Yes`."""
    return tuple(
        text("{count} {choice}", count=count, choice=option) for option, count in zip(plan.options, totals, strict=True)
    )


def table(plan: Plan, totals: Sequence[int], winners: Sequence[int]) -> Items:
    """The table of an election, most first."""
    order = sorted(range(len(plan.options)), key=lambda option: (-totals[option], option))
    return Items(
        tuple(
            text("{choice}: {count} ✓", choice=plan.options[option], count=totals[option])
            if option in winners
            else text("{choice}: {count}", choice=plan.options[option], count=totals[option])
            for option in order
        ),
        most=62,
    )


def formal(plan: Plan) -> bool:
    """Whether there are tests to be named beside the simple majority."""
    return plan.quorum is not None or plan.majority != SIMPLE
