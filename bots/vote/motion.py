"""Yes or no: whether a motion is carried, and the sentence that says why. In whole votes.

The verdict names each test with its numbers, so that everybody can check it: the quorum first, since without it nothing
is decided; then the majority; then, where the votes are equal, what decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from bots.vote.counting.ties import TieRule, lot
from bots.vote.counting.values import Choice, Profile
from bots.vote.majorities import HALF, SIMPLE, Base, Majority, Quorum, shown
from ground.texts import Text, counted, text

FOR: Final = "for"
AGAINST: Final = "against"
"""What the two sides are called in a lot."""


class Result(StrEnum):
    """What became of a motion."""

    CARRIED = "carried"
    LOST = "lost"
    INQUORATE = "inquorate"
    """The quorum was not reached: nothing is decided."""
    OPEN = "open"
    """The votes are equal, and the chair is still to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a motion is decided. `abstentions`: they count among the votes cast, except in a simple
    majority, which only compares for and against. `seed` is for the lot."""

    majority: Majority = SIMPLE
    quorum: Quorum | None = None
    abstentions: bool = False
    ties: TieRule = TieRule.STATUS_QUO
    seed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """What was cast, by weight. `roll` is all who may vote; `present` those who were counted in the room, where
    somebody counted them; `voters` of `electors` are the people, where ballots weigh more or less than one: a quorum
    counts people."""

    in_favour: int
    against: int
    abstained: int = 0
    roll: int = 0
    present: int | None = None
    voters: int | None = None
    electors: int | None = None

    @property
    def took_part(self) -> int:
        """How many people took part."""
        return self.voted if self.voters is None else self.voters

    @property
    def entitled(self) -> int:
        """How many people may vote."""
        return self.roll if self.electors is None else self.electors

    @property
    def voted(self) -> int:
        """Who took part; abstaining is taking part."""
        return self.in_favour + self.against + self.abstained


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a motion comes to. `base` is what the majority is a share of, `needed` how many that asks for,
    `quorum_needed` how many the quorum asks for; `chair` is the chair's casting vote, once given."""

    result: Result
    rules: Rules
    votes: Votes
    base: int
    needed: int
    quorum_needed: int | None
    equal: bool = False
    chair: bool | None = None

    @property
    def lines(self) -> tuple[Text, ...]:
        """A sentence for each test, in the order in which they decide."""
        quorum = () if self.quorum_needed is None else (_quorum(self),)
        if self.result is Result.INQUORATE:
            return quorum
        return (*quorum, _equal(self) if self.equal else _majority(self))

    @property
    def sentence(self) -> Text:
        """All tests: "Quorum 50 %: 61 of 112 voted, reached. Majority 2/3 of 58 cast: 39 needed, 41 for: carried." """
        first, *rest = self.lines
        return text("{quorum} {majority}", quorum=first, majority=rest[0]) if rest else first

    @property
    def abstentions(self) -> Text | None:
        """How abstentions were counted, where there were any."""
        if not self.votes.abstained:
            return None
        if self.rules.abstentions and self.rules.majority.share is not None:
            return counted(
                "{count} abstention, counted among the votes cast.",
                "{count} abstentions, counted among the votes cast.",
                self.votes.abstained,
            )
        return counted(
            "{count} abstention, not counted among the votes cast.",
            "{count} abstentions, not counted among the votes cast.",
            self.votes.abstained,
        )


def votes_of(
    ballots: Profile[Choice], *, in_favour: int = 0, against: int = 1, roll: int = 0, present: int | None = None
) -> Votes:
    """What a profile of choices says for and against; all other ballots abstain.

    Raises ValueError for a ballot that is for both.
    """
    yes = no = 0
    for choice, weight in ballots.items():
        if in_favour in choice and against in choice:
            raise ValueError("a ballot is for a motion and against it")
        yes += weight if in_favour in choice else 0
        no += weight if against in choice else 0
    abstained = sum(ballots.values()) - yes - no
    return Votes(in_favour=yes, against=no, abstained=abstained, roll=roll, present=present)


def decide(rules: Rules, votes: Votes, *, chair: bool | None = None) -> Verdict:
    """Whether the motion is carried. `chair` is the casting vote of whoever chairs, where the rule asks for one."""
    base = _base(rules, votes)
    needed = rules.majority.needed(base)
    quorum = None if rules.quorum is None else rules.quorum.needed(votes.entitled)
    equal = rules.majority.share is None and votes.in_favour == votes.against and votes.in_favour > 0
    if quorum is not None and votes.took_part < quorum:
        result, equal = Result.INQUORATE, False
    elif equal:
        result = _broken(rules, chair)
    else:
        result = Result.CARRIED if votes.in_favour >= needed else Result.LOST
    return Verdict(
        result=result,
        rules=rules,
        votes=votes,
        base=base,
        needed=needed,
        quorum_needed=quorum,
        equal=equal,
        chair=chair,
    )


