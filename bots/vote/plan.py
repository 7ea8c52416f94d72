"""What is voted on and how it is counted: read from what was typed, kept with the vote, never changed. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from bots.kit.matching import fold
from bots.kit.problems import BadValue
from bots.vote.apportion import Apportionment
from bots.vote.assembly import By, has
from bots.vote.counting.outcome import Method
from bots.vote.counting.ties import TieRule
from bots.vote.counting.values import MOST_OPTIONS, Kind, width
from bots.vote.majorities import SIMPLE, Base, Majority, Quorum
from bots.vote.weights import Weighing
from ground.texts import text

MOST_IN_POLL: Final = 20
"""Answers of a native poll (MSC3381)."""
TOP: Final = 5
"""The highest score or grade."""
_LONGEST_QUESTION: Final = 500
_LONGEST_OPTION: Final = 150
_YES: Final = frozenset({"yes", "for", "aye", "in favour", "oui", "pour"})
_NO: Final = frozenset({"no", "against", "nay", "non", "contre"})
_ABSTAIN: Final = frozenset(
    {"abstain", "abstention", "i abstain", "abstentions", "s'abstenir", "je m'abstiens", "blank", "blanc"}
)
_INLINE: Final = re.compile(r'\s*(?:"([^"\n]+)"|“([^”\n]+)”|«\s*([^»\n]+?)\s*»)\s*(.*)', re.S)
_CHOICE: Final = re.compile(r'"([^"\n]+)"|“([^”\n]+)”|«\s*([^»\n]+?)\s*»|(\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`method` None: a motion, whose first option is for it, the second against, and a third abstains. `most` is how
    many a ballot may choose; `live`: the poll shows how it stands before the close; `usual`: nobody gave choices, so
    they are for, against and abstain in any language. `by`: held in the room of every branch, and what then decides;
    `split`: how the mandates of a branch are split then.
    `abstentions`: they count among the votes cast; `weights` None: every ballot weighs the same."""

    options: tuple[str, ...]
    method: Method | None = None
    majority: Majority = SIMPLE
    quorum: Quorum | None = None
    seats: int = 1
    most: int = 1
    live: bool = False
    usual: bool = False
    by: By | None = None
    split: Apportionment = Apportionment.REMAINDER
    ties: TieRule = TieRule.STATUS_QUO
    abstentions: bool = False
    weights: Weighing | None = None

    @property
    def kind(self) -> Kind:
        """What is written on a ballot."""
        return Kind.CHOICE if self.method is None else self.method.ballots

    @property
    def top(self) -> int:
        """The highest score; 0 where there are none."""
        return TOP if self.kind is Kind.SCORES else 0

    @property
    def width(self) -> int:
        """How many characters a ballot is kept in, where all are kept in as many."""
        return width(self.kind, len(self.options), self.top)

    @property
    def poll(self) -> bool:
        """Whether a native poll can be its ballot."""
        return self.kind is Kind.CHOICE and len(self.options) <= MOST_IN_POLL

    def kept(self) -> str:
        """The rules as JSON; the options are kept beside them."""
        least = None if self.quorum is None else self.quorum.least
        return json.dumps(
            {
                "method": self.method,
                "majority": [_fraction(self.majority.share), self.majority.of, self.majority.more],
                "quorum": str(least) if isinstance(least, Fraction) else least,
                "seats": self.seats,
                "most": self.most,
                "live": self.live,
                "usual": self.usual,
                "by": self.by,
                "split": self.split,
                "ties": self.ties,
                "abstentions": self.abstentions,
                "weights": None if self.weights is None else self.weights.kept(),
            }
        )


def plan_of(options: str, rules: str) -> Plan:
    """The plan of a vote, from its columns."""
    kept = json.loads(rules)
    share, of, more = kept["majority"]
    least = kept["quorum"]
    return Plan(
        options=tuple(json.loads(options)),
        method=None if kept["method"] is None else Method(kept["method"]),
        majority=Majority(None if share is None else Fraction(share), Base(of), more),
        quorum=None if least is None else Quorum(Fraction(least) if isinstance(least, str) else least),
        seats=kept["seats"],
        most=kept["most"],
        live=kept["live"],
        usual=kept["usual"],
        by=None if kept["by"] is None else By(kept["by"]),
        split=Apportionment(kept.get("split", Apportionment.REMAINDER)),
        ties=TieRule(kept["ties"]),
        abstentions=kept["abstentions"],
        weights=None if kept["weights"] is None else Weighing.read(kept["weights"]),
    )


def inline(written: str) -> tuple[str, tuple[str, ...]]:
    """A question in quotation marks, and the choices behind it: `"Shall we?" Yes No "Not now"`."""
    match = _INLINE.fullmatch(written)
    if match is None:
        return written.strip(), ()
    question = next(part for part in match.groups()[:3] if part)
    choices = [next(part for part in found if part) for found in _CHOICE.findall(match[4])]
    return (question.strip(), tuple(choices)) if choices or not match[4].strip() else (written.strip(), ())


