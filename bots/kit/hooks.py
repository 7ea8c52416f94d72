"""What bots offer each other: one names an occasion, others say what they do on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

F = TypeVar("F")


class Hook(Generic[F]):
    """An occasion, such as a condition to vote, and the shape of what is called on it.

    It is declared by the bot whose occasion it is, in its `offers.py`:
    `MAY_VOTE: Final = Hook[Callable[[Occasion, MemberRow], Awaitable[bool]]]("vote.may_vote")`.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def by(self, function: F) -> Hooked:
        """What a bot lists in `Bot.hooks` to be called on this occasion."""
        return Hooked(self.name, function)


@dataclass(frozen=True, slots=True)
class Hooked:
    """That a function is to be called on an occasion."""

    name: str
    function: Any


class Hooks:
    """All that bots do on each other's occasions."""

    def __init__(self, hooked: Iterable[Hooked] = ()) -> None:
        self._functions: dict[str, list[Any]] = {}
        for one in hooked:
            self._functions.setdefault(one.name, []).append(one.function)

    def of(self, hook: Hook[F]) -> tuple[F, ...]:
        """What is to be called, in the order of the bots."""
        return cast(tuple[F, ...], tuple(self._functions.get(hook.name, ())))