def _base(rules: Rules, votes: Votes) -> int:
    match rules.majority.of:
        case Base.ROLL:
            return votes.roll
        case Base.PRESENT:
            return votes.voted if votes.present is None else votes.present
    counted_too = rules.abstentions and rules.majority.share is not None
    return votes.in_favour + votes.against + (votes.abstained if counted_too else 0)


def _broken(rules: Rules, chair: bool | None) -> Result:
    match rules.ties:
        case TieRule.CHAIR if chair is None:
            return Result.OPEN
        case TieRule.CHAIR:
            return Result.CARRIED if chair else Result.LOST
        case TieRule.DRAWN:
            return Result.CARRIED if lot(rules.seed, FOR) < lot(rules.seed, AGAINST) else Result.LOST
    return Result.LOST


def _quorum(verdict: Verdict) -> Text:
    quorum, votes = verdict.rules.quorum, verdict.votes
    least = "" if quorum is None else quorum.least if isinstance(quorum.least, int) else shown(quorum.least)
    if verdict.result is Result.INQUORATE:
        return text(
            "Quorum {least}: {voted} of {roll} voted, {needed} needed: not reached. Nothing is decided.",
            least=least,
            voted=votes.took_part,
            roll=votes.entitled,
            needed=verdict.quorum_needed,
        )
    return text(
        "Quorum {least}: {voted} of {roll} voted, reached.", least=least, voted=votes.took_part, roll=votes.entitled
    )


def _majority(verdict: Verdict) -> Text:
    votes, majority = verdict.votes, verdict.rules.majority
    carried = verdict.result is Result.CARRIED
    if majority.share is None:
        sides = {"in_favour": votes.in_favour, "against": votes.against}
        if carried:
            return text("Simple majority: {in_favour} for, {against} against: carried.", **sides)
        return text("Simple majority: {in_favour} for, {against} against: lost.", **sides)
    values: dict[str, object] = {
        "majority": _named(majority, majority.share),
        "base": verdict.base,
        "needed": verdict.needed,
        "in_favour": votes.in_favour,
    }
    match majority.of, carried:
        case Base.CAST, True:
            return text("{majority} of {base} cast: {needed} needed, {in_favour} for: carried.", **values)
        case Base.CAST, False:
            return text("{majority} of {base} cast: {needed} needed, {in_favour} for: lost.", **values)
        case Base.PRESENT, True:
            return text("{majority} of {base} present: {needed} needed, {in_favour} for: carried.", **values)
        case Base.PRESENT, False:
            return text("{majority} of {base} present: {needed} needed, {in_favour} for: lost.", **values)
        case _, True:
            return text("{majority} of {base} on the roll: {needed} needed, {in_favour} for: carried.", **values)
    return text("{majority} of {base} on the roll: {needed} needed, {in_favour} for: lost.", **values)


def _named(majority: Majority, share: Fraction) -> Text:
    if not majority.more:
        return text("Majority {share}", share=shown(share))
    if share == HALF:
        return text("Absolute majority")
    return text("Majority of more than {share}", share=shown(share))


def _equal(verdict: Verdict) -> Text:
    values: dict[str, object] = {"in_favour": verdict.votes.in_favour, "against": verdict.votes.against}
    carried = verdict.result is Result.CARRIED
    match verdict.rules.ties:
        case TieRule.DRAWN:
            values |= {"seed": verdict.rules.seed}
            if carried:
                return text("Equal, {in_favour} for and {against} against. By lot, seed {seed}: carried.", **values)
            return text("Equal, {in_favour} for and {against} against. By lot, seed {seed}: lost.", **values)
        case TieRule.CHAIR if verdict.result is Result.OPEN:
            return text("Equal, {in_favour} for and {against} against. The chair has to decide.", **values)
        case TieRule.CHAIR if carried:
            return text("Equal, {in_favour} for and {against} against. The chair decided: carried.", **values)
        case TieRule.CHAIR:
            return text("Equal, {in_favour} for and {against} against. The chair decided: lost.", **values)
    return text("Equal, {in_favour} for and {against} against. All stays as it is: lost.", **values)
