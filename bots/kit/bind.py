"""From a command and what was typed after its name to the call of its handler, or to what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from bots.kit import complaints
from bots.kit.command import Command
from bots.kit.division import WIDEST, Part, divisions
from bots.kit.index import Found
from bots.kit.matching import fold, nearest
from bots.kit.parameters import Kind, Parameter
from bots.kit.problems import Ambiguous, BadValue
from bots.kit.tokens import Mark, Word, as_typed
from bots.kit.values import Reader

_MOST_TRIES: Final = 400
_MOST_OPTIONS: Final = 40
"""Names of options that are heeded in a line; so many are written only to keep the program busy."""
_WORDS_OF_A_NAME: Final = 3
"""How many words the name of an option may have, at most: "à partir du"."""
_WHOLE: Final = frozenset({Kind.MOMENT, Kind.DURATION, Kind.MONEY, Kind.FRACTION})
"""At the end of a line such a value is read whole or not at all: `18h75` after a day must not become text."""
_OPENED: Final = '"“”„«'


@dataclass(frozen=True, slots=True)
class BoundCall:
    """A command with the values for its handler, by the names of the parameters. What was not given is not in it."""

    command: Command
    arguments: Mapping[str, object]
    common: Mapping[str, object]
    """The values of options that any command has; the handler is not given them."""

    async def run(self, request: object) -> None:
        """Call the handler."""
        await self.command.run(request, **self.arguments)


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: object = None
    trouble: BadValue | Ambiguous | None = None

    @property
    def settled(self) -> bool:
        """Whether no other reading need be tried."""
        return not isinstance(self.trouble, BadValue) or self.trouble.meant


async def bind(found: Found, reader: Reader, *, chosen: Mapping[str, str] | None = None) -> BoundCall:
    """The call that was asked for. `chosen` answers what was ambiguous before.

    Raises Problem where it cannot be, Ambiguous where the person has to be asked.
    """
    binding = _Binding(found, reader, chosen or {})
    await binding.take_options()
    await binding.take_labelled()
    await binding.take_arguments()
    binding.check_options()
    common = {parameter.name for parameter in found.common}
    return BoundCall(
        found.command,
        {name: value for name, value in binding.values.items() if name not in common},
        {name: value for name, value in binding.values.items() if name in common},
    )


async def take_option(
    found: Found, parameter: Parameter, reader: Reader, *, chosen: Mapping[str, str] | None = None
) -> tuple[object | None, Found]:
    """The value of one option that any command has, None where it was not given; and the line without it.

    Raises Problem, Ambiguous.
    """
    binding = _Binding(found, reader, chosen or {})
    await binding.take_options(only=parameter)
    await binding.take_labelled(only=parameter)
    rest = tuple(item for place, item in enumerate(found.line.items) if place not in binding.used)
    labelled = tuple(one for one in found.line.labelled if one.option != parameter.name)
    return binding.values.get(parameter.name), replace(found, line=replace(found.line, items=rest, labelled=labelled))


class _Binding:
    """One line while it is taken apart."""

    def __init__(self, found: Found, reader: Reader, chosen: Mapping[str, str]) -> None:
        self.values: dict[str, object] = {}
        self.used: set[int] = set()
        """Places of the items that belong to options."""
        self._found = found
        self._items = found.line.items
        self._reader = reader
        self._chosen = chosen
        self._outcomes: dict[tuple[str, int, int], _Outcome] = {}
        self._places: list[int] = []
        """Places of the items that are positional words."""
        self._missing_list: Parameter | None = None

    async def take_options(self, *, only: Parameter | None = None) -> None:
        at = named = 0
        while at < len(self._items):
            name = self._named_at(at, complain=only is None) if named < _MOST_OPTIONS else None
            if name is None:
                self._places.append(at)
                at += 1
                continue
            named += 1
            parameter, last = name
            taken = await self._value_at(at, last, parameter, store=only is None or parameter.name == only.name)
            if only is None or parameter.name == only.name:
                self.used.update(range(at, last + 1 + taken))
            at = last + 1 + taken

    async def take_labelled(self, *, only: Parameter | None = None) -> None:
        for labelled in self._found.line.labelled:
            parameter = self._found.option(fold(labelled.label))
            if parameter is None or (only is not None and parameter.name != only.name):
                continue
            if not labelled.value:
                raise complaints.nothing_after(self._found, None, labelled.label, parameter, self._language)
            self._once(parameter)
            outcome = await self._read(parameter, labelled.value)
            if isinstance(outcome.trouble, BadValue):
                raise complaints.bad_label(outcome.trouble)
            self._store(parameter, outcome)

    async def take_arguments(self) -> None:
        parameters = list(self._found.command.arguments)
        words = [_word(self._items[place]) for place in self._places]
        if self._found.line.choices:
            listed = next(parameter for parameter in parameters if parameter.kind is Kind.LIST)
            self.values[listed.name] = list(self._found.line.choices)
            parameters.remove(listed)
        elif any(parameter.rest and parameter.kind is Kind.TEXT for parameter in parameters) and not (
            len(words) > 1 and all(word.quoted for word in words)
        ):
            # Words after a text are part of it; choices beside a text are lines, or in quotation marks.
            self._missing_list = next((one for one in parameters if one.kind is Kind.LIST and one.required), None)
            parameters = [parameter for parameter in parameters if parameter.kind is not Kind.LIST]
        worst = await self._assign(parameters, words)
        if worst is None:
            if self._missing_list is not None:
                raise complaints.missing(self._found, self._last_place(), self._missing_list, self._language)
            return
        await self._complain(parameters, words, worst)

    def check_options(self) -> None:
        """Raises Problem where an option that must be there is not."""
        for parameter in self._found.command.options:
            if parameter.required and parameter.name not in self.values:
                raise complaints.missing(self._found, len(self._items) - 1, parameter, self._language)

    @property
    def _language(self) -> str:
        return self._reader.language

    def _last_place(self) -> int:
        return self._places[-1] if self._places else -1

    def _named_at(self, at: int, *, complain: bool) -> tuple[Parameter, int] | None:
        """The option that is named from an item on, and the last item of its name. Raises Problem where it can only
        name one that is not there."""
        item = self._items[at]
        if isinstance(item, Word):
            plain = bool(self._places) and not item.quoted and item.account is None
            return self._bare_at(at) if plain else None
        found = self._option_at(at)
        if found is None and complain:
            known = {fold(name): name for name in self._known_names()}
            close = nearest(fold(item.name), known)
            if close is not None or item.sure:
                raise complaints.unknown_option(
                    self._found, at, item.name, known[close] if close else None, self._language
                )
        return found

    def _option_at(self, at: int) -> tuple[Parameter, int] | None:
        """The option whose name, of one word or several, stands there; the longest name counts."""
        name, found = "", None
        for place, item in enumerate(self._items[at : at + _WORDS_OF_A_NAME], at):
            if place > at and (isinstance(item, Mark) or item.quoted or item.account or "\n" in item.gap):
                break
            name = f"{name} {fold(_name(item))}".lstrip()
            parameter = self._found.option(name)
            found = found if parameter is None else (parameter, place)
        return found

    def _bare_at(self, at: int) -> tuple[Parameter, int] | None:
        """The option whose name counts without dashes, and stands there."""
        found = self._option_at(at)
        return found if found is not None and found[0].described.bare else None

    def _known_names(self) -> Iterator[str]:
        for parameter in (*self._found.common, *self._found.command.options):
            for names in parameter.described.names.values():
                yield from names

    async def _value_at(self, start: int, at: int, parameter: Parameter, *, store: bool) -> int:
        """Store the value of the option whose name goes from `start` to `at`; returns how many items it has."""
        item = self._items[at]
        attached = isinstance(item, Mark) and item.raw.endswith(("=", ":"))
        run = self._run_after(at)
        if store:
            self._once(parameter)
        if parameter.kind is Kind.FLAG and not attached:
            self.values.setdefault(parameter.name, True)
            return 0
        if not run:
            name = " ".join(map(_name, self._items[start : at + 1]))
            raise complaints.nothing_after(self._found, at, name, parameter, self._language)
        trailing = bool(self._places) or not self._found.command.arguments
        taken, outcome = await self._prefix(parameter, run, trailing=trailing)
        if isinstance(outcome.trouble, BadValue):
            raise complaints.bad_value(
                self._found, range(at + 1, at + 1 + taken), parameter, outcome.trouble, self._language
            )
        if store:
            self._store(parameter, outcome)
        return taken

    def _run_after(self, at: int) -> list[Word]:
        """The words after an item, up to the next option or the end of the row."""
        run: list[Word] = []
        for item in self._items[at + 1 :]:
            if isinstance(item, Mark) or "\n" in item.gap or (run and self._bare_at(at + 1 + len(run))):
                break
            run.append(item)
        return run

    async def _prefix(self, parameter: Parameter, run: list[Word], *, trailing: bool) -> tuple[int, _Outcome]:
        """How many of the words are the value, and what they mean; the longest that can be read."""
        if parameter.kind in (Kind.TEXT, Kind.LIST):
            size = len(run) if trailing or parameter.kind is Kind.LIST else 1
            return size, await self._read(parameter, run[:size])
        longest = 1 if parameter.kind is Kind.FLAG else min(len(run), WIDEST)
        shortest = len(run) if trailing and parameter.kind in _WHOLE else 1
        for size in range(longest, shortest - 1, -1):
            outcome = await self._read(parameter, run[:size])
            if outcome.settled:
                return size, outcome
        size = len(run) if trailing else 1
        return size, await self._read(parameter, run[:size])

    async def _read(self, parameter: Parameter, words: Sequence[Word]) -> _Outcome:
        try:
            return _Outcome(await self._reader.read(parameter, words))
        except Ambiguous as doubt:
            chosen = self._chosen.get(parameter.name)
            again = [Word(chosen, chosen)] if chosen is not None else None
            return _Outcome(trouble=doubt) if again in (None, words) else await self._read(parameter, again or words)
        except BadValue as bad:
            return _Outcome(trouble=bad)

    def _once(self, parameter: Parameter) -> None:
        if parameter.name in self.values and parameter.kind is not Kind.LIST:
            raise complaints.twice(parameter, self._language)

    def _store(self, parameter: Parameter, outcome: _Outcome) -> None:
        if outcome.trouble is not None:
            raise outcome.trouble
        before = self.values.get(parameter.name)
        if isinstance(before, list) and isinstance(outcome.value, list):
            self.values[parameter.name] = [*before, *outcome.value]
        else:
            self.values[parameter.name] = outcome.value

    async def _assign(self, parameters: Sequence[Parameter], words: Sequence[Word]) -> Sequence[Part] | None:
        """Give the words to the parameters and store their values: None. Or else the division that went best."""
        best: Sequence[Part] = ()
        most = -1
        for parts in islice(divisions(parameters, words), _MOST_TRIES):
            outcomes = [await self._outcome(part, words) for part in parts]
            if all(outcome.settled for outcome in outcomes):
                for part, outcome in zip(parts, outcomes, strict=True):
                    if isinstance(outcome.trouble, BadValue):
                        raise self._bad(part, outcome.trouble)
                    self._store(part.parameter, outcome)
                return None
            good = sum(outcome.settled for outcome in outcomes)
            if good > most:
                best, most = parts, good
        return best

    async def _outcome(self, part: Part, words: Sequence[Word]) -> _Outcome:
        key = part.parameter.name, part.start, part.end
        if key not in self._outcomes:
            mine = words[part.start : part.end]
            if part.parameter.kind is Kind.TEXT and part.parameter.rest:
                self._outcomes[key] = _Outcome(_as_written(mine))
            else:
                self._outcomes[key] = await self._read(part.parameter, mine)
        return self._outcomes[key]

    async def _complain(self, parameters: Sequence[Parameter], words: Sequence[Word], best: Sequence[Part]) -> None:
        """Raises Problem: something is missing, surplus or wrong."""
        required = sum(parameter.required for parameter in parameters)
        for size in range(min(len(parameters), required) - 1, -1, -1):
            if await self._fits(parameters[:size], words):
                raise complaints.missing(self._found, self._last_place(), parameters[size], self._language)
        if self._found.meant is not None:
            raise complaints.longer_name(self._found)
        for part in best:
            outcome = await self._outcome(part, words)
            if isinstance(outcome.trouble, BadValue):
                raise self._bad(part, outcome.trouble)
        for size in range(min(len(words) - 1, WIDEST * len(parameters)), -1, -1):
            if await self._fits(parameters, words[:size]):
                raise complaints.surplus(self._found, self._places[size:], as_typed(words[size:]))
        raise complaints.missing(self._found, self._last_place(), parameters[0], self._language)

    async def _fits(self, parameters: Sequence[Parameter], words: Sequence[Word]) -> bool:
        for parts in islice(divisions(parameters, words), _MOST_TRIES):
            if all([(await self._outcome(part, words)).settled for part in parts]):
                return True
        return False

    def _bad(self, part: Part, bad: BadValue) -> Exception:
        places = self._places[part.start : part.end]
        return complaints.bad_value(self._found, places, part.parameter, bad, self._language)


def _word(item: Word | Mark) -> Word:
    """A dash that names no option is punctuation."""
    return item if isinstance(item, Word) else Word(item.raw, item.raw, item.gap)


def _name(item: Word | Mark) -> str:
    return item.name if isinstance(item, Mark) else item.text


def _as_written(words: Sequence[Word]) -> str:
    """A text as it was typed, without the quotation marks that are around all of it."""
    if len(words) == 1:
        return words[0].text
    raw = as_typed(words)
    alone = raw[0] in _OPENED and not any(mark in raw[1:] for mark in _OPENED + "»")
    return raw[1:] if alone else raw
