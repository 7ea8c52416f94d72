"""The store of files that letters send: each content kept once, erasable, uploaded once and remembered.

Erasing drops what is kept here. What was uploaded stays with the homeserver, and events that show it stay in rooms,
until they are taken back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, Boolean, ForeignKey, Integer, LargeBinary, String, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base
from ground.ids import new_id

LARGEST: Final = 20 * 1024 * 1024
"""Bytes of the largest file that is kept."""


class FileTooLarge(ValueError):
    """The file has more bytes than are kept."""


class FileDataRow(Base):
    """What files contain, under its SHA-256."""

    __tablename__ = "file_data"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(Integer)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class FileRow(Base):
    """A file: a name for some content. The same content may have several."""

    __tablename__ = "files"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("file_data.digest"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    mimetype: Mapped[str] = mapped_column(String(127))


class FileUploadRow(Base):
    """Where some content was uploaded: once in clear, once encrypted, with the key."""

    __tablename__ = "file_uploads"

    digest: Mapped[str] = mapped_column(ForeignKey("file_data.digest"), primary_key=True)
    encrypted: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    media: Mapped[dict[str, Any]] = mapped_column(JSON)


@dataclass(frozen=True, slots=True)
class File:
    """A file without its content; `size` is in bytes."""

    id: str
    digest: str
    name: str
    mimetype: str
    size: int


async def put(session: AsyncSession, data: bytes, name: str, mimetype: str, *, largest: int = LARGEST) -> str:
    """Keep a file; returns its id. Raises FileTooLarge."""
    if len(data) > largest:
        raise FileTooLarge(f"{len(data)} bytes are more than {largest}")
    digest = hashlib.sha256(data).hexdigest()
    if await session.scalar(select(FileDataRow.digest).where(FileDataRow.digest == digest)) is None:
        session.add(FileDataRow(digest=digest, size=len(data), data=data))
        await session.flush()
    row = FileRow(id=new_id(), digest=digest, name=name[:255], mimetype=mimetype[:127])
    session.add(row)
    await session.flush()
    return row.id


async def find(session: AsyncSession, file: str) -> File | None:
    """What a file is; None when it was erased."""
    query = select(FileRow.id, FileRow.digest, FileRow.name, FileRow.mimetype, FileDataRow.size)
    row = (await session.execute(query.join(FileDataRow).where(FileRow.id == file))).one_or_none()
    return None if row is None else File(*row)


async def read(session: AsyncSession, file: str) -> bytes | None:
    """What a file contains; None when it was erased."""
    return await session.scalar(select(FileDataRow.data).join(FileRow).where(FileRow.id == file))


async def erase(session: AsyncSession, file: str) -> None:
    """Drop a file, and its content and the keys of its uploads unless another file has the same content."""
    digest = await session.scalar(select(FileRow.digest).where(FileRow.id == file))
    if digest is None:
        return
    await session.execute(delete(FileRow).where(FileRow.id == file))
    if await session.scalar(select(func.count()).select_from(FileRow).where(FileRow.digest == digest)):
        return
    await session.execute(delete(FileUploadRow).where(FileUploadRow.digest == digest))
    await session.execute(delete(FileDataRow).where(FileDataRow.digest == digest))


async def uploaded(session: AsyncSession, digest: str, *, encrypted: bool) -> dict[str, Any] | None:
    """The media object of an earlier upload, `{"url": …}` or `{"file": …}`."""
    row = await session.get(FileUploadRow, (digest, encrypted))
    return None if row is None else dict(row.media)


async def remember_upload(session: AsyncSession, digest: str, media: dict[str, Any], *, encrypted: bool) -> None:
    """Remember where content was uploaded; nothing happens when it was erased meanwhile."""
    if await session.get(FileUploadRow, (digest, encrypted)) is not None:
        return
    if await session.scalar(select(FileDataRow.digest).where(FileDataRow.digest == digest)) is not None:
        session.add(FileUploadRow(digest=digest, encrypted=encrypted, media=media))
        await session.flush()
