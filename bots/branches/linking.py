"""`!branch link`: a room that exists already becomes one of the branch. The mirror carries it out and answers later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Final
from urllib.parse import unquote

from pydantic import JsonValue

from bots.branches.carrying import here
from bots.kit.command import Argument, Command
from bots.kit.matching import fold
from bots.kit.parts import Code, Strong
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.surroundings import RoomKind, Surroundings
from bridge.letters import Receipt
from bridge.places import SPACE, BranchRoom, address, place_at
from bridge.ports import LACKS, NoLink, ask_to_link, link_of
from ground.texts import Text, text
from party.branches import Branch

OWNER: Final = "branches.link"
RoomName = Annotated[
    str,
    Argument(what=text("which room of the branch it becomes"), example={"en": "discussion", "fr": "discussion"}),
]
RoomAddress = Annotated[
    str,
    Argument(what=text("the address of the room"), example={"en": "#lyon:example.org", "fr": "#lyon:example.org"}),
]
_ADDRESS: Final = re.compile(r"#[^\s:]{1,200}:\S{1,200}|![^\s]{1,250}")
_WEB: Final = re.compile(r"(?:https?://(?:www\.)?matrix\.to/#/|matrix:r/)(?P<room>[^?\s]+)(?:\?\S*)?", re.I)


async def link(request: Request, room: RoomName, where: RoomAddress) -> None:
    """Give a room to a place of the branch."""
    branch = here(request)
    key = _key(request.surroundings, branch, room, request.voice.language)
    asked = _address(where)
    await request.reply(
        text("I look at the room {room}, to make it a room of {branch}.", room=Code(asked), branch=Strong(branch.name)),
        text("I say here when that is done."),
    )
    data: dict[str, JsonValue] = {"place": address(request.place)}
    await ask_to_link(request.session, BranchRoom(branch.id, key), asked, owner=OWNER, data=data, at=request.now)


async def linked(occasion: Occasion, receipt: Receipt) -> None:
    """A room was linked, or could not be."""
    wish = await link_of(occasion.session, receipt.letter)
    if wish is None:
        return
    branch = (await occasion.tree())[wish.place.branch_id]
    place = place_at(str(wish.data["place"]))
    if receipt.outcome == "delivered":
        said = [text("The room {room} is now a room of {branch}.", room=Code(wish.room), branch=Strong(branch.name))]
        if receipt.reason == LACKS:
            account = Code(occasion.surroundings.account)
            said.append(
                text("But I have not the power for everything there. Give {account} the highest.", account=account)
            )
    else:
        said = [_why_not(receipt.reason, wish.room, occasion.surroundings.account)]
    await occasion.send(place, *said)


def _why_not(reason: str | None, room: str, account: str) -> Text:
    match reason:
        case NoLink.NO_ROOM:
            return text("There is no room {room}.", room=Code(room))
        case NoLink.NO_ENTRANCE:
            return text(
                "I cannot enter the room {room}. Invite {account} there, and write the command again.",
                room=Code(room), account=Code(account),
            )  # fmt: skip
        case NoLink.OTHER_KIND:
            return text("{room} is a space where a room is meant, or the other way round.", room=Code(room))
        case NoLink.TAKEN:
            return text("{room} is another room of the organisation already.", room=Code(room))
        case NoLink.FULL:
            return text(
                "The branch has such a room already, so {room} cannot take its place. The administrators can let go of "
                "the present one.",
                room=Code(room),
            )
    return text("The room {room} could not be linked.", room=Code(room))


def _key(around: Surroundings, branch: Branch, written: str, language: str) -> str:
    """The kind of room that is meant, by its key or its name. Raises Refusal."""
    wanted = fold(written)
    kinds = {key: kind for key, kind in around.rooms.items() if kind.of_tier(branch.tier)}
    found = [key for key, kind in kinds.items() if any(form.startswith(wanted) for form in _forms(key, kind))]
    if fold(SPACE).startswith(wanted) or fold("espace").startswith(wanted):
        found.append(SPACE)
    exact = [key for key in found if key == wanted]
    if len(exact or found) == 1:
        return (exact or found)[0]
    names = [Code(key) for key in (*kinds, SPACE)]
    raise Refusal(text("Which room of {branch} is it to be: {rooms}?", branch=branch.name, rooms=names))


def _forms(key: str, kind: RoomKind) -> Iterator[str]:
    yield fold(key)
    for name in kind.name.values():
        yield fold(re.sub(r"\{(?:branch|tier)\}", "", name)).strip(" -–—:")


def _address(written: str) -> str:
    """The address of a room, out of what somebody wrote or copied. Raises Refusal."""
    link = _WEB.fullmatch(written)
    bare = unquote(link["room"]) if link else written
    if link and not bare.startswith(("#", "!")):
        bare = f"#{bare}"
    if not _ADDRESS.fullmatch(bare) or len(bare.encode()) > 255:
        raise Refusal(
            text("'{written}' is no address of a room; write one like {example}.",
                 written=written[:60], example=Code("#lyon:example.org"))
        )  # fmt: skip
    return bare


COMMANDS = (
    Command(
        name="branch link",
        run=link,
        summary=text("Make a room that exists already a room of the branch."),
        details=text("Invite me to the room first, and give me the highest power there."),
        aliases={"fr": ("branche rattacher", "branche lier")},
        examples={
            "en": "branch link discussion #lyon:example.org",
            "fr": "branche rattacher discussion #lyon:example.org",
        },
        right="branch.link",
    ),
)
