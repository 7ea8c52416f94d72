"""Steps, findings and failures in words and as data, for those who read a plan or how it went. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bridge.mirror import words
from bridge.mirror.apply import Failure, Report
from bridge.mirror.found import MARKER
from bridge.mirror.steps import Cause, CreateRoom, Enter, Finding, Follow, Invite, Remove, SetState, Step
from bridge.places import SPACE, BranchRoom
from party.branches import Tree

_ID: Final = re.compile(r"\b[0-9a-z]{26}\b")


class Describer:
    """Names places by the slug of the branch and the key of the room."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def place(self, place: BranchRoom) -> str:
        """For example `loire/discussion`."""
        return f"{self._slug(place.branch_id)}/{place.key}"

    def _slug(self, branch_id: str) -> str:
        return self._tree[branch_id].slug if branch_id in self._tree else branch_id

    def sign(self, step: Step) -> str:
        """`+` for what is added, `-` for what is taken away, `~` for what is changed."""
        match step:
            case CreateRoom() | Invite() | Enter():
                return "+"
            case Remove():
                return "-"
            case SetState(content=content):
                hanging = step.type in {"m.space.child", "m.space.parent", MARKER}
                return "-" if not content else "+" if hanging else "~"
            case Follow():
                return "~"

    def step(self, step: Step) -> str:
        """One line, without the branch."""
        return words.one_line(self._step(step))

    def _step(self, step: Step) -> str:
        key = step.place.key
        match step:
            case CreateRoom(room=room):
                what = "space" if key == SPACE else f"{key}, {'encrypted' if room.encrypted else 'not encrypted'}"
                return f"create '{room.name}' ({what})"
            case SetState():
                return self._state(step) + (" · somebody changed it" if step.cause is Cause.DRIFT else "")
            case Invite(user_id=user, admin=admin, cause=cause):
                again = " again, who was thrown out" if cause is Cause.DRIFT else ""
                return f"{key}: {'add' if admin else 'invite'} {user}{again}"
            case Remove(user_id=user, cause=cause):
                return f"{key}: remove {user}" + (" · unknown to the register" if cause is Cause.DRIFT else "")
            case Enter(room_id=room_id):
                return f"{key}: accept the invitation to {room_id}"
            case Follow(new=new, by=by):
                return f"{key}: follow the upgrade to {new} by {by}"

    def finding(self, finding: Finding) -> str:
        """One line, without the branch."""
        remedy = f" → {finding.remedy}" if finding.remedy else ""
        return words.one_line(f"{finding.place.key}: {self._words(finding.what)} [{finding.kind}]{remedy}")

    def failure(self, failure: Failure) -> str:
        """What could not be done, and why, on one line."""
        reason = self._words(failure.reason)
        return words.one_line(f"{self._slug(failure.step.place.branch_id)}: {self.step(failure.step)}: {reason}")

    def report(self, report: Report) -> dict[str, object]:
        """How it went as JSON values; `said` is the failure on one line."""
        failed = [
            {**self.data(one.step), "reason": self._words(one.reason), "said": self.failure(one)}
            for one in report.failed
        ]
        return {"done": len(report.done), "failed": failed}

    def data(self, item: Step | Finding) -> Mapping[str, object]:
        """The step or finding as JSON values."""
        slug, _, key = self.place(item.place).partition("/")
        head: dict[str, object] = {"branch": slug, "room": key}
        match item:
            case CreateRoom(room=room, version=version):
                return {**head, "do": "create", "name": room.name, "encrypted": room.encrypted, "version": version}
            case SetState(type=kind, state_key=state_key, content=content, cause=cause, before=before, after=after):
                at = self.place(state_key) if isinstance(state_key, BranchRoom) else state_key
                body = self._json(content)
                return {**head, "do": "set", "type": kind, "state_key": at, "content": body, "cause": cause,
                        "before": self._words(before), "after": self._words(after)}  # fmt: skip
            case Invite(user_id=user, admin=admin, cause=cause):
                return {**head, "do": "join" if admin else "invite", "user": user, "cause": cause}
            case Remove(user_id=user, cause=cause):
                return {**head, "do": "remove", "user": user, "cause": cause}
            case Enter(room_id=room_id):
                return {**head, "do": "enter", "room_id": room_id}
            case Follow(old=old, new=new, by=by):
                return {**head, "do": "follow", "old": old, "new": new, "by": by}
            case Finding(kind=about, what=what, remedy=remedy):
                return {**head, "finding": about, "what": self._words(what), "remedy": remedy}

    def _state(self, step: SetState) -> str:
        key = step.place.key
        match step.type:
            case "m.space.child":
                child = self._words(step.after or step.before)
                return f"{key}: {'hang' if step.content else 'take'} {child} {'in it' if step.content else 'out of it'}"
            case "m.space.parent":
                parent = self._words(step.after or step.before)
                return f"{key}: {'say' if step.content else 'no longer say'} that {parent} is the space above it"
            case kind if kind == MARKER:
                return f"{key}: mark it as the room of this branch"
            case kind:
                return f"{key}: {words.change(kind, self._words(step.before), self._words(step.after))}"

    def _words(self, text: str) -> str:
        """The text, branches called by their slugs."""
        return _ID.sub(lambda found: self._slug(found[0]), text)

    def _json(self, value: object) -> object:
        if isinstance(value, BranchRoom):
            return self.place(value)
        if isinstance(value, Mapping):
            return {key: self._json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._json(item) for item in value]
        return value
