"""Which command is meant: by its name in any language, the longest that fits, and the nearest where none does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from bots.kit.command import Command
from bots.kit.grammar import Line, Written, arrange
from bots.kit.matching import fold, nearest, nearest_name
from bots.kit.parameters import Kind, Option, Parameter
from bots.kit.tokens import Mark, as_typed


@dataclass(frozen=True, slots=True)
class Found:
    """A command, and what follows its name. `called` is the name that was used, well spelled."""

    command: Command
    line: Line
    called: str
    common: tuple[Parameter, ...] = ()
    """Options that any command has."""
    meant: str | None = None
    """The name of a longer command that was perhaps meant: `branch create`, where `branch creat` was written."""

    def option(self, name: str) -> Parameter | None:
        """The option with that (folded) name in any language."""
        return _option((*self.command.options, *self.common), name)

    def option_names(self, language: str) -> Sequence[str]:
        """The names of the command's own options in a language."""
        return [parameter.described.name(language) for parameter in self.command.options]


@dataclass(frozen=True, slots=True)
class Unknown:
    """No command has that name. `sure` is False where it was perhaps not meant as one: `! attention`, or a mention."""

    typed: str
    sure: bool
    nearest: str | None = None
    """The whole line as it was probably meant."""
    among: tuple[str, ...] = ()
    """The names that begin with what was typed, or nearly are it: `mandate give`, `mandate end` for `mandate`."""


class Index:
    """The commands by all their names. A name of two languages goes to the command that came first."""

    def __init__(self, commands: Iterable[Command], common: Sequence[Parameter] = ()) -> None:
        self._common = tuple(common)
        self._names: dict[tuple[str, ...], list[tuple[Command, str, str]]] = {}
        self.commands = tuple(commands)
        for command in self.commands:
            for language, name in command.names():
                self._names.setdefault(tuple(fold(name).split()), []).append((command, language, name))
        for command in self.commands:
            for words in _mixed(command):
                self._names.setdefault(words, [(command, "en", command.name)])
        self._longest = max(map(len, self._names), default=0)

    def find(
        self, written: Written, *, language: str, offered: Callable[[Command], bool] = lambda command: True
    ) -> Found | Unknown:
        """What is meant. `language` decides where two commands share a name; only what is `offered` is proposed."""
        words = written.words
        for size in range(min(self._longest, len(words)), 0, -1):
            if size > 1 and _asks(written, size):
                continue
            if (entry := self._at(words[:size], language)) is not None:
                command, called = entry
                if command.takes is not None and not _fits(command.takes, written, words[size:]):
                    continue
                return self._found(command, called, written, size, self._longer(words, size, language, offered))
        return self._unknown(written, language, offered)

    def named(self, name: str, *, language: str) -> Command | None:
        """The command of that name, as somebody wrote it after `help`; of the nearest one where there is none."""
        folded = fold(name)
        entry = self._at(tuple(folded.split()), language)
        if entry is None and (close := nearest(folded, map(" ".join, self._names))) is not None:
            entry = self._at(tuple(close.split()), language)
        return entry[0] if entry else None

    def under(self, name: str, *, language: str) -> Sequence[Command]:
        """The commands whose names begin with these words, and go on."""
        words = tuple(fold(name).split())
        found = [self._at(full, language) for full in self._names if full[: len(words)] == words != full]
        return list(dict.fromkeys(entry[0] for entry in found if entry))

    def _at(self, words: tuple[str, ...], language: str) -> tuple[Command, str] | None:
        entries = self._names.get(words)
        if not entries:
            return None
        command, _, name = next((entry for entry in entries if entry[1] == language), entries[0])
        return command, name

    def _found(self, command: Command, called: str, written: Written, size: int, meant: str | None) -> Found:
        options = (*command.options, *self._common)

        def option(name: str) -> str | None:
            found = _option(options, name)
            return found.name if found else None

        lists = any(parameter.kind is Kind.LIST for parameter in command.arguments)
        line = arrange(written, size, option, choices=lists)
        return Found(command, line, called, self._common, meant)

    def _longer(
        self, words: tuple[str, ...], size: int, language: str, offered: Callable[[Command], bool]
    ) -> str | None:
        longer = [
            name[size:]
            for name in self._names
            if len(name) > size and name[:size] == words[:size] and self._offered(name, language, offered)
        ]
        for more in range(min(self._longest, len(words)) - size, 0, -1):
            if (close := nearest_name(words[size : size + more], longer)) is not None:
                return self._spelled((*words[:size], *close), language)
        return None

    def _unknown(self, written: Written, language: str, offered: Callable[[Command], bool]) -> Unknown:
        words = written.words
        items = written.rows[0].items if written.rows else ()
        sure = written.by != "mention" and not written.spaced
        known = [name for name in self._names if self._offered(name, language, offered)]
        begun = words[:1] and [name for name in known if len(name) > 1 and name[:1] == words[:1]]
        for size in range(min(self._longest, len(words)), 1 if begun else 0, -1):
            if (near := nearest_name(words[:size], known)) is not None:
                line = " ".join(filter(None, [self._spelled(near, language), as_typed(items[size:])]))
                return Unknown(as_typed(items[:size]), sure, nearest=line)
        alike = nearest_name(words[:1], known) if begun else None
        entries = (self._at(name, language) for name in (*begun, *filter(None, [alike])))
        among = {entry[0].shown(language) for entry in entries if entry is not None}
        return Unknown(as_typed(items[:1])[:60], sure, among=tuple(sorted(among)))

    def _spelled(self, name: tuple[str, ...], language: str) -> str:
        """A name as it is written; where its words are of several languages, the one that is shown in this one."""
        entry = self._at(name, language)
        if entry is None:
            return " ".join(name)
        command, called = entry
        return called if tuple(fold(called).split()) == name else command.shown(language)

    def _offered(self, name: tuple[str, ...], language: str, offered: Callable[[Command], bool]) -> bool:
        entry = self._at(name, language)
        return entry is not None and offered(entry[0])


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    """The name of an option, which is asked for again with every word."""
    return fold(name)


def _asks(written: Written, size: int) -> bool:
    """Whether a name of so many words would be a question with options: `vote Who? --closes friday`."""
    items = written.rows[0].items
    return len(items) > size and isinstance(items[size], Mark) and items[size - 1].raw.endswith("?")


def _fits(takes: re.Pattern[str], written: Written, after: tuple[str, ...]) -> bool:
    return takes.fullmatch(after[0]) is not None if after else len(written.rows) == 1


def _option(options: Iterable[Parameter], name: str) -> Parameter | None:
    for parameter in options:
        if any(_folded(one) == name for names in parameter.described.names.values() for one in names):
            return parameter
    return None


def common_option(name: str, kind: Kind, option: Option) -> Parameter:
    """An option that any command has, such as `--in BRANCH`."""
    return Parameter(name=name, kind=kind, required=False, option=option)


def _mixed(command: Command) -> Iterable[tuple[str, ...]]:
    """The name with each of its words in any of its languages: `branche create`."""
    by_size: dict[int, list[tuple[str, ...]]] = {}
    for _, name in command.names():
        words = tuple(fold(name).split())
        by_size.setdefault(len(words), []).append(words)
    for size, names in by_size.items():
        if 1 < size <= 3:
            yield from product(*(dict.fromkeys(name[place] for name in names) for place in range(size)))
