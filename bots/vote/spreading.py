"""A vote of many branches in the rooms of each: its polls, what is said there, and whether it has arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from sqlalchemy import func, insert, select

from bots.kit.preferences import voices_for
from bots.kit.request import Occasion
from bots.kit.voice import Voice
from bots.kit.wording import Line, Strong, Typed, compose
from bots.vote import assembly_words, branchwise, overview, posting, result, roll
from bots.vote.counted import count_of
from bots.vote.electorate import electorate_of
from bots.vote.finding import branch_room
from bots.vote.plan import Plan, plan_of
from bots.vote.sentences import handle, worded
from bots.vote.settings import settings_of
from bots.vote.tables import PlaceRow, State, VoteLetterRow, VoteRow
from bridge.letters import Letter, outbox
from bridge.places import BranchRoom, address
from ground import due
from ground.due import Due
from ground.texts import text
from party.branches import Branch
from party.mandates import MandateRow, in_force

SPREAD: Final = "vote.spread"
"""Falls due while there are branches to which something is still to be said."""
PACE: Final = timedelta(milliseconds=50)
"""How long one poll takes to arrive, about."""
BATCH: Final = 50
"""How many branches are spoken to in one transaction."""

Said: TypeAlias = Callable[[PlaceRow, Branch, Voice], Sequence[Line]]


async def spread(occasion: Occasion, row: VoteRow, made: Plan) -> None:
    """Post the vote in the rooms of all branches with somebody on the roll; what is said beside it follows."""
    on_roll = await roll.branches(occasion.session, row.id)
    mandates = await _mandates(occasion, on_roll)
    rooms = await _rooms(occasion, row, on_roll)
    polled = made.poll and not row.confidential
    letters = await _post(occasion, row, made, [room for room in rooms.values() if room]) if polled else {}
    places = [
        {
            "vote_id": row.id,
            "branch_id": branch,
            "room": None if room is None else room.key,
            "on_roll": on_roll[branch],
            "mandates": mandates[branch],
            "first": letters.get(branch),
            "announced": False,
            "resulted": False,
        }
        for branch, room in rooms.items()
    ]
    await occasion.session.execute(insert(PlaceRow), places)
    await overview.begin(occasion, row)
    # Polls first, in all branches: what is said beside them takes its turn once they are there.
    await due.schedule(occasion.session, SPREAD, row.id, occasion.now + PACE * len(letters))


async def go_on(occasion: Occasion, item: Due) -> None:
    """Say to some more branches that the vote is open, or what came of it."""
    row = await occasion.session.get(VoteRow, item.subject_id)
    if row is None or row.state not in (State.OPEN, State.CLOSED):
        return
    done = PlaceRow.announced if row.state == State.OPEN else PlaceRow.resulted
    query = select(PlaceRow).where(PlaceRow.vote_id == row.id, PlaceRow.room.is_not(None), done.is_(False))
    places = list(await occasion.session.scalars(query.order_by(PlaceRow.branch_id).limit(BATCH)))
    if row.state == State.OPEN:
        await _announce(occasion, row, places)
    else:
        await _tell_result(occasion, row, places)
    if len(places) == BATCH:
        await due.schedule(occasion.session, SPREAD, row.id, occasion.now)


async def rooms_of(occasion: Occasion, row: VoteRow) -> Sequence[BranchRoom]:
    """The rooms of the branches in which a vote is held."""
    query = select(PlaceRow.branch_id, PlaceRow.room).where(PlaceRow.vote_id == row.id, PlaceRow.room.is_not(None))
    return [BranchRoom(branch, room or "") for branch, room in await occasion.session.execute(query)]


async def say_beside(occasion: Occasion, row: VoteRow, line: Line, purpose: str) -> Sequence[BranchRoom]:
    """Say the same in the rooms of all branches but that of the vote itself; returns these rooms."""
    rooms = [room for room in await rooms_of(occasion, row) if address(room) != row.place]
    voices = await voices_for(occasion.session, occasion.surroundings, rooms)
    letters = [Letter(to=room, content=compose([line], voices[room], notice=False)) for room in rooms]
    await _put(occasion, row, letters, purpose)
    return rooms


async def _rooms(occasion: Occasion, row: VoteRow, on_roll: Mapping[str, int]) -> dict[str, BranchRoom | None]:
    """The room of each branch that votes, parents before children."""
    tree, electorate = await occasion.tree(), electorate_of(row.electorate)
    branches = (tree[row.branch_id], *tree.below(row.branch_id))
    return {branch.id: branch_room(occasion, branch, electorate) for branch in branches if branch.id in on_roll}


async def _mandates(occasion: Occasion, on_roll: Mapping[str, int]) -> dict[str, int]:
    """How many mandates each branch has: as many as delegates, else by the members on the roll."""
    policy, held = settings_of(occasion).policy, dict[str, int]()
    if policy.mandate_office is not None:
        query = select(MandateRow.branch_id, func.count()).where(
            MandateRow.office == policy.mandate_office, in_force(occasion.now)
        )
        held = dict((await occasion.session.execute(query.group_by(MandateRow.branch_id))).all())
    return {branch: held.get(branch) or -(-size // policy.mandate_members) for branch, size in on_roll.items()}


async def _post(occasion: Occasion, row: VoteRow, made: Plan, rooms: Sequence[BranchRoom]) -> dict[str, str]:
    """Post the polls; returns their letters by branch."""
    voices = await voices_for(occasion.session, occasion.surroundings, rooms)
    polls = {voice.language: posting.poll_of(row, made, voice) for voice in voices.values()}
    letters = [Letter(to=room, content=polls[voices[room].language], deadline=row.closes_at) for room in rooms]
    ids = await _put(occasion, row, letters, "poll")
    return {room.branch_id: letter for room, letter in zip(rooms, ids, strict=True)}


async def _announce(occasion: Occasion, row: VoteRow, places: Sequence[PlaceRow]) -> None:
    made, origin = plan_of(row.options, row.rules), (await occasion.tree())[row.branch_id]

    def said(place: PlaceRow, branch: Branch, voice: Voice) -> Sequence[Line]:
        head, *rest = posting.opened(
            occasion, row, worded(made, voice), branch.name, place.on_roll, poll=place.first is not None
        )
        lines = (head, assembly_words.asked_by(origin.name, made), *rest)
        return lines if place.first is not None else (Strong(row.question), *lines)

    letters = await _say(occasion, row, places, said, "announcement")
    for place, letter in zip(places, letters, strict=True):
        place.first, place.announced = place.first or letter, True


async def _tell_result(occasion: Occasion, row: VoteRow, places: Sequence[PlaceRow]) -> None:
    made, origin = plan_of(row.options, row.rules), (await occasion.tree())[row.branch_id]
    counted, number = count_of(row.verdict or ""), handle(row.number)

    def said(place: PlaceRow, branch: Branch, voice: Voice) -> Sequence[Line]:
        plan, mine = worded(made, voice), branchwise.of_branch(counted, branch.id)
        lines: list[Line] = [text("{number} · {question}", number=Strong(number), question=row.question)]
        if mine is not None:
            lines += assembly_words.here(plan, branch.name, mine.totals, mine.voted, mine.roll)
        if counted.assembled is not None:
            lines.append(assembly_words.in_all(origin.name, counted.assembled.branches))
        lines += result.lines(plan, counted)
        if settings_of(occasion).signer is not None:
            typed = text("vote record {number}", number=number)  # a sentence within another is not found
            lines.append(text("All of it, signed: {command}", command=Typed(typed)))
        return lines

    # Where it was asked for, the whole of it stands in a message of its own.
    below = [place for place in places if place.branch_id != row.branch_id]
    await _say(occasion, row, below, said, "result")
    for place in places:
        place.resulted = True


async def _say(occasion: Occasion, row: VoteRow, places: Sequence[PlaceRow], said: Said, purpose: str) -> Sequence[str]:
    """Write to branches, each in its language; returns the letters."""
    tree = await occasion.tree()
    rooms = [BranchRoom(place.branch_id, place.room or "") for place in places]
    voices = await voices_for(occasion.session, occasion.surroundings, rooms)
    letters = [
        Letter(
            to=room,
            content=compose(said(place, tree[place.branch_id], voices[room]), voices[room], notice=False),
        )
        for place, room in zip(places, rooms, strict=True)
    ]
    return await _put(occasion, row, letters, purpose)


async def _put(occasion: Occasion, row: VoteRow, letters: Sequence[Letter], purpose: str) -> Sequence[str]:
    ids = await outbox.put_all(occasion.session, letters, occasion.now)
    noted = [{"letter": one, "vote_id": row.id, "purpose": purpose, "at": occasion.now} for one in ids]
    if noted:
        await occasion.session.execute(insert(VoteLetterRow), noted)
    return ids
