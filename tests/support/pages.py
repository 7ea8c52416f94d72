"""An SQLite database as whoever has its files sees it: the state after every commit that its write-ahead log holds."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

State: TypeAlias = Mapping[str, Mapping[str, tuple[Any, ...]]]
"""The rows of all tables, by table and by what stands in the first column."""

_HEADER, _FRAME = 32, 24


def files(database: Path) -> bytes:
    """Everything in the database's files."""
    return b"".join(path.read_bytes() for path in sorted(database.parent.glob(f"{database.name}*")))


def states(database: Path, scratch: Path) -> Iterator[State]:
    """The state without the log, then after each commit in it, in their order."""
    pages = bytearray(database.read_bytes())
    yield _read(pages, scratch)
    log = Path(f"{database}-wal").read_bytes()
    if not log:
        return
    (size,) = struct.unpack(">I", log[8:12])
    salts = log[16:24]
    for at in range(_HEADER, len(log) - size - _FRAME + 1, size + _FRAME):
        number, after = struct.unpack(">II", log[at : at + 8])
        if log[at + 8 : at + 16] != salts:
            return  # from before the log began anew
        page = log[at + _FRAME : at + _FRAME + size]
        pages.extend(bytes(max(0, number * size - len(pages))))
        pages[(number - 1) * size : number * size] = page
        if after:
            del pages[after * size :]
            yield _read(pages, scratch)


def _read(pages: bytearray, scratch: Path) -> State:
    without_log = bytearray(pages)
    without_log[18:20] = b"\x01\x01"  # the file says that it has a log; the copy has none
    scratch.write_bytes(without_log)
    connection = sqlite3.connect(scratch)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: {str(row[0]): row for row in connection.execute(f'SELECT * FROM "{name}"')}  # noqa: S608
            for name in names
        }
    finally:
        connection.close()
