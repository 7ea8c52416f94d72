"""What a vote comes to: from the ballots that count to its result, and from that to what is said. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bots.kit.wording import Items, Line
from bots.vote import assembly, assembly_words, declared, motion, sentences
from bots.vote.apportion import Apportionment
from bots.vote.assembly import By, Part
from bots.vote.counted import Assembled, Count, Shown
from bots.vote.counting import sentences as counts
from bots.vote.counting.count import Rules, count_rows
from bots.vote.counting.outcome import Decider, Method, Outcome
from bots.vote.counting.ties import AS_IT_IS, TieRule, Ties
from bots.vote.counting.values import READ, Kind, profile
from bots.vote.motion import Result, Verdict, Votes
from bots.vote.plan import Plan
from ground.texts import Text, text


def settle(
    plan: Plan, ballots: Mapping[str, int], *, voted: int, roll: int, weight: int, proxies: int = 0, beside: int = 0,
    few: bool = False, present: int | None = None, seed: str = "",
) -> Count:  # fmt: skip
    """Count. `few`: only the verdict may be told."""
    bare = Count(
        ballots={kept.rstrip(): number for kept, number in ballots.items()},
        result="",
        winners=(),
        voted=voted,
        roll=roll,
        weight=weight,
        proxies=proxies,
        beside=beside,
        present=present,
        seed=seed,
    )
    counted = settled(plan, bare)
    return replace(counted, ballots=None) if few else counted


def settled(plan: Plan, counted: Count) -> Count:
    """The same, with the verdict that its ballots and the rules give."""
    verdict, outcome = _decided(plan, counted.ballots or {}, counted)
    if outcome is None or verdict.result is Result.INQUORATE:
        return replace(counted, result=verdict.result, winners=())
    open_ = outcome.open is not None and _ties(plan, counted).rule is TieRule.CHAIR
    return replace(counted, result=Result.OPEN if open_ else "elected", winners=outcome.winners)


def tied(plan: Plan, counted: Count) -> tuple[int, ...]:
    """The options between which the chair has to decide; none where it need not."""
    if counted.result != Result.OPEN or counted.ballots is None:
        return ()
    _, outcome = _decided(plan, counted.ballots, counted)
    if outcome is None:
        return (0, 1)
    return () if outcome.open is None else outcome.open.tied


def lapsed(plan: Plan, counted: Count) -> Count:
    """What holds where the chair does not decide."""
    return settled(plan, replace(counted, placed=(), lapsed=True))


def assemble(
    plan: Plan,
    counted: Count,
    whole: Mapping[str, int],
    parts: Sequence[Part],
    shown: Sequence[Shown],
    how: Apportionment,
    *,
    apart: bool = True,
) -> Count:
    """What all branches came to, from what all ballots came to. `whole`: all ballots, where `counted` may not tell.

    `apart`: whether it may be told how the branches went; else only what decides is.
    """
    by = plan.by or By.HEADS
    if plan.method is None:
        decision = assembly.decide_motion(
            motion_rules(plan), by, parts, options=len(plan.options), roll=counted.weight, how=how
        )
    else:
        _, outcome = _decided(plan, whole, counted)
        heads, totals = ((), ()) if outcome is None else (outcome.winners, outcome.totals)
        decision = assembly.decide_election(count_rules(plan, plan.method), by, parts, heads, totals, how)
    if counted.result == Result.INQUORATE:
        result, winners = counted.result, counted.winners
    else:
        result, winners = decision.result, decision.winners
    measures = tuple(one for one in decision.measures if apart or one.by in (By.HEADS, *by.measured))
    told = None if counted.ballots is None else Assembled(
        measures=measures, branches=len(parts), shown=tuple(shown)
    )  # fmt: skip
    return replace(counted, result=result, winners=winners, assembled=told)


def shown_of(plan: Plan, branch_id: str, branches: int, ballots: Mapping[str, int], voted: int, roll: int) -> Shown:
    """What may be told of a branch, from its ballots."""
    totals: tuple[int, ...] = ()
    if plan.kind is Kind.CHOICE:
        totals = first_totals(plan, ballots)
    return Shown(branch_id=branch_id, branches=branches, totals=totals, voted=voted, roll=roll)


def lines(plan: Plan, result: Count) -> tuple[Line, ...]:
    """The verdict with every test, the numbers, and the turnout."""
    if result.assembled is not None:
        return _of_assembly(plan, result, result.assembled)
    if result.ballots is None:
        return (
            _bare(plan, result),
            sentences.turnout(result.voted, result.roll),
            text("So few ballots were cast that the numbers are not told."),
            *declared.drawn(plan, result.seed, told=False),
        )
    verdict, outcome = _decided(plan, result.ballots, result)
    said = [*(_of_motion(plan, verdict) if outcome is None else _of_election(plan, verdict, outcome, result))]
    if result.lapsed:
        said.append(text("The chair did not decide."))
    said.append(sentences.turnout(result.voted, result.roll))
    if plan.weights is not None:
        cast = sum(result.ballots.values())
        said.append(text("Their ballots weigh {cast} of {weight}.", cast=cast, weight=result.weight))
    if result.proxies:
        said.append(text("{count} of them by proxy.", count=result.proxies))
    ties = () if outcome is None else outcome.ties
    by_lot = verdict.equal or any(tie.decider is Decider.RULE for tie in ties)
    return *said, *sentences.beside_the_poll(result.beside), *declared.drawn(plan, result.seed, told=by_lot)


def short(plan: Plan, result: Count) -> Text:
    """The verdict in a few words, for a list."""
    return _bare(plan, result)


def decided(plan: Plan, result: Count) -> tuple[Verdict, Outcome | None]:
    """The tests of a motion; or that of the quorum alone, and the count of an election. Its ballots have to be there:
    raises ValueError where the verdict alone is told."""
    if result.ballots is None:
        raise ValueError("the numbers of this vote are not told")
    return _decided(plan, result.ballots, result)


def first_totals(plan: Plan, ballots: Mapping[str, int]) -> tuple[int, ...]:
    """How many ballots name each choice."""
    totals = [0] * len(plan.options)
    for choice, weight in profile(READ[Kind.CHOICE], ballots.items()).items():
        for option in choice:
            totals[option] += weight
    return tuple(totals)


def motion_rules(plan: Plan, ties: Ties = AS_IT_IS) -> motion.Rules:
    """How a motion is decided."""
    return motion.Rules(
        majority=plan.majority, quorum=plan.quorum, abstentions=plan.abstentions, ties=ties.rule, seed=ties.seed
    )


def count_rules(plan: Plan, method: Method, ties: Ties = AS_IT_IS) -> Rules:
    """How an election is counted."""
    return Rules(
        method=method,
        names=plan.options,
        seats=plan.seats,
        most=plan.most if plan.most > 1 else None,
        top=plan.top,
        ties=ties,
    )


def _ties(plan: Plan, counted: Count) -> Ties:
    """The rule for ties, with what was drawn or decided."""
    return Ties(TieRule.STATUS_QUO if counted.lapsed else plan.ties, counted.seed, counted.chair)


def _decided(plan: Plan, ballots: Mapping[str, int], counted: Count) -> tuple[Verdict, Outcome | None]:
    """The verdict of a motion; or that of the quorum alone, and the outcome of a count."""
    ties = _ties(plan, counted)
    people = Votes(in_favour=0, against=0, roll=counted.weight, voters=counted.voted, electors=counted.roll)
    if plan.method is None:
        cast = motion.votes_of(profile(READ[plan.kind], ballots.items()), roll=counted.weight)
        votes = replace(
            people, in_favour=cast.in_favour, against=cast.against, abstained=cast.abstained,
            present=None if counted.present is None else max(counted.present, cast.voted),
        )  # fmt: skip
        return motion.decide(motion_rules(plan, ties), votes, chair=ties.chair[0] == 0 if ties.chair else None), None
    present = motion.decide(motion.Rules(quorum=plan.quorum), replace(people, in_favour=sum(ballots.values())))
    return present, count_rows(count_rules(plan, plan.method, ties), ballots.items())


def _of_assembly(plan: Plan, result: Count, assembled: Assembled) -> tuple[Line, ...]:
    """What decided first, then all measures side by side, the tests, and the turnout."""
    said: list[Line] = [assembly_words.head(plan, result.result, result.winners)]
    said.append(Items(tuple(assembly_words.measured(plan, one) for one in assembled.measures)))
    if plan.method is None:
        deciding = (plan.by or By.HEADS).measured
        rules = motion_rules(plan)
        for one in assembled.measures:
            verdict = assembly.verdict(rules, one.by, one.totals, one.without, result.weight)
            decides = one.by in deciding and result.result != Result.INQUORATE
            if decides and (sentences.formal(plan) or verdict.equal):
                said += [assembly_words.tested(one.by, line) for line in verdict.lines]
            elif one.by is By.HEADS and plan.quorum is not None:
                said.append(verdict.lines[0])
    elif plan.quorum is not None and result.ballots is not None:
        said += _decided(plan, result.ballots, result)[0].lines[:1]
    said.append(sentences.turnout(result.voted, result.roll))
    if result.proxies:
        said.append(text("{count} of them by proxy.", count=result.proxies))
    return *said, *sentences.beside_the_poll(result.beside)


def _of_motion(plan: Plan, verdict: Verdict) -> Sequence[Line]:
    votes = verdict.votes
    if not votes.took_part:
        return [text("Nobody voted: nothing is decided.")] if plan.quorum is None else [*verdict.lines]
    tally = sentences.tally(plan, (votes.in_favour, votes.against, votes.abstained)[: len(plan.options)])
    match verdict.result:
        case Result.CARRIED:
            head = text("Carried: {tally}.", tally=tally)
        case Result.LOST:
            head = text("Lost: {tally}.", tally=tally)
        case _:
            head = text("Not decided: {tally}.", tally=tally)
    tests = [*verdict.lines] if sentences.formal(plan) or verdict.equal else []
    if sentences.formal(plan) and verdict.abstentions is not None:
        tests.append(verdict.abstentions)
    return [head, *tests]


def _of_election(plan: Plan, verdict: Verdict, outcome: Outcome, counted: Count) -> Sequence[Line]:
    quorum = list(verdict.lines[:1]) if plan.quorum is not None else []
    if verdict.result is Result.INQUORATE:
        return [*quorum, _table(plan, outcome, ())]
    if not outcome.ballots:
        return [*quorum, text("Nothing is decided.") if counted.voted else counts.verdict(outcome)]
    return [
        *quorum,
        counts.verdict(outcome),
        *counts.ties(outcome, _ties(plan, counted)),
        _table(plan, outcome, outcome.winners),
    ]


def _table(plan: Plan, outcome: Outcome, winners: Sequence[int]) -> Items:
    if not outcome.rounds:
        if outcome.totals:
            return sentences.table(plan, outcome.totals, winners)
        return Items(tuple(", ".join(counts.named(outcome, level)) for level in outcome.levels), most=62)
    return Items(
        tuple(
            text(
                "Round {round}: {votes}",
                round=one.number,
                votes=[
                    text("{choice} {count}", choice=plan.options[option], count=counts.votes(units))
                    for option, units in enumerate(one.votes)
                    if units >= 0 and (units or one.number == 1)
                ],
            )
            for one in outcome.rounds
        ),
        most=100,
    )


def _bare(plan: Plan, result: Count) -> Text:
    match result.result:
        case Result.CARRIED:
            return text("Carried.")
        case Result.LOST:
            return text("Lost.")
        case Result.INQUORATE:
            return text("The quorum was not reached: nothing is decided.")
        case Result.OPEN:
            return text("Equal: the chair has to decide.")
    if not result.winners:
        return text("Nothing is decided.")
    winners = [plan.options[option] for option in result.winners]
    if len(winners) == 1:
        return text("Chosen: {winner}.", winner=winners[0])
    return text("In this order: {winners}.", winners=winners)
