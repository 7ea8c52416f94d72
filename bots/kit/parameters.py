"""What a command is given, read from the signature of its handler."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import Enum, StrEnum
from fractions import Fraction
from types import UnionType
from typing import Annotated, Any, Final, Literal, NewType, TypeAlias, Union, get_args, get_origin, get_type_hints

from bots.kit.dates import Direction, Duration, Understood
from ground.money import Money
from ground.texts import Text
from party.branches import Branch
from party.members import MemberRow

Handler: TypeAlias = Callable[..., Awaitable[None]]

Moment: TypeAlias = Understood
"""The type of a parameter that takes a date, with or without time."""

OfficeKey = NewType("OfficeKey", str)
"""The type of a parameter that takes an office, by its key or by its name in any language; the handler gets the key."""

TierKey = NewType("TierKey", str)
"""The type of a parameter that takes a tier, by its key or by its name in any language; the handler gets the key."""

ByLanguage: TypeAlias = Mapping[str, Sequence[str]]
Words: TypeAlias = Mapping[str, ByLanguage]
"""For each choice, what people may write for it in each language: `{"public": {"fr": ("publique",)}}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A parameter that is written without its name.

    `what` names it in a sentence, with its article: `text("the question")`. `example` is one correct value in each
    language. With `rest` it takes all words that are left, as they were typed. `missing` is the sentence for when it is
    missing, instead of the usual one.
    """

    what: Text
    example: Mapping[str, str] = field(default_factory=dict)
    rest: bool = False
    missing: Text | None = None
    words: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A parameter that is written with its name: `--closes friday`, or a line `closes: friday`.

    `names` are by language; the first of a language is the one shown there. With `bare` the name also counts without
    dashes, as in `mandate give @jeanne treasurer until 30/06/2027`.
    """

    names: ByLanguage
    what: Text
    example: Mapping[str, str] = field(default_factory=dict)
    bare: bool = False
    words: Words = field(default_factory=dict)

    def name(self, language: str) -> str:
        """The name shown in a language, else the English one."""
        return (self.names.get(language) or self.names["en"])[0]


@dataclass(frozen=True, slots=True)
class Dated:
    """How a `Moment` is read: to come, gone by or either; and the time of a day that is written without one."""

    direction: Direction = "future"
    default_time: time | None = None


class Kind(Enum):
    """What a parameter takes."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    MEMBER = "member"
    BRANCH = "branch"
    MOMENT = "moment"
    DURATION = "duration"
    MONEY = "money"
    FRACTION = "fraction"
    CHOICE = "choice"
    OFFICE = "office"
    TIER = "tier"
    LIST = "list"


_KINDS: Final[Mapping[object, Kind]] = {
    str: Kind.TEXT,
    int: Kind.NUMBER,
    bool: Kind.FLAG,
    MemberRow: Kind.MEMBER,
    Branch: Kind.BRANCH,
    Understood: Kind.MOMENT,
    Duration: Kind.DURATION,
    Money: Kind.MONEY,
    Fraction: Kind.FRACTION,
    OfficeKey: Kind.OFFICE,
    TierKey: Kind.TIER,
    list[str]: Kind.LIST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a handler. It has either an `argument` or an `option`."""

    name: str
    kind: Kind
    required: bool
    argument: Argument | None = None
    option: Option | None = None
    choices: tuple[Any, ...] = ()
    """The values of a choice, as the handler gets them; each is also a text."""
    dated: Dated = Dated()

    @property
    def what(self) -> Text:
        """What it is, to be named in a sentence."""
        return (self.argument or self.described).what

    @property
    def described(self) -> Option:
        """The option that this is. Raises TypeError for an argument."""
        if self.option is None:
            raise TypeError(f"{self.name} is no option")
        return self.option

    @property
    def rest(self) -> bool:
        """Whether it takes all words that are left."""
        return self.kind is Kind.LIST or (self.argument is not None and self.argument.rest)

    @property
    def example(self) -> Mapping[str, str]:
        """One correct value in each language, as far as given."""
        return (self.argument or self.described).example

    @property
    def words(self) -> Words:
        """What people may write for each choice."""
        return (self.argument or self.described).words


def parameters_of(handler: Handler) -> tuple[Parameter, ...]:
    """The parameters of a handler after the first one, which takes the request.

    Raises TypeError where the signature says what no reader understands.
    """
    hints = get_type_hints(handler, include_extras=True)
    _, *asked = inspect.signature(handler).parameters.values()
    return tuple(_parameter(parameter, hints.get(parameter.name)) for parameter in asked)


def _parameter(parameter: inspect.Parameter, hint: object) -> Parameter:
    plain, marks = _without_none(hint)
    argument = next((mark for mark in marks if isinstance(mark, Argument)), None)
    option = next((mark for mark in marks if isinstance(mark, Option)), None)
    dated = next((mark for mark in marks if isinstance(mark, Dated)), Dated())
    keyword = parameter.kind is inspect.Parameter.KEYWORD_ONLY
    if (option is None) is keyword or (argument is None) is not keyword:
        raise TypeError(f"{parameter.name} takes {'an Option' if keyword else 'an Argument'}")
    if option is not None and not option.names.get("en"):
        raise TypeError(f"the option {parameter.name} has no English name")
    choices = _choices(plain)
    kind = Kind.CHOICE if choices else _KINDS.get(plain)
    if kind is None:
        raise TypeError(f"{parameter.name} has the type {plain}, which is read from no text")
    if kind is Kind.FLAG and not keyword:
        raise TypeError(f"{parameter.name} is a flag, so it is an option")
    return Parameter(
        name=parameter.name,
        kind=kind,
        required=parameter.default is inspect.Parameter.empty,
        argument=argument,
        option=option,
        choices=choices,
        dated=dated,
    )


def _without_none(hint: object) -> tuple[object, tuple[object, ...]]:
    """The type, without `Annotated` and without `None`, and the marks it was annotated with."""
    marks: tuple[object, ...] = ()
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            marks += tuple(more)
        elif get_origin(hint) in (Union, UnionType):
            others = [other for other in get_args(hint) if other is not type(None)]
            if len(others) != 1:
                return hint, marks
            hint = others[0]
        else:
            return hint, marks


def _choices(plain: object) -> tuple[Any, ...]:
    if get_origin(plain) is Literal:
        return get_args(plain)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return tuple(plain)
    return ()
