"""The electoral roll: frozen when a vote opens, and how each voter can see that they are on it."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import electorate as electorates
from bots.vote import merkle
from bots.vote.electorate import Admitted, Elector
from bots.vote.errors import VoteRefused
from bots.vote.tables import RollRow, TurnedAwayRow, VoteRow
from ground.texts import Text, text
from party.members import MemberRow

SALT: Final = 32
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the roll. `branch_id`: for which branch they vote."""

    position: int
    member_id: str
    number: str
    branch_id: str
    weight: int


@dataclass(frozen=True, slots=True)
class Roll:
    """What is published of a roll: how many are on it, what their ballots weigh together, and the root (hex)."""

    size: int
    weight: int
    root: str


@dataclass(frozen=True, slots=True)
class Proof:
    """That a line is on a roll. `salt`, `beside` and `root` are hex; `check` needs nothing else."""

    number: str
    branch_id: str
    weight: int
    salt: str
    position: int
    size: int
    beside: tuple[str, ...]
    root: str


async def freeze(session: AsyncSession, vote: VoteRow, admitted: Admitted, *, salt: bytes | None = None) -> Roll:
    """Write the roll of a vote that opens, and its size, weight and root on the vote. Raises VoteRefused.

    `salt`: 32 random bytes; new ones where none are given.
    """
    electors = admitted.electors
    if not electors:
        raise VoteRefused(text("Nobody could vote: the roll would be empty."))
    if vote.confidential and not vote.units and any(elector.weight != 1 for elector in electors):
        raise VoteRefused(
            text("In a confidential vote every ballot weighs the same: a weight that is known would betray its ballot.")
        )
    key = secrets.token_bytes(SALT) if salt is None else salt
    hashed = sorted(
        (
            (_leaf(elector.number, elector.branch_id, elector.weight, _salt(key, elector.number)), elector)
            for elector in electors
        ),
        key=lambda pair: pair[0],
    )
    await session.execute(insert(RollRow), [_row(vote.id, position, one) for position, (_, one) in enumerate(hashed)])
    if admitted.turned_away:
        await session.execute(
            insert(TurnedAwayRow),
            [
                {"vote_id": vote.id, "member_id": member, "reason": _kept(why)}
                for member, why in admitted.turned_away.items()
            ],
        )
    roll = Roll(len(electors), sum(one.weight for one in electors), merkle.root([leaf for leaf, _ in hashed]).hex())
    vote.salt, vote.roll_size, vote.roll_weight, vote.roll_root = key.hex(), roll.size, roll.weight, roll.root
    await session.flush()
    return roll


async def entry(session: AsyncSession, vote_id: str, member_id: str) -> Entry | None:
    """A member's line; None when they are not on the roll."""
    row = await session.scalar(select(RollRow).where(RollRow.vote_id == vote_id, RollRow.member_id == member_id))
    return None if row is None else _entry(row)


async def entries(session: AsyncSession, vote_id: str, members: Sequence[str] | None = None) -> Sequence[Entry]:
    """The whole roll, in its order, or the lines of some. Only for those with the right `vote.roll`, and for
    counting."""
    columns = (RollRow.position, RollRow.member_id, RollRow.number, RollRow.branch_id, RollRow.weight)
    query = select(*columns).where(RollRow.vote_id == vote_id).order_by(RollRow.position)
    if members is not None:
        query = query.where(RollRow.member_id.in_(members))
    return [Entry(*row) for row in await session.execute(query)]


async def branches(session: AsyncSession, vote_id: str) -> dict[str, int]:
    """How many on the roll vote for each branch."""
    query = select(RollRow.branch_id, func.count()).where(RollRow.vote_id == vote_id).group_by(RollRow.branch_id)
    return dict((await session.execute(query)).all())


