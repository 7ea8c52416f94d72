"""What is said of announcements and reports: before, while and after they go out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bots.announce.rules import NAMED, all_ended, arrived
from bots.announce.tables import Outcome
from bots.kit.wording import Day, Gap, Line, Strong, Typed
from ground.texts import Text, counted, text


def announcement(words: str, author: str | None, branch: str) -> tuple[Line, ...]:
    """What stands in the announcements of a branch: the words as they were written, and who signs."""
    return words, Gap(), _signature(author, branch)


def report(words: str, author: str | None, branch: str) -> tuple[Line, ...]:
    """What the committee above reads."""
    head = text("**Report from {branch}**", branch=branch)
    return head, Gap(), words, Gap(), _signature(author, branch)


def _signature(author: str | None, branch: str) -> Text:
    if author is None:
        return text("— {branch}", branch=branch)
    return text("— {author}, {branch}", author=author, branch=branch)


def preview(branch: str, count: int, members: int, tier: Text | str | None) -> Text:
    """Where it would go."""
    people = counted("{count} member", "{count} members", members)
    if tier is None:
        return counted(
            "This announcement will go to {count} branch of {branch} ({members}).",
            "This announcement will go to {count} branches of {branch} ({members}).",
            count, branch=branch, members=people,
        )  # fmt: skip
    return counted(
        "This announcement will go to {count} branch of {branch} on the tier “{tier}” ({members}).",
        "This announcement will go to {count} branches of {branch} on the tier “{tier}” ({members}).",
        count, branch=branch, tier=tier, members=people,
    )  # fmt: skip


def without_room(names: Sequence[str]) -> Text:
    """Which branches have no room for announcements."""
    return counted(
        "{names} has no announcements room.", "{names} have no announcements room.", len(names), names=_some(names)
    )


def sending(number: str, counts: Mapping[Outcome, int]) -> Text:
    """How far it is."""
    return text(
        "{number} · Sending… {done} of {count}",
        number=Strong(number), done=arrived(counts), count=_meant(counts),
    )  # fmt: skip


def outcome(number: str, counts: Mapping[Outcome, int], missing: Mapping[Outcome, Sequence[str]]) -> tuple[Line, ...]:
    """Where it arrived and where not and why. `missing` are the names of branches."""
    done, meant = arrived(counts), _meant(counts)
    if done == meant:
        head = counted(
            "{number} · Arrived in the one branch.", "{number} · Arrived in all {count} branches.", meant,
            number=Strong(number),
        )  # fmt: skip
    else:
        head = counted(
            "{number} · Arrived in {count} branch of {meant}.", "{number} · Arrived in {count} branches of {meant}.",
            done, number=Strong(number), meant=meant,
        )  # fmt: skip
    return head, *why_not(missing)


def why_not(missing: Mapping[Outcome, Sequence[str]]) -> tuple[Line, ...]:
    """One line for each reason."""
    lines: list[Line] = []
    if names := missing.get(Outcome.WAITING):
        lines.append(text("Still on its way to {names}.", names=_some(names)))
    if names := missing.get(Outcome.NO_ROOM):
        lines.append(
            counted(
                "{names} has no announcements room yet.",
                "{names} have no announcements room yet.",
                len(names),
                names=_some(names),
            )
        )
    if names := missing.get(Outcome.REFUSED):
        lines.append(
            counted(
                "The room of {names} does not let me write.",
                "The rooms of {names} do not let me write.",
                len(names),
                names=_some(names),
            )
        )
    if names := missing.get(Outcome.GIVEN_UP):
        lines.append(
            counted(
                "The room of {names} could not be reached for a day.",
                "The rooms of {names} could not be reached for a day.",
                len(names),
                names=_some(names),
            )
        )
    return tuple(lines)


def how_to_mend(retract: str) -> Text:
    """What can still be done with what was sent. `retract` is the command that takes it back, without prefix."""
    return text(
        "To correct it, edit your message. To take it back, delete your message or write {command}.",
        command=Typed(retract),
    )


def retract_line(number: str) -> Text:
    """The command that takes it back, without prefix."""
    if number.startswith("R"):
        return text("report retract {number}", number=number)
    return text("announce retract {number}", number=number)


def taken_back(number: str, count: int) -> Text:
    """That copies are being withdrawn."""
    return counted(
        "{number} · Taken back from {count} branch.", "{number} · Taken back from {count} branches.", count,
        number=Strong(number),
    )  # fmt: skip


def corrected(number: str, count: int) -> Text:
    """That copies are being corrected."""
    return counted(
        "{number} · Your correction goes to {count} branch.", "{number} · Your correction goes to {count} branches.",
        count, number=Strong(number),
    )  # fmt: skip


def failed(number: str, branch: str, why: Outcome) -> Text:
    """That the only copy has not arrived."""
    if why is Outcome.NO_ROOM:
        return text("{number} has not arrived: {branch} has no room for it yet.", number=Strong(number), branch=branch)
    if why is Outcome.REFUSED:
        return text(
            "{number} has not arrived: the room of {branch} does not let me write.",
            number=Strong(number),
            branch=branch,
        )
    return text(
        "{number} has not arrived: the room of {branch} could not be reached for a day.",
        number=Strong(number), branch=branch,
    )  # fmt: skip


def listed(number: str, words: str | None, day: Day, counts: Mapping[Outcome, int]) -> Text:
    """One announcement in a list; no words when it was taken back."""
    named = Strong(number)
    if words is None:
        return text("{number} · {day} · taken back", number=named, day=day)
    done, meant = arrived(counts), _meant(counts)
    if not all_ended(counts):
        return text(
            "{number} · {day} · on its way, {done} of {count} · {words}",
            number=named, day=day, done=done, count=meant, words=words,
        )  # fmt: skip
    return text(
        "{number} · {day} · arrived, {done} of {count} · {words}",
        number=named, day=day, done=done, count=meant, words=words,
    )  # fmt: skip


def _meant(counts: Mapping[Outcome, int]) -> int:
    return sum(counts.values())


def _some(names: Sequence[str]) -> Text | str:
    """A few names, and how many more there are."""
    if len(names) <= NAMED + 1:
        return ", ".join(names)
    return text("{names} and {count} more", names=", ".join(names[:NAMED]), count=len(names) - NAMED)
