"""Ballots as people give them: `2`, `2 3`, `for`, `2 > 1 > 4`, `5 0 3`, or a tap in a poll. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from bots.kit.matching import fold
from bots.kit.problems import BadValue
from bots.vote.counting import typed
from bots.vote.counting.values import READ, Kind, kept_choice, kept_ranking, kept_scores
from bots.vote.plan import Plan, side
from ground.texts import text

NUMBERS: Final = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣", "🔟")
"""The marks that stand for the first options."""
HIGHEST: Final = 10**9
"""Beyond any number of a vote."""
_APART: Final = re.compile(r"\s*(?:[,;+&/]|\s)\s*")
_MARKS: Final = re.compile("[\ufe0e\ufe0f\u20e3\u200b-\u200f\u2060]")
_NUMBERED: Final = re.compile(r"[vV]?\s?(\d{1,9})[.,:]?")
_SHOWN: Final = 60


def number_of(written: str) -> int | None:
    """The number of a vote as people write it: `V12`, `v12`, `12`."""
    match = _NUMBERED.fullmatch(written.strip())
    return int(match[1]) if match else None


def read_ballot(plan: Plan, written: str) -> str:
    """A ballot as it is kept, from what somebody typed. Raises BadValue."""
    plain = unicodedata.normalize("NFKC", _MARKS.sub("", written.replace("🔟", "10"))).strip()
    match plan.kind:
        case Kind.RANKING:
            equal = plan.method is not None and plan.method.equal_ranks
            return kept_ranking(typed.read_ranking(written, plan.options, equal=equal))
        case Kind.SCORES:
            return _scores(plan, plain)
    chosen = _options(plan, plain)
    if len(chosen) > plan.most:
        raise BadValue(text("In this vote one chooses at most {most}.", most=plan.most))
    return kept_choice(frozenset(chosen))


def poll_ballot(plan: Plan, answers: Sequence[str]) -> tuple[str | None, bool]:
    """The ballot in a poll response, and whether it is spoiled: what goes beyond the number of choices is cut off, an
    answer that the poll does not have spoils all, none at all withdraws (MSC3381)."""
    if not answers:
        return None, False
    numbers = {str(option + 1): option for option in range(len(plan.options))}
    taken = list(dict.fromkeys(answers[: plan.most]))
    if any(answer not in numbers for answer in taken):
        return None, True
    return kept_choice(frozenset(numbers[answer] for answer in taken)), False


def marked_ballot(plan: Plan, key: str) -> str | None:
    """The ballot that a reaction is; None for any other."""
    bare = _MARKS.sub("", key)
    option = next((at for at, mark in enumerate(NUMBERS) if _MARKS.sub("", mark) == bare), None)
    if option is None or option >= len(plan.options) or plan.kind is not Kind.CHOICE:
        return None
    return kept_choice(frozenset({option}))


def said(plan: Plan, kept: str) -> str:
    """A ballot in words."""
    ballot = READ[plan.kind](kept)
    match plan.kind:
        case Kind.RANKING:
            return typed.said(ballot, plan.options)
        case Kind.SCORES:
            return ", ".join(
                f"{name} {score}" for name, score in zip(plan.options, ballot, strict=True) if score is not None
            )
    return ", ".join(plan.options[option] for option in sorted(ballot))


def example(plan: Plan) -> str:
    """A correct ballot."""
    match plan.kind:
        case Kind.RANKING:
            return typed.example(plan.options)
        case Kind.SCORES:
            return " ".join(str(plan.top - at % (plan.top + 1)) for at in range(len(plan.options)))
    return "1 2" if plan.most > 1 else "1"


def looks_like_one(written: str) -> bool:
    """Whether a message may be a ballot: short, on one line, and no command."""
    plain = written.strip()
    return bool(plain) and len(plain) <= 200 and "\n" not in plain and not plain.startswith(("!", "?", "/"))


def _options(plan: Plan, plain: str) -> list[int]:
    known = {fold(name): at for at, name in enumerate(plan.options)}
    if (whole := known.get(fold(plain))) is not None:
        return [whole]
    if plan.usual and (at := side(plain)) is not None:
        return [at]
    found: list[int] = []
    for part in filter(None, _APART.split(plain)):
        bare = part.strip(" .()[]\"'«»“”")
        if bare.isascii() and bare.isdecimal() and len(bare) < 4:
            if not 1 <= int(bare) <= len(plan.options):
                raise BadValue(
                    text("There is no choice {number}: they go from 1 to {last}.", number=bare, last=len(plan.options))
                )
            option = int(bare) - 1
        else:
            close = [at for name, at in known.items() if bare and name.startswith(fold(bare))]
            if len(close) != 1 and fold(bare) not in known:
                raise _unread(plan, plain)
            option = close[0] if len(close) == 1 else known[fold(bare)]
        if option not in found:
            found.append(option)
    if not found:
        raise _unread(plan, plain)
    return found


def _scores(plan: Plan, plain: str) -> str:
    given = [part for part in _APART.split(plain) if part]
    fits = len(given) == len(plan.options) and all(
        part == "-" or (part.isascii() and part.isdecimal() and len(part) < 4 and int(part) <= plan.top)
        for part in given
    )
    if not fits:
        raise BadValue(
            text(
                "Give each of the {count} choices 0 to {top} points, in their order. For example: {example}",
                count=len(plan.options), top=plan.top, example=example(plan),
            )
        )  # fmt: skip
    return kept_scores(tuple(None if part == "-" else int(part) for part in given))


def _unread(plan: Plan, plain: str) -> BadValue:
    return BadValue(
        text(
            "I do not read “{written}” as a choice. Write its number, for example: {example}",
            written=plain[:_SHOWN], example=example(plan),
        )
    )  # fmt: skip
