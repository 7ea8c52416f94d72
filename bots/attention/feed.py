"""What the register's feed and the calendar say to this bot: it reads on from where it stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from bots.attention import people, vacancies
from bots.attention.tables import CursorRow
from bots.kit.request import Occasion
from bots.kit.wording import Code, Typed
from bridge.letters import Applied
from bridge.places import Direct
from ground import due
from ground.due import Due
from ground.texts import text
from party import changes, mandates
from party.changes import FeedEntry
from party.members import AccountRow

REVIEW: Final = "attention.review"
DAILY: Final = "attention.daily"
_MOST: Final = 200
_DAY: Final = timedelta(days=1)
_ACCOUNTS: Final = {"account.named", "account.confirmed"}
_ARRIVALS: Final = {"account.named", "account.confirmed", "member.transferred", "member.status"}
"""After these a member is expected in the rooms of a branch."""


async def on_applied(occasion: Occasion, _arrival: Applied) -> None:
    """The register has changed, or a mandate has begun or ended."""
    await review(occasion, Due(REVIEW, people.ALL, occasion.now))
    await people.once(occasion.session, DAILY, occasion.now + _DAY)


async def review(occasion: Occasion, _item: Due) -> None:
    """Look at what changed and at what is vacant; and say when to look again."""
    more = await _follow(occasion)
    looks = [
        occasion.now + _DAY,
        await mandates.next_change(occasion.session, occasion.now),
        await vacancies.look(occasion),
        occasion.now if more else None,
    ]
    await due.schedule(occasion.session, REVIEW, people.ALL, min(at for at in looks if at is not None))


async def daily(occasion: Occasion, _item: Due) -> None:
    """Look at who lets us wait."""
    await people.unanswered(occasion)
    await people.forget(occasion.session)
    await due.schedule(occasion.session, DAILY, people.ALL, occasion.now + _DAY)


async def _follow(occasion: Occasion) -> bool:
    """Read on in the feed; True when there is more. What was before the first time is past."""
    session = occasion.session
    cursor = await session.get(CursorRow, 1)
    if cursor is None:
        session.add(CursorRow(id=1, change=await changes.last_number(session)))
        return False
    entries = await changes.after(session, cursor.change, limit=_MOST)
    expected: dict[str, None] = {}
    for entry in entries:
        cursor.change = entry.number
        if entry.kind in _ARRIVALS:
            expected[entry.subject_id] = None
        if entry.kind in _ACCOUNTS:
            await _another_account(occasion, entry)
    for member_id in expected:
        await people.expect(occasion, member_id)
    return len(entries) == _MOST


async def _another_account(occasion: Occasion, entry: FeedEntry) -> None:
    """Tell a member on their other accounts that one more has become theirs."""
    query = select(AccountRow).where(AccountRow.member_id == entry.subject_id, AccountRow.confirmed_at.is_not(None))
    rows = (await occasion.session.scalars(query.order_by(AccountRow.user_id))).all()
    new = [row.user_id for row in rows if row.confirmed_at == entry.at]
    for row in rows:
        if row.confirmed_at is not None and row.confirmed_at < entry.at:
            for account in new:
                drop = text("account drop {account}", account=account)
                await occasion.send(
                    Direct(row.user_id),
                    text("{account} is an account of yours from now on, beside this one.", account=Code(account)),
                    text(
                        "If that was not you, please write {command} and tell your secretary.",
                        command=Typed(drop),
                    ),
                )