def make(
    options: Sequence[str],
    default: Sequence[str],
    *,
    method: Method | None = None,
    majority: Majority | None = None,
    quorum: Quorum | None = None,
    seats: int | None = None,
    most: int | None = None,
    live: bool = False,
    by: By | None = None,
    split: Apportionment = Apportionment.REMAINDER,
) -> Plan:
    """The plan that was asked for; `default` are the options where none were given. Raises BadValue."""
    named = tuple(" ".join(option.split()) for option in options) or tuple(default)
    folded = [fold(name) for name in named]
    if twice := [name for place, name in enumerate(named) if folded[place] in folded[:place]]:
        raise BadValue(text("“{choice}” stands there twice.", choice=twice[0]))
    if len(named) < 2:
        raise BadValue(text("A vote has two choices or more."))
    if len(named) > MOST_OPTIONS:
        raise BadValue(text("A vote has at most {most} choices.", most=MOST_OPTIONS))
    if too_long := next((name for name in named if len(name) > _LONGEST_OPTION), None):
        raise BadValue(text("“{choice}…” is too long for a choice.", choice=too_long[:40]))
    if seats is not None and not 1 <= seats <= len(named):
        raise BadValue(text("There are {count} choices, so there can be 1 to {count} seats.", count=len(named)))
    if most is not None and not 1 <= most <= len(named):
        raise BadValue(text("There are {count} choices, so one can choose 1 to {count}.", count=len(named)))
    motion = (not options or is_motion(named)) and method is None and (seats or 1) == 1 and (most or 1) == 1
    if majority is not None and not motion:
        raise BadValue(text("A majority is asked for where the choices are yes and no, or for and against."))
    if method is None and not motion:
        method = _method(seats or 1, most or 1)
    if method is Method.RUNOFF and (seats or 1) > 1:
        raise BadValue(text("Instant runoff fills one seat. For several there is the method `stv`."))
    if most is not None and most > 1 and method is not Method.APPROVAL:
        raise BadValue(text("Several choices on one ballot belong to the method `approval`."))
    if by is not None and not has(by, method=method, seats=seats or 1):
        raise BadValue(text("This is counted by heads: branches and mandates choose one of several, or yes or no."))
    return Plan(
        options=named,
        method=method,
        majority=majority or SIMPLE,
        quorum=quorum,
        seats=seats or 1,
        most=(most or len(named)) if method is Method.APPROVAL else 1,
        live=live,
        usual=not options,
        by=by,
        split=split,
    )


def is_motion(options: Sequence[str]) -> bool:
    """Whether the choices are for and against, and perhaps abstaining, in this order."""
    folded = [fold(option).replace("’", "'").strip(" .!") for option in options]
    if len(folded) not in (2, 3) or folded[0] not in _YES or folded[1] not in _NO:
        return False
    return len(folded) == 2 or folded[2] in _ABSTAIN


def side(written: str) -> int | None:
    """Which option of a motion a word names, in any of our languages: 0 for it, 1 against it, 2 abstains."""
    folded = fold(written).replace("’", "'").strip(" .!")
    return next((at for at, words in enumerate((_YES, _NO, _ABSTAIN)) if folded in words), None)


def question_of(written: str) -> str:
    """The question as it is kept. Raises BadValue."""
    question = "\n".join(" ".join(line.split()) for line in written.strip().splitlines())
    if not any(char.isalnum() for char in question):
        raise BadValue(text("The question is missing."))
    if len(question) > _LONGEST_QUESTION:
        raise BadValue(text("A question has at most {most} characters.", most=_LONGEST_QUESTION))
    return question


WAYS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    By.HEADS: {"en": ("heads", "members"), "fr": ("têtes", "membres", "tête")},
    By.BRANCHES: {"en": ("branches", "branch"), "fr": ("structures", "structure")},
    By.MANDATES: {"en": ("mandates", "mandate"), "fr": ("mandats", "mandat")},
    By.DOUBLE: {"en": ("double", "double majority"), "fr": ("double", "double majorité")},
}
"""What people may write for what decides a vote of many branches."""
METHODS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    Method.PLURALITY: {"en": ("plurality",), "fr": ("pluralité", "majoritaire")},
    Method.APPROVAL: {"en": ("approval",), "fr": ("approbation",)},
    Method.RUNOFF: {"en": ("irv", "runoff", "instant runoff"), "fr": ("alternatif", "vote alternatif")},
    Method.SCHULZE: {"en": ("schulze", "condorcet"), "fr": ("schulze", "condorcet")},
    Method.STV: {"en": ("stv",), "fr": ("vut", "vote unique transférable")},
    Method.SCORE: {"en": ("score",), "fr": ("notes", "points")},
    Method.JUDGMENT: {"en": ("judgment",), "fr": ("jugement", "jugement majoritaire")},
}
"""What people may write for each method, by language."""


def _method(seats: int, most: int) -> Method:
    if most > 1:
        return Method.APPROVAL
    return Method.STV if seats > 1 else Method.PLURALITY


def _fraction(share: Fraction | None) -> str | None:
    return None if share is None else str(share)
