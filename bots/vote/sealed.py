"""The ballot box of confidential votes, in the database, closed with a key of which half is elsewhere.

Anything that tells the result so far beside who has voted so far betrays ballots: the difference between two copies of
it is one voter and one choice, and the write-ahead log alone is many copies. So until the close neither can be read
from the database:

- The key of a vote is made of `secret`, a file that is no part of the database and of no backup, and of `half`, 32
  random bytes in the vote's row here. `destroy` forgets the half: then no key opens an older copy of the database,
  not even for those who have the file.
- Ballots and marks are in two tables, on sheets of a fixed size, written whole at the opening. A sheet is for 256
  voters or more (all of them, in a smaller vote). Its key is random to whoever has not that of the vote, so nothing in
  one table says which row of the other belongs to it.
- A ballot is an update that seals its sheet anew, as a whole, whichever place on it changes: two copies of the
  database differ in everything, and nothing in them says whose ballot, or that it was not the same again. On a sheet of
  ballots the places are in the order of random names; on one of marks in that of the roll.
- There is no time, no number that counts up (no row numbers either), and no row that comes or goes.

Whoever runs the server has the file and the database, and can open the box while the vote is open. That is said to
voters; `Secrecy.CONFIDENTIAL` is the name of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import ForeignKey, Integer, LargeBinary, String, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.ports import BoxLost, Emptied, Mark, Seat, Secrecy
from ground.database import NOT_IN_BACKUPS, Base

SECRET: Final = 32
"""Bytes of the secret beside the database."""
SHEET: Final = 256
"""For how many voters a sheet is at least, where there are so many."""
_NAME: Final = 16


class SealRow(Base):
    """The box of a vote."""

    __tablename__ = "vote_seals"
    __table_args__ = ({"info": NOT_IN_BACKUPS},)

    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), primary_key=True)
    half: Mapped[bytes] = mapped_column(LargeBinary(SECRET))
    seats: Mapped[int] = mapped_column(Integer)
    width: Mapped[int] = mapped_column(Integer)


class BallotSheetRow(Base):
    """What was chosen, sealed."""

    __tablename__ = "vote_ballot_sheets"
    __table_args__ = ({"sqlite_with_rowid": False, "info": NOT_IN_BACKUPS},)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class MarkSheetRow(Base):
    """Who has voted, sealed."""

    __tablename__ = "vote_mark_sheets"
    __table_args__ = ({"sqlite_with_rowid": False, "info": NOT_IN_BACKUPS},)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class _Seal:
    """What is known of an open box, and how its sheets are found and opened. Pure."""

    vote: str
    key: bytes
    seats: int
    width: int

    @property
    def sheets(self) -> int:
        return max(1, self.seats // SHEET)

    def sheet(self, position: int) -> int:
        return position * self.sheets // self.seats

    def first(self, sheet: int) -> int:
        """The first position on a sheet."""
        return -(-sheet * self.seats // self.sheets)

    def row(self, table: type[Base], sheet: int) -> str:
        return self._derived(f"row|{table.__tablename__}|{sheet}", _NAME).hex()

    def box(self, table: type[Base], sheet: int) -> SecretBox:
        """A key for each sheet: what was sealed as one opens as no other."""
        return SecretBox(self._derived(f"sheet|{table.__tablename__}|{sheet}", SecretBox.KEY_SIZE))

    def name(self, position: int, ballot: int) -> bytes:
        """The name of a place for a ballot, on its sheet."""
        return self._derived(f"place|{position}|{ballot}", _NAME)

    def _derived(self, label: str, size: int) -> bytes:
        return blake2b(label.encode(), key=self.key, digest_size=size).digest()


class SealedBox:
    """A `bridge.ports.BallotBox` in the database. `secret`: 32 random bytes that are kept out of it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET:
            raise ValueError(f"the secret of ballots is {SECRET} bytes, not {len(secret)}")
        self._secret = secret

    @property
    def secrecy(self) -> Secrecy:
        return Secrecy.CONFIDENTIAL

    def page(self, vote: str, seat: Seat) -> str | None:
        return None

    async def open(self, session: AsyncSession, vote: str, seats: Sequence[Seat], *, width: int) -> None:
        half = token_bytes(SECRET)
        await session.execute(insert(SealRow), [{"vote_id": vote, "half": half, "seats": len(seats), "width": width}])
        seal = self._seal(vote, half, len(seats), width)
        papers: list[list[bytes]] = [[] for _ in range(seal.sheets)]
        for seat in seats:
            papers[seal.sheet(seat.position)] += [
                seal.name(seat.position, ballot) for ballot in range(max(1, seat.ballots))
            ]
        blank = bytes(width)
        ballots = [b"".join(name + blank for name in sorted(names)) for names in papers]
        marks = [bytes(seal.first(sheet + 1) - seal.first(sheet)) for sheet in range(seal.sheets)]
        for table, sheets in ((BallotSheetRow, ballots), (MarkSheetRow, marks)):
            rows = [
                {
                    "key": seal.row(table, sheet),
                    "vote_id": vote,
                    "content": bytes(seal.box(table, sheet).encrypt(content)),
                }
                for sheet, content in enumerate(sheets)
            ]
            await session.execute(insert(table), sorted(rows, key=lambda row: str(row["key"])))

    async def cast(
        self, session: AsyncSession, vote: str, seat: Seat, ballots: Sequence[str], *, by_proxy: bool, change: bool
    ) -> bool:
        seal = await self._of(session, vote)
        papers = _papers(seal, seat, ballots)
        mark, marks = await self._mark(session, seal, seat)
        if by_proxy and mark in (Mark.VOTED, Mark.TAKEN_BACK):
            return False
        if not change and not by_proxy and mark in (Mark.VOTED, Mark.TAKEN_BACK):
            return False
        await self._write(session, seal, seat, papers, marks, Mark.BY_PROXY if by_proxy else Mark.VOTED)
        return True

    async def take_back(self, session: AsyncSession, vote: str, seat: Seat, *, by_proxy: bool) -> bool:
        seal = await self._of(session, vote)
        mark, marks = await self._mark(session, seal, seat)
        if mark is not (Mark.BY_PROXY if by_proxy else Mark.VOTED):
            return False
        papers = [bytes(seal.width)] * max(1, seat.ballots)
        await self._write(session, seal, seat, papers, marks, Mark.NONE if by_proxy else Mark.TAKEN_BACK)
        return True

    async def marks(self, session: AsyncSession, vote: str) -> Sequence[Mark]:
        seal = await self._of(session, vote)
        sheets = await _opened(session, seal, MarkSheetRow)
        return [Mark(mark) for sheet in range(seal.sheets) for mark in sheets[sheet]]

    async def count(self, session: AsyncSession, vote: str, seats: Sequence[Seat]) -> Emptied:
        seal = await self._of(session, vote)
        papers: dict[bytes, bytes] = {}
        size = _NAME + seal.width
        for content in (await _opened(session, seal, BallotSheetRow)).values():
            papers.update(
                (content[at : at + _NAME], content[at + _NAME : at + size]) for at in range(0, len(content), size)
            )
        marks = await self.marks(session, vote)
        blank = bytes(seal.width)
        ballots: dict[str, Counter[str]] = {}
        voted: Counter[str] = Counter()
        for seat in seats:
            voted[seat.group] += marks[seat.position].counts
            for ballot in range(seat.ballots):
                paper = papers[seal.name(seat.position, ballot)]
                if paper != blank:
                    ballots.setdefault(seat.group, Counter())[paper.decode("ascii")] += 1
        return Emptied(ballots, voted, Counter(seat.group for seat in seats))

    async def destroy(self, session: AsyncSession, vote: str) -> None:
        # The half is overwritten first, in its place: a row that is only deleted may stay on its page.
        await session.execute(update(SealRow).where(SealRow.vote_id == vote).values(half=bytes(SECRET)))
        for table in (BallotSheetRow, MarkSheetRow, SealRow):
            await session.execute(delete(table).where(table.vote_id == vote))

    def _seal(self, vote: str, half: bytes, seats: int, width: int) -> _Seal:
        key = blake2b(half + vote.encode(), key=self._secret, digest_size=SECRET, person=b"kunveno-ballots").digest()
        return _Seal(vote, key, seats, width)

    async def _of(self, session: AsyncSession, vote: str) -> _Seal:
        query = select(SealRow.half, SealRow.seats, SealRow.width).where(SealRow.vote_id == vote)
        row = (await session.execute(query)).one_or_none()
        if row is None:
            raise BoxLost(vote)
        return self._seal(vote, *row)

    async def _mark(self, session: AsyncSession, seal: _Seal, seat: Seat) -> tuple[Mark, bytes]:
        """A voter's mark, and the opened sheet that it is on."""
        sheet = seal.sheet(seat.position)
        marks = await _open(session, seal, MarkSheetRow, sheet)
        return Mark(marks[seat.position - seal.first(sheet)]), marks

    async def _write(
        self, session: AsyncSession, seal: _Seal, seat: Seat, papers: Sequence[bytes], marks: bytes, mark: Mark
    ) -> None:
        """Seal the two sheets of a voter anew."""
        sheet = seal.sheet(seat.position)
        content = bytearray(await _open(session, seal, BallotSheetRow, sheet))
        places = {bytes(content[at : at + _NAME]): at for at in range(0, len(content), _NAME + seal.width)}
        for ballot, paper in enumerate(papers):
            at = places[seal.name(seat.position, ballot)] + _NAME
            content[at : at + seal.width] = paper
        at = seat.position - seal.first(sheet)
        for table, opened in (
            (BallotSheetRow, bytes(content)),
            (MarkSheetRow, marks[:at] + bytes([mark]) + marks[at + 1 :]),
        ):
            sealed = bytes(seal.box(table, sheet).encrypt(opened))
            await session.execute(update(table).where(table.key == seal.row(table, sheet)).values(content=sealed))


