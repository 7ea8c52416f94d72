"""The store of files, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bridge import files
from ground.database import Database
from tests.support.register import fresh


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as database:
        await fresh(database)
        yield database


async def put(database: Database, data: bytes, name: str = "chart.png") -> str:
    return await database.write(lambda session: files.put(session, data, name, "image/png"))


async def upload(database: Database, digest: str, *, encrypted: bool) -> object:
    return await database.read(lambda session: files.uploaded(session, digest, encrypted=encrypted))


async def test_a_file_is_kept_and_read(database: Database) -> None:
    file = await put(database, b"\x00PNG\xff")
    found = await database.read(lambda session: files.find(session, file))
    assert found is not None
    assert (found.name, found.mimetype, found.size) == ("chart.png", "image/png", 5)
    assert await database.read(lambda session: files.read(session, file)) == b"\x00PNG\xff"


async def test_the_same_content_is_kept_once_until_its_last_file_is_erased(database: Database) -> None:
    one, two = await put(database, b"same"), await put(database, b"same", "other.png")
    assert one != two
    first = await database.read(lambda session: files.find(session, one))
    assert first is not None
    digest = first.digest
    for encrypted, media in ((False, {"url": "mxc://x/1"}), (True, {"file": {"key": "secret"}})):
        for again in (media, {"url": "mxc://x/later"}):
            await database.write(
                lambda session, media=again, encrypted=encrypted: files.remember_upload(  # type: ignore[misc]
                    session, digest, media, encrypted=encrypted
                )
            )
        assert await upload(database, digest, encrypted=encrypted) == media
    await database.write(lambda session: files.erase(session, one))
    assert await database.read(lambda session: files.read(session, one)) is None
    assert await database.read(lambda session: files.find(session, one)) is None
    assert await database.read(lambda session: files.read(session, two)) == b"same"
    assert await upload(database, digest, encrypted=True) is not None
    await database.write(lambda session: files.erase(session, two))
    await database.write(lambda session: files.erase(session, two))
    assert await upload(database, digest, encrypted=True) is None
    await database.write(lambda session: files.remember_upload(session, digest, {"url": "x"}, encrypted=False))
    assert await upload(database, digest, encrypted=False) is None


async def test_a_file_that_is_too_large_is_refused(database: Database) -> None:
    with pytest.raises(files.FileTooLarge):
        await database.write(lambda session: files.put(session, b"12345", "a", "b", largest=4))
