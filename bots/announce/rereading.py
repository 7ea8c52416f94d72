"""What a message says after it was edited."""

from __future__ import annotations

from bots.announce.tables import AnnouncementRow, Kind
from bots.kit.bind import bind
from bots.kit.grammar import Names, read
from bots.kit.index import Found, Index
from bots.kit.problems import Ambiguous, Problem
from bots.kit.request import Occasion
from bots.kit.team import IN
from bots.kit.values import Reader
from bridge.letters import Edit
from bridge.places import Direct, place_at
from party.members import of_account
from party.operation import Actor


async def reread(occasion: Occasion, row: AnnouncementRow, arrival: Edit) -> str | None:
    """The words of the announcement or report as they are now; None where they are no longer behind its command."""
    place = place_at(row.place)
    surroundings, voice = occasion.surroundings, await occasion.voice_for(place)
    written = read(
        arrival.text,
        html=arrival.html,
        to=Names(surroundings.account, (surroundings.name,)),
        prefix=surroundings.prefix,
        direct=isinstance(place, Direct),
    )
    if written is None:
        return None
    found = Index(occasion.kit.commands, (IN,)).find(written, language=voice.language)
    if not isinstance(found, Found) or found.command.name != _COMMANDS[Kind(row.kind)]:
        return None
    member = await of_account(occasion.session, arrival.account)
    actor = Actor("person", None if member is None else member.id, arrival.account)
    reader = Reader(
        session=occasion.session, tree=occasion.tree, policy=occasion.policy, actor=actor, member=member,
        branch=None, language=voice.language, zone=voice.zone, now=occasion.now,
    )  # fmt: skip
    try:
        bound = await bind(found, reader)
    except (Problem, Ambiguous):
        return None
    words = bound.arguments["words"]
    return words if isinstance(words, str) else None


_COMMANDS = {Kind.ANNOUNCEMENT: "announce", Kind.REPORT: "report"}
