"""Values as people write them: what a word, or several, means to a parameter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import branches_named, people
from bots.kit.dates import DateProblem, Duration, Understood, read, read_duration, say, say_day
from bots.kit.matching import fold, nearest
from bots.kit.parameters import Kind, Parameter
from bots.kit.problems import Ambiguous, BadValue
from bots.kit.tokens import Word, as_typed
from ground.money import Money, NotMoney, read_money
from ground.texts import Text, text
from party.branches import Branch, Tree
from party.members import MemberRow
from party.operation import Actor
from party.policy import PartyPolicy

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,3}(?:[ '.,][0-9]{3})+|[0-9]{1,12})")
_SHARE: Final = re.compile(r"([0-9]{1,9}) ?(?:/|sur|of|out of|von) ?([0-9]{1,9})")
_PERCENT: Final = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,6})?) ?(?:%|pct|p\. ?100|pour ?cents?|per ?cent)")
_DECIMAL: Final = re.compile(r"[0-9]?[.,][0-9]{1,6}|[01]")
_CURRENCY_WORDS: Final = re.compile(r" ?(?:euros?|eur)\Z", re.I)
_SHARES: Final[Mapping[str, Fraction]] = {
    name: Fraction(share)
    for share, names in {
        "1/2": "half|the half|a half|one half|la moitie|moitie|un demi",
        "1/3": "a third|one third|un tiers|le tiers",
        "2/3": "two thirds|two-thirds|deux tiers|les deux tiers",
        "1/4": "a quarter|one quarter|un quart|le quart",
        "3/4": "three quarters|three-quarters|trois quarts|les trois quarts",
        "3/5": "three fifths|trois cinquiemes|les trois cinquiemes",
        "4/5": "four fifths|quatre cinquiemes|les quatre cinquiemes",
    }.items()
    for name in names.split("|")
}
_YES: Final = frozenset({"yes", "y", "true", "on", "1", "oui", "o", "vrai"})
_NO: Final = frozenset({"no", "n", "false", "off", "0", "non", "faux"})
_SHOWN: Final = 60


@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads values for somebody at a place; `now` is aware. What that person may not see is as if it were not there."""

    session: AsyncSession
    tree: Callable[[], Awaitable[Tree]]
    policy: PartyPolicy
    actor: Actor
    member: MemberRow | None
    branch: Branch | None
    """The branch that `here` means."""
    language: str
    zone: tzinfo
    now: datetime
    currency: str = "EUR"
    _asker: people.Asker | None = None

    async def read(self, parameter: Parameter, words: Sequence[Word]) -> object:
        """The value that the words, at least one, are for the parameter. Raises BadValue, Ambiguous."""
        written = spoken(words)
        match parameter.kind:
            case Kind.TEXT:
                return written
            case Kind.LIST:
                return [word.text for word in words]
            case Kind.NUMBER:
                return _number(written)
            case Kind.FLAG:
                return _flag(written)
            case Kind.MEMBER:
                return await self._member(parameter, words, written)
            case Kind.BRANCH:
                return branches_named.read(written, parameter.name, await self.tree(), self.branch)
            case Kind.MOMENT:
                return self._moment(parameter, written)
            case Kind.DURATION:
                return self._duration(written)
            case Kind.MONEY:
                return self._money(written)
            case Kind.FRACTION:
                return _fraction(written)
            case Kind.CHOICE:
                return self._choice(parameter, written)
            case Kind.OFFICE:
                return self._named(written, {key: office.name for key, office in self.policy.offices.items()})
            case Kind.TIER:
                return self._named(written, {key: tier.name for key, tier in self.policy.tiers.items()})

    async def _member(self, parameter: Parameter, words: Sequence[Word], written: str) -> MemberRow:
        if self._asker is None:
            tree = await self.tree()
            self._asker = people.Asker(self.session, self.policy, self.actor, self.member, tree, self.now)
        account = words[0].account if len(words) == 1 else None
        return await people.read(account or written, parameter.name, self._asker)

    def _moment(self, parameter: Parameter, written: str) -> Understood:
        dated = parameter.dated
        try:
            return read(
                written,
                language=self.language,
                zone=self.zone,
                now=self.now,
                direction=dated.direction,
                default_time=dated.default_time,
            )
        except DateProblem as problem:
            if len(problem.suggestions) > 1:
                raise Ambiguous(
                    parameter.name, problem.text, [self._as_candidate(moment) for moment in problem.suggestions]
                ) from None
            raise self._bad_date(problem) from None

    def _duration(self, written: str) -> Duration:
        try:
            return read_duration(written, language=self.language)
        except DateProblem as problem:
            raise self._bad_date(problem) from None

    def _bad_date(self, problem: DateProblem) -> BadValue:
        instead = next(iter(problem.suggestions), None)
        return BadValue(problem.text, instead=self._said(instead) if instead else None, meant=instead is not None)

    def _as_candidate(self, moment: Understood) -> tuple[str, Text]:
        local = moment.instant.astimezone(self.zone)
        value = f"{local:%Y-%m-%d}" if moment.all_day else f"{local:%Y-%m-%dT%H:%M%z}"
        return value, Text("{date}", {"date": self._said(moment)})

    def _said(self, moment: Understood) -> str:
        if moment.all_day:
            return say_day(moment.instant.astimezone(self.zone).date(), language=self.language)
        return say(moment.instant, language=self.language, zone=self.zone)

    def _money(self, written: str) -> Money:
        try:
            return read_money(_CURRENCY_WORDS.sub("", written), self.currency)
        except NotMoney:
            raise BadValue(
                text(
                    "'{written}' is no amount in {currency}. Write for example: {example}",
                    written=cut(written), currency=self.currency, example=Money(1250, self.currency),
                )
            ) from None  # fmt: skip

    def _choice(self, parameter: Parameter, written: str) -> object:
        spellings = {
            str(choice): (str(choice), *_all(parameter.words.get(str(choice), {}).values()))
            for choice in parameter.choices
        }
        shown = {
            choice: next(iter(parameter.words.get(choice, {}).get(self.language, ())), choice) for choice in spellings
        }
        key = _one_of(written, spellings, shown)
        return next(choice for choice in parameter.choices if str(choice) == key)

    def _named(self, written: str, named: Mapping[str, Mapping[str, str]]) -> str:
        spellings = {key: (key, *names.values()) for key, names in named.items()}
        shown = {
            key: names.get(self.language) or names.get(self.policy.language) or key for key, names in named.items()
        }
        return _one_of(written, spellings, shown)


