"""Which member somebody means: by mention, account, number or name, among those whom they may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.matching import fold
from bots.kit.problems import Ambiguous, BadValue
from ground.texts import Text, text
from party.branches import Tree
from party.members import AccountRow, MemberRow, Status
from party.operation import Actor
from party.permissions import reached
from party.policy import ACCOUNT, PartyPolicy

_MOST: Final = 9
_ME: Final = frozenset({"me", "myself", "moi"})
_FIRM: Final = frozenset("bfmpqvwx")
"""Letters that hardly carry accents, so that a database can look for them."""
_LONGEST: Final = 255
"""Characters of a name, a number or an account, at most; databases refuse to look for much longer ones."""
_MANY: Final = 500
"""How many branches a query names at most."""


@dataclass(slots=True)
class Asker:
    """Who asks, and what decides whom they may see: members of their own branch, and where they have the right."""

    session: AsyncSession
    policy: PartyPolicy
    actor: Actor
    member: MemberRow | None
    tree: Tree
    now: datetime
    _seen: frozenset[str] | None = None

    async def seen(self) -> frozenset[str]:
        """The branches whose members they may see."""
        if self._seen is None:
            self._seen = await reached(self.session, self.policy, self.actor, "member.see", self.tree, self.now)
            if self.member is not None and self.member.status in (Status.MEMBER, Status.SUSPENDED):
                self._seen |= {self.member.branch_id}
        return self._seen


async def read(written: str, parameter: str, asker: Asker) -> MemberRow:
    """The member who is meant. Raises BadValue, Ambiguous."""
    folded = fold(written)
    if asker.member is not None and folded in _ME:
        return asker.member
    if len(written) > _LONGEST:
        found = []
    elif written.startswith("@"):
        found = await _by_account(written.rstrip(",;.!?:"), asker)
    else:
        found = await _by_number(written, asker) or await _by_name(folded, asker)
    if len(found) == 1:
        return found[0]
    shown = written[:60]
    if not found:
        raise BadValue(text("I know nobody called '{written}'.", written=shown))
    if len(found) > _MOST:
        question = text("Many people fit '{written}'. Which one, or how does the name go on?", written=shown)
    else:
        question = text("Who is meant by '{written}'?", written=shown)
    raise Ambiguous(parameter, question, _candidates(found[:_MOST], asker.tree))


def _candidates(found: Sequence[MemberRow], tree: Tree) -> list[tuple[str, Text]]:
    keys = [(member.name, member.branch_id) for member in found]
    candidates: list[tuple[str, Text]] = []
    for member, key in zip(found, keys, strict=True):
        values = {"name": member.name, "branch": tree[member.branch_id].name}
        if keys.count(key) > 1:
            label = text("{name} ({branch}), number {number}", **values, number=member.number)
        else:
            label = text("{name} ({branch})", **values)
        candidates.append((f"#{member.number}", label))
    return candidates


async def _by_account(account: str, asker: Asker) -> list[MemberRow]:
    query = select(MemberRow, AccountRow.user_id).join(AccountRow, AccountRow.member_id == MemberRow.id)
    if ACCOUNT.fullmatch(account):
        query = query.where(AccountRow.user_id == account)
    else:
        start = account.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_").lower()
        query = query.where(AccountRow.user_id.like(f"{start}:%", escape="\\"))
    rows = (await asker.session.execute(query.order_by(AccountRow.user_id))).all()
    visible = await _visible([member for member, _ in rows], asker)
    server = (asker.actor.account or "").partition(":")[2]
    near = [member for member, user_id in rows if member in visible and user_id.partition(":")[2] == server]
    return list({member.id: member for member in near or visible}.values())


async def _by_number(written: str, asker: Asker) -> list[MemberRow]:
    number = written.removeprefix("#").removeprefix("n°").strip()
    query = select(MemberRow).where(or_(MemberRow.number == number, MemberRow.number == written))
    return await _visible((await asker.session.scalars(query.order_by(MemberRow.number))).all(), asker)


async def _by_name(folded: str, asker: Asker) -> list[MemberRow]:
    """The members whose names have all these words, in any order; whole words count before beginnings."""
    words = _parts(folded)
    if not words or max(map(len, words)) < 2:
        return []
    seen = await asker.seen()
    query = select(MemberRow.id, MemberRow.name, MemberRow.branch_id).where(MemberRow.status != Status.LEFT)
    if len(seen) <= _MANY:
        query = query.where(MemberRow.branch_id.in_(seen))
    for word in words:
        firm = "%".join(letter for letter in word if letter in _FIRM)
        if firm:
            query = query.where(MemberRow.name.ilike(f"%{firm}%"))
    by_rank: dict[int, list[tuple[str, str]]] = {}
    for member_id, name, branch_id in await asker.session.execute(query):
        rank = _rank(words, _parts(fold(name))) if branch_id in seen else None
        if rank is not None:
            by_rank.setdefault(rank, []).append((name, member_id))
    if not by_rank:
        return []
    first = sorted(by_rank[min(by_rank)])[: _MOST + 1]
    best = select(MemberRow).where(MemberRow.id.in_([member_id for _, member_id in first]))
    return list((await asker.session.scalars(best.order_by(MemberRow.name, MemberRow.number))).all())


def _parts(folded: str) -> list[str]:
    return folded.replace("-", " ").replace(",", " ").split()


def _rank(words: Sequence[str], name: Sequence[str]) -> int | None:
    """0: the whole name; 1: words of it; 2: how words of it begin; None: another name."""
    left = list(name)
    begins = 0
    for word in sorted(words, key=len, reverse=True):
        exact = next((part for part in left if part == word), None)
        part = exact or next((part for part in left if part.startswith(word)), None)
        if part is None:
            return None
        begins += exact is None
        left.remove(part)
    return 2 if begins else 1 if left else 0


async def _visible(found: Sequence[MemberRow], asker: Asker) -> list[MemberRow]:
    """Those whom the asker may see; oneself always."""
    if not found:
        return []
    seen = await asker.seen()
    own = asker.member.id if asker.member else None
    return [member for member in found if member.id == own or member.branch_id in seen]
