"""What the health page says: well means that the mirror is applied, messages arrive and leave, and clients trust us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from kunveno.work import Standing

_SILENCE: Final = timedelta(minutes=2)
"""A homeserver that has not answered for so long counts as gone; a long poll takes half a minute."""
_STUCK: Final = timedelta(minutes=10)
"""A letter that has waited for so long says that letters do not leave."""


def look(standing: Standing, now: datetime) -> tuple[bool, Mapping[str, object]]:
    """Whether the program is well at the instant `now`, and what it says of itself; no private datum."""
    watch, session, letters = standing.watch, standing.session, standing.letters
    if watch is None or session is None or watch.last is None:
        trouble = watch.trouble if watch is not None else None
        return False, {"mirror": "not yet applied"} | ({"trouble": trouble} if trouble else {})
    last, failed = watch.last, len(watch.last.report.failed)
    trouble = _trouble(standing, now)
    waiting = letters.waiting if letters is not None else 0
    return failed == 0 and trouble is None, {
        "mirror": "applied" if failed == 0 else "partly applied",
        "last_round": last.ended.isoformat(timespec="seconds"),
        "failed_steps": failed,
        "findings": len(last.plan.findings),
        "now": now.isoformat(timespec="seconds"),
        "took_seconds": round((last.ended - last.began) / timedelta(seconds=1), 1),
        "messages": "heard" if session.ready.is_set() else "not yet heard",
        "letters_waiting": waiting,
        "device": "signed" if session.unsigned is None else "not signed",
    } | ({"trouble": trouble} if trouble is not None else {})


def _trouble(standing: Standing, now: datetime) -> str | None:
    """The first thing that is wrong."""
    watch, session, receiver = standing.watch, standing.session, standing.receiver
    if watch is None or session is None or receiver is None:
        return "not yet begun"
    if watch.trouble is not None:
        return watch.trouble
    if receiver.heard is None or now - receiver.heard > _SILENCE:
        return "the homeserver does not answer"
    if not session.ready.is_set():
        return "what happened before the start has not been read to its end"
    if session.unsigned is not None:
        return f"the device is not signed: {session.unsigned}"
    letters = standing.letters
    if letters is not None and letters.oldest is not None and now - letters.oldest > _STUCK:
        return f"a letter has waited for delivery since {letters.oldest.isoformat(timespec='seconds')}"
    return None
