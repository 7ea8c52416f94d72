"""What handlers are given: an occasion to act, and where a person asked, the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import applied, preferences, questions, undo
from bots.kit.command import Command
from bots.kit.hooks import F, Hook, Hooks
from bots.kit.origin import Origin
from bots.kit.parts import Line
from bots.kit.questions import Question
from bots.kit.surroundings import RoomKind, Surroundings
from bots.kit.usable import usable
from bots.kit.voice import Voice
from bots.kit.wording import compose
from bridge.letters import Arrival, Correction, Letter, Mark, Withdrawal, outbox
from bridge.places import Direct, Place
from ground.texts import Text
from party import branches, register
from party.branches import Branch, Tree
from party.members import MemberRow
from party.operation import SYSTEM, Actor, Done, Operation
from party.permissions import may, reached
from party.policy import PartyPolicy


class Refusal(Exception):
    """Raised by a handler: nothing of what it did stays, and the person is told why.

    `example` is a whole correct line, without prefix, shown under it.
    """

    def __init__(self, *lines: Line, example: str | None = None) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.example = example


@dataclass(frozen=True, slots=True)
class Kit:
    """What stays the same from one occasion to the next."""

    surroundings: Surroundings
    hooks: Hooks
    commands: tuple[Command, ...]
    """Of all bots."""


class Occasion:
    """A transaction in which a bot may change rows and write letters. `bot` is its name."""

    def __init__(self, session: AsyncSession, now: datetime, kit: Kit, bot: str) -> None:
        self.session = session
        self.now = now
        self.kit = kit
        self.bot = bot
        self.actor: Actor = SYSTEM
        self._tree: Tree | None = None

    @property
    def surroundings(self) -> Surroundings:
        """The organisation, its rooms, its languages."""
        return self.kit.surroundings

    @property
    def policy(self) -> PartyPolicy:
        """The policy of the register."""
        return self.kit.surroundings.policy

    @property
    def rooms(self) -> Mapping[str, RoomKind]:
        """The kinds of rooms that branches have, by key."""
        return self.kit.surroundings.rooms

    def offered(self, hook: Hook[F]) -> tuple[F, ...]:
        """What bots do on this occasion of one of them."""
        return self.kit.hooks.of(hook)

    async def tree(self) -> Tree:
        """All branches, as they were when this was first asked for."""
        if self._tree is None:
            self._tree = await branches.tree(self.session)
        return self._tree

    async def voice_for(self, place: Place) -> Voice:
        """How a place is spoken to."""
        return await preferences.voice_for(self.session, self.surroundings, place)

    async def change(self, operation: Operation) -> Sequence[Done]:
        """Change the register as who acts here. A refusal raises RegisterError, which the person is told."""
        self._tree = None
        return await register.change(self.session, operation, actor=self.actor, policy=self.policy, at=self.now)

    async def put(self, letter: Letter) -> str:
        """Write any letter: a poll, a picture, a deadline. Returns its id."""
        return await outbox.put(self.session, letter, self.now)

    async def send(
        self, to: Place, *lines: Line, owner: str | None = None, notice: bool = True, mentions: Sequence[str] = ()
    ) -> str:
        """Write to a place, in its language. `owner` gets a receipt (`Bot.receipts`). Returns the letter's id."""
        words = compose(lines, await self.voice_for(to), mentions=mentions, notice=notice)
        return await self.put(Letter(to=to, content=words, owner=owner))

    async def correct(self, letter: str, *lines: Line) -> None:
        """Put other words in place of an earlier letter's. Raises LookupError for a letter that nobody knows."""
        to = await self._place_of(letter)
        words = compose(lines, await self.voice_for(to))
        await self.put(Letter(to=to, content=Correction(letter, words)))

    async def withdraw(self, letter: str) -> None:
        """Take back an earlier letter. Raises LookupError for a letter that nobody knows."""
        await self.put(Letter(to=await self._place_of(letter), content=Withdrawal(letter)))

    async def _place_of(self, letter: str) -> Place:
        place = await outbox.place_of(self.session, letter)
        if place is None:
            raise LookupError(f"there is no letter {letter}")
        return place