def _papers(seal: _Seal, seat: Seat, ballots: Sequence[str]) -> Sequence[bytes]:
    """The ballots of a voter, at the width of the vote. Raises ValueError for ballots that are none."""
    if not ballots or len(ballots) not in (1, seat.ballots):
        raise ValueError("one ballot for all of a voter's, or one for each")
    if not all(ballot.isascii() for ballot in ballots):  # what Python says of it would name the sign
        raise ValueError("a ballot holds something that is no option")
    papers = [ballot.rstrip().ljust(seal.width).encode("ascii") for ballot in ballots]
    if any(len(paper) != seal.width or 0 in paper for paper in papers):
        raise ValueError("a ballot is wider than those of the vote")
    return papers * seat.ballots if len(papers) == 1 else papers


async def _open(session: AsyncSession, seal: _Seal, table: type[BallotSheetRow | MarkSheetRow], sheet: int) -> bytes:
    """One sheet, opened. Raises BoxLost where it is gone, or sealed with another secret."""
    content = await session.scalar(select(table.content).where(table.key == seal.row(table, sheet)))
    if content is None:
        raise BoxLost(seal.vote)
    return _decrypted(seal.box(table, sheet), content, seal.vote)


async def _opened(
    session: AsyncSession, seal: _Seal, table: type[BallotSheetRow | MarkSheetRow]
) -> Mapping[int, bytes]:
    """All sheets, opened, by number. Raises BoxLost."""
    rows = dict((await session.execute(select(table.key, table.content).where(table.vote_id == seal.vote))).all())
    try:
        return {
            sheet: _decrypted(seal.box(table, sheet), rows[seal.row(table, sheet)], seal.vote)
            for sheet in range(seal.sheets)
        }
    except KeyError:
        raise BoxLost(seal.vote) from None


def _decrypted(box: SecretBox, content: bytes, vote: str) -> bytes:
    try:
        return bytes(box.decrypt(content))
    except CryptoError:
        raise BoxLost(vote) from None
