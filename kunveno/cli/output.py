"""How commands speak: results to standard output, progress and errors to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

PLAIN_STEPS = 10
"""How many lines a finished progress leaves where there is no terminal."""
PLAIN_LEAST = 50
"""Shorter work is done before somebody asks how far it is: it leaves no lines."""


def console(*, stderr: bool = False) -> Console:
    """A console on standard output, or on standard error."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(line: str = "") -> None:
    """Print a line of the result, as it is."""
    console().print(line, markup=False)


def note(line: str) -> None:
    """Print something beside the result, to standard error."""
    console(stderr=True).print(line, markup=False)


def error(line: str) -> None:
    """Print an error."""
    console(stderr=True).print(f"kunveno: {line}", markup=False)


def print_json(data: object) -> None:
    """Print data for a script: UTF-8 JSON, indented."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def table(headings: Iterable[str], rows: Iterable[Iterable[str | None]]) -> None:
    """Print rows under headings; without a terminal, one row per line with tabs between the cells."""
    to = console()
    if not to.is_terminal:
        for row in rows:
            say("\t".join(cell or "" for cell in row))
        return
    printed = Table(*headings, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        printed.add_row(*(_plain(cell or "") for cell in row))
    to.print(printed)


def _plain(cell: str) -> str:
    return cell.replace("[", "\\[")


class Advance(Protocol):
    """Says that steps are done."""

    def __call__(self, steps: int = 1) -> None: ...


@contextmanager
def progress(label: str, total: int) -> Iterator[Advance]:
    """A bar on a terminal, a line now and then elsewhere."""
    to = console(stderr=True)
    if not to.is_terminal:
        lines = _Lines(label, total)
        yield lines
        lines(total - lines.done)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=to, transient=True) as bar:
        yield _Bar(bar, bar.add_task(label, total=total))


@dataclass(slots=True)
class _Bar:
    bar: Progress
    task: TaskID

    def __call__(self, steps: int = 1) -> None:
        self.bar.advance(self.task, steps)


@dataclass(slots=True)
class _Lines:
    label: str
    total: int
    done: int = 0

    def __call__(self, steps: int = 1) -> None:
        before, self.done = self.done, min(self.done + steps, self.total)
        if self.total >= PLAIN_LEAST and before * PLAIN_STEPS // self.total != self.done * PLAIN_STEPS // self.total:
            console(stderr=True).print(f"{self.label}: {self.done} of {self.total}", markup=False)