class Request(Occasion):
    """What somebody asked for, and all that it takes to answer.

    `place` is where; `branch` the branch that is meant: that of the room, or of `--in`; in a direct conversation that
    of the person's only office, else their home. `member` is None for accounts of nobody in the register.
    """

    def __init__(
        self,
        session: AsyncSession,
        now: datetime,
        kit: Kit,
        bot: str,
        *,
        arrival: Arrival,
        origin: Origin,
        actor: Actor,
        known: bool,
        member: MemberRow | None,
        branch: Branch | None,
        voice: Voice,
        command: Command | None = None,
        question: str | None = None,
        need: str | None = None,
    ) -> None:
        super().__init__(session, now, kit, bot)
        self.arrival = arrival
        self.origin = origin
        self.actor = actor
        self.known = known
        """Whether they are a member or an administrator."""
        self.member = member
        self.branch = branch
        self.voice = voice
        self.command = command
        self.question = question
        """The letter that asked what this answers."""
        self.need = need if command is None else None if command.anywhere else command.right
        """The right without which this would not be done."""

    @property
    def account(self) -> str:
        """Who asks."""
        return self.origin.account

    @property
    def place(self) -> Place:
        """Where it was asked."""
        return self.origin.place

    def say(self, sentence: Text) -> str:
        """A sentence in the language of the place, as plain text."""
        return self.voice.say(sentence)

    async def may(self, action: str, branch_id: str | None) -> bool:
        """Whether the person may do something in a branch."""
        return await may(self.session, self.policy, self.actor, action, branch_id, self.now)

    async def may_anywhere(self, action: str) -> bool:
        """Whether the person may do something in some branch."""
        tree = await self.tree()
        return bool(await reached(self.session, self.policy, self.actor, action, tree, self.now))

    async def usable(self) -> tuple[Command, ...]:
        """The commands that the person may use here."""
        return await usable(
            self.session,
            self.surroundings,
            self.kit.commands,
            actor=self.actor,
            known=self.known,
            place=self.place,
            branch=self.branch,
            now=self.now,
        )

    async def reply(self, *lines: Line, mention: bool = False) -> str:
        """Answer, in the thread where there is one; with `mention` the person is called. Returns the letter's id."""
        return await self._answer(lines, mention=mention)

    async def whisper(self, *lines: Line) -> str:
        """Write to the person's direct conversation."""
        to = Direct(self.account)
        if to == self.place:
            return await self._answer(lines)
        return await self._whisper(lines, to)

    async def mark(self, key: str) -> None:
        """Set a mark beside what was asked."""
        if self.origin.event is not None:
            await self.put(Letter(to=self.place, content=Mark(key, event=self.origin.event)))

    async def ask(
        self,
        *lines: Line,
        answers: Mapping[str, Text],
        then: str,
        data: Mapping[str, JsonValue] | None = None,
        lasts: timedelta = questions.LASTS,
    ) -> str:
        """Ask the person something. `Bot.answers[then]` is called with the key of the answer and `data`.

        It is answered by a reaction, or by writing the number or the word; by this person only, once, while it lasts.
        `answers` are marks and the words for them: `{"✅": text("open"), "❌": text("drop")}`. Returns the letter's id.
        """
        to: Place = Direct(self.account) if self.origin.elsewhere else self.place
        voice = self.voice if to == self.place else await self.voice_for(to)
        said = tuple((key, voice.say(word)) for key, word in answers.items())
        letter = await self._answer([*lines, *_choices(said, marks=not self.origin.private)])
        question = Question(
            bot=self.bot,
            then=then,
            data=data or {},
            answers=said,
            origin=self.origin,
            need=self.need,
            branch_id=None if self.branch is None else self.branch.id,
        )
        await questions.wait(self.session, letter, to, question, self.now, self.now + lasts)
        if not self.origin.private:
            for key, _ in said:
                await self.put(Letter(to=to, content=Mark(key, letter=letter), deadline=self.now + lasts))
        return letter

    async def undoable(self, what: str, data: Mapping[str, JsonValue] | None = None) -> None:
        """Let the same person undo this for a minute: then `Bot.undo[what]` is called with `data`."""
        await undo.offer(self.session, self.account, self.bot, what, data or {}, self.now)

    async def after_applied(self, then: str, data: Mapping[str, JsonValue] | None = None) -> None:
        """Have `Bot.applied[then]` called once the mirror has carried over what this transaction changed."""
        await applied.wait(self.session, self.bot, then, data or {}, self.origin, self.now)

    async def _answer(self, lines: Sequence[Line], *, mention: bool = False) -> str:
        if self.origin.elsewhere:
            return await self._whisper(lines, Direct(self.account))
        words = compose(lines, self.voice, mentions=(self.account,) if mention else ())
        return await self.put(
            Letter(
                to=self.place,
                content=words,
                answers=self.origin.event,
                thread=self.origin.thread,
                forget=self.origin.private or isinstance(self.place, Direct),
            )
        )

    async def _whisper(self, lines: Sequence[Line], to: Direct) -> str:
        words = compose(lines, await self.voice_for(to))
        return await self.put(Letter(to=to, content=words, forget=True))


def _choices(said: Sequence[tuple[str, str]], *, marks: bool) -> list[Line]:
    """The answers to choose from: on one line where they are short."""
    shown = [(key if marks else f"{number}.", word) for number, (key, word) in enumerate(said, 1)]
    short = len(shown) <= 3 and all(len(word) <= 20 for _, word in shown)
    if short and not any(key in questions.NUMBERS for key, _ in said):
        return ["   ".join(f"{key} {word}" for key, word in shown)]
    return [f"{key} {word}" for key, word in shown]
