"""The register of decisions as files: Markdown to be read, CSV to be opened as a table. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from bots.kit.voice import Voice
from bots.kit.wording import Day, Strong
from bots.vote import sentences
from bots.vote.decisions import Decision
from ground.texts import Text, counted, text
from party.branches import Tree

Write: TypeAlias = Callable[[Text, Sequence[Decision], Tree, Voice, datetime], bytes]
"""A heading, the decisions, all branches, the language and zone in which it is said, and when it is written."""

_MARKS: Final = re.compile(r"([\\`*_\[\]{}<>#|~&])")
_BEGINS: Final = re.compile(r"^(\d{0,9})([-+=.)])")
"""What makes a list, or a heading of the line above."""
_SPACE: Final = re.compile(r"[ \t\r\n\f\v]+")
_FORMULA: Final = tuple("=+-@\uff0b\uff0d\uff1d\uff20")
"""What spreadsheet programs take for the beginning of a formula, in full width too."""
_SECOND: Final = re.compile("(;\\s*)(?=[=+\\-@\uff0b\uff0d\uff1d\uff20])")
"""The same in a program that takes the semicolon for what parts the cells."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file."""

    key: Literal["markdown", "csv"]
    ending: str
    mimetype: str
    write: Write


def title(branch: str, *, words: str = "", below: bool = False) -> Text:
    """Whose decisions these are, and which."""
    if words and below:
        return text("Decisions of {branch} and below, with “{words}”", branch=Strong(branch), words=words)
    if words:
        return text("Decisions of {branch} with “{words}”", branch=Strong(branch), words=words)
    if below:
        return text("Decisions of {branch} and below", branch=Strong(branch))
    return text("Decisions of {branch}", branch=Strong(branch))


def markdown(head: Text, decisions: Sequence[Decision], tree: Tree, voice: Voice, now: datetime) -> bytes:
    """A heading for each decision, with its day and branch, the question, and what came of it (CommonMark)."""

    def say(sentence: Text) -> str:
        return voice.translator.say(sentence, lambda value: escaped(voice.show(value)))

    def day(at: datetime) -> Day:
        return Day(at.astimezone(voice.zone).date())

    as_of = counted("{count} decision, as of {day}.", "{count} decisions, as of {day}.", len(decisions), day=day(now))
    parts = [f"# {say(head)}", say(as_of)]
    for one in decisions:
        branch = tree[one.branch_id].name
        which = text("{number} · {day} · {branch}", number=sentences.handle(one.number), day=day(one.at), branch=branch)
        told = [one.verdict, sentences.turnout(one.voted, one.roll)]
        if one.tally:
            told.insert(1, Text("{tally}", {"tally": one.tally}))
        if one.confidential:
            told.append(text("Confidential vote"))
        parts += [f"## {say(which)}", escaped(one.question), "\n".join(f"- {say(line)}" for line in told)]
    return ("\n\n".join(parts) + "\n").encode()


def table(head: Text, decisions: Sequence[Decision], tree: Tree, voice: Voice, now: datetime) -> bytes:
    """A line for each decision, as RFC 4180 says, in UTF-8 with the mark by which Excel knows it. No cell is a
    formula."""
    file = io.StringIO(newline="")
    lines = csv.writer(file, lineterminator="\r\n")
    lines.writerow(
        cell(voice.say(column))
        for column in (
            text("Number"), text("Date"), text("Branch"), text("Question"), text("Result"), text("Ballots"),
            text("Voted"), text("On the roll"), text("Confidential"),
        )
    )  # fmt: skip
    yes, no = voice.say(text("yes")), voice.say(text("no"))
    for one in decisions:
        lines.writerow(
            [
                sentences.handle(one.number),
                one.at.astimezone(voice.zone).date().isoformat(),
                cell(tree[one.branch_id].name),
                cell(one.question),
                cell(voice.say(one.verdict)),
                cell(voice.show(one.tally)),
                one.voted,
                one.roll,
                yes if one.confidential else no,
            ]
        )
    return file.getvalue().encode("utf-8-sig")


def escaped(words: str) -> str:
    """What people wrote, in a line of Markdown, as it was written."""
    line = _MARKS.sub(r"\\\1", _SPACE.sub(" ", words).strip())
    return _BEGINS.sub(r"\1\\\2", line)


def cell(words: str) -> str:
    """Words that no spreadsheet program computes: an apostrophe before them, where they might be a formula."""
    line = _SECOND.sub(r"\1'", _SPACE.sub(" ", words).strip())
    return f"'{line}" if line.lstrip().startswith(_FORMULA) else line


KINDS: Final = (
    Kind("markdown", "md", "text/markdown", markdown),
    Kind("csv", "csv", "text/csv", table),
)