def spoken(words: Sequence[Word]) -> str:
    """The words as one text: what a single one says, several as they were typed."""
    return words[0].text if len(words) == 1 else " ".join(as_typed(words).split())


def cut(written: str) -> str:
    """A text to be repeated in an answer, not longer than that."""
    line = " ".join(written.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def _all(lists: Iterable[Sequence[str]]) -> Iterable[str]:
    return (one for many in lists for one in many)


def _one_of(written: str, spellings: Mapping[str, Sequence[str]], shown: Mapping[str, str]) -> str:
    """The key that is spelled so: exactly, or the only one that begins so, or ends otherwise."""
    folded = fold(written)
    known = {fold(spelling): key for key, several in spellings.items() for spelling in several}
    if folded in known:
        return known[folded]
    if len(folded) >= 3:
        begun = {key for name, key in known.items() if name.startswith(folded)}
        begun = begun or {key for name, key in known.items() if len(name) >= 5 and _is_form(folded, name)}
        if len(begun) == 1:
            return begun.pop()
    choices = tuple(shown.values())
    close = nearest(folded, known)
    if close is None:
        raise BadValue(text("'{written}' is none of these: {choices}", written=cut(written), choices=choices))
    meant = shown[known[close]]
    raise BadValue(
        text(
            "'{written}' is none of these: {choices}. Did you mean {suggestion}?",
            written=cut(written), choices=choices, suggestion=meant,
        ),
        instead=meant,
    )  # fmt: skip


def _is_form(word: str, name: str) -> bool:
    """Whether a word is the name with another ending: "trésorière"."""
    return word.startswith(name) and len(word) - len(name) <= 3 and word[len(name) :].isalpha()


def _number(written: str) -> int:
    figures = (
        unicodedata.normalize("NFKC", written).strip().lstrip("#").removeprefix("n°").replace("\u2212", "-").strip()
    )
    if not _NUMBER.fullmatch(" ".join(figures.split())):
        raise BadValue(
            text("'{written}' is no whole number. Write for example: {example}", written=cut(written), example=12)
        )
    return int(re.sub(r"[ '.,]", "", figures))


def _flag(written: str) -> bool:
    folded = fold(written)
    if folded in _YES or folded in _NO:
        return folded in _YES
    raise BadValue(text("'{written}' is neither yes nor no.", written=cut(written)))


def _fraction(written: str) -> Fraction:
    folded = " ".join(unicodedata.normalize("NFKC", fold(written)).replace("\u2044", "/").split())
    share = _SHARES.get(folded) or _share_in_figures(folded)
    if share is None:
        raise BadValue(
            text("I do not read '{written}' as a share. Write for example: 2/3, or 50 %", written=cut(written))
        )
    if not 0 <= share <= 1:
        raise BadValue(
            text("'{written}' is more than the whole. Write for example: 2/3, or 50 %", written=cut(written))
        )
    return share


def _share_in_figures(folded: str) -> Fraction | None:
    if (parts := _SHARE.fullmatch(folded)) and int(parts[2]):
        return Fraction(int(parts[1]), int(parts[2]))
    if percent := _PERCENT.fullmatch(folded):
        return Fraction(percent[1].replace(",", ".")) / 100
    if _DECIMAL.fullmatch(folded):
        return Fraction("0" + folded.replace(",", "."))
    return None
