"""Letters as people see them."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.letters import Content, Correction, Document, Mark, Picture, Poll, PollClosing, Withdrawal, Words
from bridge.letters.letter import CONTENT
from bridge.letters.outbox import LetterRow
from bridge.places import Place, place_at


@dataclass(frozen=True, slots=True)
class Said:
    """A letter of the bots, as a person sees it."""

    id: str
    to: Place
    content: Content
    answers: str | None
    thread: str | None
    forget: bool

    @property
    def words(self) -> Words | None:
        """The message, also where it corrects another."""
        return (
            self.content.words
            if isinstance(self.content, Correction)
            else (self.content if isinstance(self.content, Words) else None)
        )

    def __str__(self) -> str:
        match self.content:
            case Words(plain):
                return plain
            case Correction(_, words):
                return f"[corrected] {words.plain}"
            case Withdrawal():
                return "[taken back]"
            case Mark(key):
                return f"[{key}]"
            case Poll(question, answers):
                return f"[poll] {question} {' '.join(f'○ {answer.text}' for answer in answers)}"
            case PollClosing():
                return "[poll ended]"
            case Picture(alt=alt):
                return f"[picture] {alt}"
            case Document(name=name):
                return f"[file] {name}"


def said_in(row: LetterRow) -> Said:
    """The letter of a row."""
    content = CONTENT.validate_json(row.content or "")
    return Said(row.id, place_at(row.place), content, row.answers, row.thread, row.forget)
