"""Members in many rooms, written straight into the database of a Synapse that does not run.

Over the API 50,000 joins take half an hour. What is written is what a join leaves behind, except signatures, which
nobody asks for on the homeserver's own events.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_AT = 1_767_225_600_000
"""When they joined: the beginning of 2026, in milliseconds."""


@dataclass(frozen=True, slots=True)
class _Room:
    id: str
    state_group: int
    depth: int
    auth: tuple[str, ...]
    last: str


def settle(database: Path, accounts: Sequence[str]) -> int:
    """Have the accounts joined to every room; returns the number of rooms. Afterwards all of them exist."""
    with closing(sqlite3.connect(database)) as db, db:
        db.executemany(
            "INSERT OR IGNORE INTO users (name, password_hash, creation_ts, admin, is_guest) VALUES (?, '', ?, 0, 0)",
            [(account, _AT // 1000) for account in accounts],
        )
        rooms = list(_rooms(db))
        order = min(0, *(row[0] for row in db.execute("SELECT min(stream_ordering) FROM events")))
        for room in rooms:
            for account in accounts:
                order -= 1  # like history that was fetched later: it happened before all that anybody has heard of
                _join(db, room, account, order)
        return len(rooms)


def _rooms(db: sqlite3.Connection) -> Iterator[_Room]:
    last = db.execute(
        "SELECT x.room_id, x.event_id, g.state_group, e.depth FROM event_forward_extremities x"
        " JOIN event_to_state_groups g ON g.event_id = x.event_id JOIN events e ON e.event_id = x.event_id"
    )
    for room_id, event_id, group, depth in last.fetchall():
        auth = db.execute(
            "SELECT event_id FROM current_state_events WHERE room_id = ? AND state_key = ''"
            " AND type IN ('m.room.power_levels', 'm.room.join_rules')",
            (room_id,),
        )
        yield _Room(room_id, group, depth, tuple(row[0] for row in auth), event_id)


def _join(db: sqlite3.Connection, room: _Room, account: str, order: int) -> None:
    from synapse.api.room_versions import RoomVersions
    from synapse.events import make_event_from_dict

    name = account[1:].partition(":")[0]
    body: dict[str, Any] = {
        "type": "m.room.member", "room_id": room.id, "sender": account, "state_key": account,
        "content": {"membership": "join", "displayname": name}, "depth": room.depth,
        "auth_events": list(room.auth), "prev_events": [room.last], "origin_server_ts": _AT,
        "hashes": {"sha256": ""}, "signatures": {}, "unsigned": {},
    }  # fmt: skip
    event_id = make_event_from_dict(body, RoomVersions.V12).event_id
    key = (event_id, room.id)
    db.execute(
        "INSERT INTO events (stream_ordering, topological_ordering, event_id, type, room_id, processed, outlier, depth,"
        " origin_server_ts, received_ts, sender, contains_url, instance_name, state_key)"
        " VALUES (?, ?, ?, 'm.room.member', ?, 1, 0, ?, ?, ?, ?, 0, 'master', ?)",
        (order, room.depth, *key, room.depth, _AT, _AT, account, account),
    )
    db.execute("INSERT INTO event_json VALUES (?, ?, '{}', ?, 4)", (*key, json.dumps(body)))
    db.execute("INSERT INTO state_events VALUES (?, ?, 'm.room.member', ?, NULL)", (*key, account))
    db.execute("INSERT INTO event_to_state_groups VALUES (?, ?)", (event_id, room.state_group))
    db.execute("INSERT INTO current_state_events VALUES (?, ?, 'm.room.member', ?, 'join', ?)", (*key, account, order))
    db.execute(
        "INSERT INTO state_groups_state (state_group, room_id, type, state_key, event_id)"
        " VALUES (?, ?, 'm.room.member', ?, ?)",
        (room.state_group, room.id, account, event_id),
    )
    db.execute(
        "INSERT INTO room_memberships (event_id, user_id, sender, room_id, membership, display_name,"
        " event_stream_ordering) VALUES (?, ?, ?, ?, 'join', ?, ?)",
        (event_id, account, account, room.id, name, order),
    )
    db.execute("INSERT INTO local_current_membership VALUES (?, ?, ?, 'join', ?)", (room.id, account, event_id, order))