async def proof(session: AsyncSession, vote: VoteRow, member_id: str) -> Proof | None:
    """The proof for a member that they are on the roll; None when they are not. It tells nothing of the others."""
    roll = await entries(session, vote.id)
    mine = next((one for one in roll if one.member_id == member_id), None)
    if mine is None or vote.salt is None or vote.roll_root is None:
        return None
    key = bytes.fromhex(vote.salt)
    beside = merkle.path(leaves(vote, roll), mine.position)
    return Proof(
        mine.number, mine.branch_id, mine.weight, _salt(key, mine.number).hex(), mine.position, len(roll),
        tuple(other.hex() for other in beside), vote.roll_root,
    )  # fmt: skip


def leaves(vote: VoteRow, roll: Sequence[Entry]) -> list[bytes]:
    """The hashes of the lines of a roll, in its order. They tell nothing of who is on it, and lead to its root. Raises
    ValueError for a vote whose roll is not frozen."""
    if vote.salt is None:
        raise ValueError("there is no roll yet")
    key = bytes.fromhex(vote.salt)
    return [_leaf(one.number, one.branch_id, one.weight, _salt(key, one.number)) for one in roll]


def check(proof: Proof) -> bool:
    """Whether a proof leads to its root; whoever checks compares the root and the size with those announced. Pure."""
    try:
        salt, root = bytes.fromhex(proof.salt), bytes.fromhex(proof.root)
        beside = [bytes.fromhex(other) for other in proof.beside]
    except ValueError:
        return False
    hashed = _leaf(proof.number, proof.branch_id, proof.weight, salt)
    return merkle.leads_to(hashed, proof.position, proof.size, beside, root)


def line(entry: Entry) -> str:
    """What is hashed of a line, after its salt: a JSON list of number, branch and weight, without spaces."""
    return _line(entry.number, entry.branch_id, entry.weight)


def verify(roll: Sequence[Entry], salt: str, root: str) -> bool:
    """Whether the lines of a roll, all of them, have the root that was announced (both hex). Pure."""
    key = bytes.fromhex(salt)
    leaves = [_leaf(one.number, one.branch_id, one.weight, _salt(key, one.number)) for one in roll]
    return merkle.root(leaves).hex() == root


async def why_not(session: AsyncSession, vote: VoteRow, member: MemberRow) -> Text | None:
    """Why a member may not vote, to themselves; None when they are on the roll."""
    if await entry(session, vote.id, member.id) is not None:
        return None
    turned_away = await session.get(TurnedAwayRow, (vote.id, member.id))
    if turned_away is not None:
        return _text(turned_away.reason)
    if (general := electorates.standing(member.status, on_roll=False)) is not None:
        return general
    wanted = electorates.electorate_of(vote.electorate)
    if wanted.office is not None:
        return text("Only those who held a certain office when the vote opened can vote; you did not.")
    return text("You were not on the roll when the vote opened: it is for those who were members there then.")


def _row(vote_id: str, position: int, elector: Elector) -> dict[str, object]:
    return {
        "vote_id": vote_id,
        "position": position,
        "member_id": elector.member_id,
        "number": elector.number,
        "branch_id": elector.branch_id,
        "weight": elector.weight,
    }


def _entry(row: RollRow) -> Entry:
    return Entry(row.position, row.member_id, row.number, row.branch_id, row.weight)


def _salt(key: bytes, number: str) -> bytes:
    """Each line has a salt of its own: shown one proof, nobody can try names on the hashes beside it."""
    return hmac.digest(key, number.encode(), "sha256")


def _leaf(number: str, branch_id: str, weight: int, salt: bytes) -> bytes:
    return merkle.leaf(salt + _line(number, branch_id, weight).encode())


def _line(number: str, branch_id: str, weight: int) -> str:
    return json.dumps([number, branch_id, weight], ensure_ascii=False, separators=(",", ":"))


def _kept(sentence: Text) -> str:
    """A sentence as JSON; what fills it is said as English says it."""
    values = {name: value if isinstance(value, int) else str(value) for name, value in sentence.values.items()}
    return json.dumps([sentence.message, values, sentence.plural, sentence.count], ensure_ascii=False)


def _text(kept: str) -> Text:
    message, values, plural, count = json.loads(kept)
    return Text(message, values, plural, count)
