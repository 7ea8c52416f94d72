"""Turns what pydantic finds wrong into sentences that name the line, the key, and what would be right."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ground.yaml_lines import KeyPath


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `key` is dotted, empty for the whole file; `what` says what would be right too."""

    file: str
    line: int | None
    key: str
    what: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.what}" if self.key else f"{place}: {self.what}"


def dotted(path: KeyPath) -> str:
    """A key path as it is said: `mirror.rooms.discussion.tiers[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def unknown(word: str, thing: str, known: Iterable[str]) -> str:
    """The sentence for a word that is none of the known ones."""
    names = list(known)
    near = get_close_matches(word.lower(), names, n=1)
    there = f"there are {', '.join(names)}" if names else "there are none"
    return f"'{word}' is no {thing}; {f'did you mean {near[0]}? ' if near else ''}{there}"


def describe(
    model: type[BaseModel], error: ValidationError, *, file: str, data: object, line: Callable[[KeyPath], int]
) -> list[Problem]:
    """A problem for each thing that pydantic found wrong in `data`, in the order of the lines."""
    problems = []
    for details in error.errors(include_url=False):
        of_key = details["loc"][-1:] == ("[key]",)
        path = details["loc"][:-1] if of_key else details["loc"]
        problems.append(Problem(file, line(path), dotted(path), _what(model, path, details, of_key, data)))
    return sorted(problems, key=lambda problem: problem.line or 0)


def _what(model: type[BaseModel], path: KeyPath, details: ErrorDetails, of_key: bool, data: object) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        fields = [name for name in _fields(model, path[:-1]) if name not in _at(data, path[:-1])]
        return "this key is not known here; " + _suggestion(str(path[-1]), fields)
    if kind == "missing":
        return f"this key is missing; write {_example(_type(model, path))}"
    if kind == "value_error":
        return str(context["error"])
    if kind in {"enum", "literal_error"}:
        return f"{details['input']!r} is none of the choices; write {context['expected']}"
    if kind == "too_short":
        return "at least one entry is needed here"
    if kind == "string_too_short":
        return f"this is empty; write {_example(_type(model, path))}"
    if kind == "string_too_long":
        return f"this is too long; write at most {context['max_length']} characters"
    if kind.startswith(("greater", "less")):
        return f"{details['input']!r} is out of bounds; {details['msg'].removeprefix('Input ')}"
    wanted = "a word" if of_key else _example(_type(model, path))
    return f"{_said(details['input'])} does not belong here; write {wanted}"


def _suggestion(word: str, known: list[str]) -> str:
    near = get_close_matches(word.lower(), known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"the keys that could stand here are {', '.join(known)}" if known else "leave it out"


def _said(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a group of keys"
    return "a list" if isinstance(value, list) else repr(value)


def _at(data: object, path: KeyPath) -> Any:
    for part in path:
        data = data[part] if isinstance(data, (dict, list)) else {}  # type: ignore[index]
    return data


def _fields(model: type[BaseModel], path: KeyPath) -> list[str]:
    at = _type(model, path)
    return list(at.model_fields) if isinstance(at, type) and issubclass(at, BaseModel) else []


def _type(model: type[BaseModel], path: KeyPath) -> Any:
    """The type that belongs at a path; `object` where there is none."""
    at: Any = model
    for part in path:
        if isinstance(at, type) and issubclass(at, BaseModel):
            at = at.model_fields[str(part)].annotation if str(part) in at.model_fields else object
        else:
            at = (*typing.get_args(at), object)[1 if typing.get_origin(at) is dict else 0]
        at = _plain(at)
    return at


def _plain(annotation: Any) -> Any:
    """The annotation without `Annotated` and without `| None`."""
    if typing.get_origin(annotation) is Annotated:
        return _plain(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in {types.UnionType, typing.Union}:
        return _plain(next(part for part in typing.get_args(annotation) if part is not type(None)))
    return annotation


def _example(kind: Any) -> str:
    if kind is bool:
        return "true or false"
    if kind is int:
        return "a whole number"
    if typing.get_origin(kind) is tuple:
        return "a list, like [one, two]"
    if typing.get_origin(kind) is dict:
        return "a group of keys, indented below it"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"a group of keys, indented below it: {', '.join(kind.model_fields)}"
    return "a text"
