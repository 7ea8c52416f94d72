"""How copies go out, are corrected and are taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bots.announce import rules, sentences, tables
from bots.announce.tables import AnnouncementRow, Copy, Kind
from bots.kit.request import Occasion
from bots.kit.surroundings import RoomKind
from bots.kit.wording import compose
from bridge.letters import Correction, Letter, Withdrawal, Words, outbox
from bridge.places import BranchRoom
from ground import due
from party.branches import Branch
from party.members import MemberRow

OWNER: Final = "announce"
"""To whom the receipts of copies go."""
LOOK: Final = "announce.look"
"""Falls due when it is to be said how far an announcement is."""
DROP: Final = "announce.drop"
"""Falls due when a draft is to be forgotten."""


def announcements_room(occasion: Occasion, branch: Branch) -> BranchRoom | None:
    """The room in which a branch is told things; None where it has none."""
    kind = occasion.rooms.get(occasion.surroundings.announcements)
    return BranchRoom(branch.id, kind.key) if kind is not None and kind.of_tier(branch.tier) else None


def committee_room(occasion: Occasion, branch: Branch) -> BranchRoom | None:
    """The room in which the officers of a branch are among themselves; None where it has none."""
    return next((BranchRoom(branch.id, kind.key) for kind in occasion.rooms.values() if _committee(kind, branch)), None)


def _committee(kind: RoomKind, branch: Branch) -> bool:
    return kind.who == "officers" and kind.of_tier(branch.tier)


async def send_out(occasion: Occasion, row: AnnouncementRow, rooms: Mapping[str, BranchRoom | None]) -> None:
    """Send what was drafted. `rooms`: for each branch the room that it goes to; None where there is none."""
    deadline = occasion.now + rules.TRIED_FOR
    words = await _words(occasion, row, [place for place in rooms.values() if place is not None])
    letters = [Letter(to=place, content=said, deadline=deadline, owner=OWNER) for place, said in words.items()]
    ids = await outbox.put_all(occasion.session, letters, occasion.now)
    copies = {place.branch_id: Copy(letter, place) for place, letter in zip(words, ids, strict=True)}
    sent = {branch: copies.get(branch) for branch in rooms}
    await tables.copies_noted(occasion.session, row.id, sent)
    await tables.sent(occasion.session, row, occasion.now)
    await due.cancel(occasion.session, DROP, row.id)
    await plan_look(occasion, row)


async def plan_look(occasion: Occasion, row: AnnouncementRow) -> None:
    """See to it that it is said before long how far it is."""
    if row.look_at is None:
        row.look_at = occasion.now + rules.PAUSE
        await due.schedule(occasion.session, LOOK, row.id, row.look_at)


async def correct_all(occasion: Occasion, row: AnnouncementRow, words: str) -> int:
    """Put other words in all copies; returns how many there are."""
    row.words = words
    copies = await _copies(occasion, row)
    said = await _words(occasion, row, [copy.place for copy in copies])
    letters = [Letter(to=copy.place, content=Correction(copy.letter, said[copy.place])) for copy in copies]
    await outbox.put_all(occasion.session, letters, occasion.now)
    return len(copies)


async def take_back(occasion: Occasion, row: AnnouncementRow) -> int:
    """Withdraw all copies; returns how many there were."""
    copies = await _copies(occasion, row)
    letters = [Letter(to=copy.place, content=Withdrawal(copy.letter)) for copy in copies]
    await outbox.put_all(occasion.session, letters, occasion.now)
    await due.cancel(occasion.session, LOOK, row.id)
    await tables.withdrawn(occasion.session, row)
    if row.progress is not None and rules.reach_of(row.reach).below:
        await occasion.correct(row.progress, sentences.taken_back(rules.shown(row.kind, row.number), len(copies)))
    return len(copies)


async def _copies(occasion: Occasion, row: AnnouncementRow) -> Sequence[Copy]:
    """The copies to be corrected or withdrawn, by the names of the branches."""
    tree = await occasion.tree()
    copies = await tables.copies(occasion.session, row.id)
    return sorted(copies, key=lambda copy: (tree[copy.place.branch_id].name, copy.place.branch_id))


async def _words(occasion: Occasion, row: AnnouncementRow, places: Iterable[BranchRoom]) -> Mapping[BranchRoom, Words]:
    """What is read in each place. An announcement is the same everywhere; a report has a heading, which is not."""
    author = None if row.member_id is None else await occasion.session.get(MemberRow, row.member_id)
    name, branch = None if author is None else author.name, (await occasion.tree())[row.branch_id].name
    if row.kind == Kind.REPORT:
        lines = sentences.report(row.words or "", name, branch)
        return {place: compose(lines, await occasion.voice_for(place), notice=False) for place in places}
    lines = sentences.announcement(row.words or "", name, branch)
    own = await occasion.voice_for(BranchRoom(row.branch_id, occasion.surroundings.announcements))
    return dict.fromkeys(places, compose(lines, own, notice=False))
