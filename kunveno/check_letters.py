"""What `kunveno check` says of arrivals and letters: what could not be handled, delivered or decrypted of late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import inbox
from bridge.letters.inbox import SetAside
from bridge.letters.outbox import LetterRow, State
from kunveno.findings import Finding
from kunveno.measuring import Measures, measure

_LATE: Final = timedelta(days=7)
"""What is older is told, and is no reason to warn any more."""
_STUCK: Final = timedelta(minutes=10)
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Post:
    """How letters and arrivals stand; `aside` are the latest that were set aside, `died` when a letter last died."""

    measures: Measures
    aside: Sequence[SetAside]
    died: datetime | None


async def read(session: AsyncSession) -> Post:
    """How letters and arrivals stand now."""
    died = await session.scalar(select(func.max(LetterRow.done_at)).where(LetterRow.state == State.DEAD))
    return Post(await measure(session), await inbox.aside(session, limit=_SHOWN), died)


def look(post: Post, now: datetime) -> Iterator[Finding]:
    """The findings at the instant `now`."""
    yield _aside(post, now)
    yield from _letters(post, now)
    if post.measures.unreadable:
        yield Finding(
            "warn",
            "service",
            f"{post.measures.unreadable} messages of the last week could not be decrypted; who wrote them was told",
            "when it goes on: is the device signed, and do the members' apps send to devices they have not verified?",
        )


def _aside(post: Post, now: datetime) -> Finding:
    if not post.aside:
        return Finding("ok", "service", "no arrival was set aside")
    shown = "; ".join(f"{_day(one.at)} {one.kind}, {one.what}: {one.reason}" for one in post.aside)
    count = post.measures.set_aside
    what = f"{count} arrivals could not be handled and were set aside, lastly: {shown}"
    if post.aside[0].at < now - _LATE:
        return Finding("ok", "service", what)
    return Finding("warn", "service", what, "it is a fault of the program or of a bot: report it with these words")


def _letters(post: Post, now: datetime) -> Iterator[Finding]:
    letters = post.measures.letters
    if letters.held:
        yield Finding(
            "warn",
            "service",
            f"{letters.held} letters are held since a restore",
            "look at them with `kunveno letter list`, then `kunveno letter release` or `kunveno letter drop`",
        )
    if letters.dead and post.died is not None:
        fresh = post.died >= now - _LATE
        yield Finding(
            "warn" if fresh else "ok",
            "service",
            f"{letters.dead} letters could not be delivered, the last on {_day(post.died)}",
            "`kunveno letter list --dead` says why" if fresh else "",
        )
    if letters.oldest is not None and now - letters.oldest > _STUCK:
        since = f"{letters.oldest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        yield Finding(
            "warn",
            "service",
            f"{letters.waiting} letters wait, the oldest since {since}",
            "does `kunveno run` work, and the homeserver answer? A place without a room holds its letters up too",
        )
    if not (letters.held or letters.dead or letters.waiting):
        yield Finding("ok", "service", "all letters were delivered")


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"
