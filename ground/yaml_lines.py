"""YAML with the line of every key, for errors that say where. Only `true` and `false` are booleans, as in YAML 1.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of a document; the empty one is the document."""

_NOTHING: Final = "tag:yaml.org,2002:null"
_BOOLEAN: Final = "tag:yaml.org,2002:bool"
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be read as YAML, and the line (from 1)."""

    line: int
    path: KeyPath
    what: str


class YamlFaults(Exception):
    """The document cannot be used; `faults` says where and why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].what)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says, and on which line each key and each list item begins."""

    data: object
    lines: Mapping[KeyPath, int]
    values: Mapping[KeyPath, tuple[int, int]]
    """Where in the text each single value begins and ends."""

    def line(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest key above it that there is."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    """The safe loader without YAML 1.1's surprises: `no` is Norwegian, `2026-01-01` is what was typed."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in {_BOOLEAN, _TIMESTAMP}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile("(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


class _TextLoader(_Loader):
    """Reads every value as the text that it is, so that 0042 stays 0042; only nothing is nothing."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == _NOTHING]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str, *, as_text: bool = False) -> Document:
    """Read a document; `as_text` leaves numbers and the like as they are written.

    Raises YamlFaults for what is no YAML and for keys that stand twice.
    """
    loader = _TextLoader(text) if as_text else _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(None, {(): 1}, {})
        lines: dict[KeyPath, int] = {(): node.start_mark.line + 1}
        values: dict[KeyPath, tuple[int, int]] = {}
        if faults := list(_walk(node, (), lines, values, frozenset())):
            raise YamlFaults(faults)
        return Document(loader.construct_document(node), lines, values)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = f"{error.problem or error.context} (this is no YAML)"
        raise YamlFaults([Fault(mark.line + 1 if mark else 1, (), what)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlFaults([Fault(line, (), "there is a character here that YAML does not allow")]) from None
    finally:
        loader.dispose()


def _walk(
    node: yaml.Node,
    path: KeyPath,
    lines: dict[KeyPath, int],
    values: dict[KeyPath, tuple[int, int]],
    above: frozenset[int],
) -> Iterator[Fault]:
    if id(node) in above:
        yield Fault(node.start_mark.line + 1, path, "this refers to itself; write it out")
        return
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(node, path, lines, values, above)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            lines[*path, position] = item.start_mark.line + 1
            yield from _walk(item, (*path, position), lines, values, above)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        values[path] = (node.start_mark.index, node.end_mark.index)


def _walk_mapping(
    node: yaml.MappingNode,
    path: KeyPath,
    lines: dict[KeyPath, int],
    values: dict[KeyPath, tuple[int, int]],
    above: frozenset[int],
) -> Iterator[Fault]:
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            yield Fault(line, path, "a key must be a word")
            continue
        below = (*path, str(key.value))
        if below in lines:
            yield Fault(line, below, f"stands twice, first on line {lines[below]}; keep one of the two")
            continue
        lines[below] = line
        yield from _walk(value, below, lines, values, above)
