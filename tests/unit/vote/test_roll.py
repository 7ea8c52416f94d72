"""The roll's root, and the proof that each voter can have."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import merkle, roll
from bots.vote.roll import Proof
from ground.database import Database
from tests.support.register import Grown, fresh, grow
from tests.support.votes import MEMBERS, opened, vote_of

# The trees that the implementations of RFC 9162 (and RFC 6962) are tested with, by the leaves of which they are made.
LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
}


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.mark.parametrize("size", ROOTS)
def test_the_root_is_that_of_published_trees(size: int) -> None:
    assert merkle.root([merkle.leaf(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


def test_the_root_of_nothing() -> None:
    assert merkle.root([]) == hashlib.sha256(b"").digest()


@given(some.integers(1, 200), some.data())
def test_every_line_leads_to_the_root_and_to_no_other(size: int, data: some.DataObject) -> None:
    leaves = [merkle.leaf(bytes([n])) for n in range(size)]
    index = data.draw(some.integers(0, size - 1))
    beside, root = merkle.path(leaves, index), merkle.root(leaves)
    assert merkle.leads_to(leaves[index], index, size, beside, root)
    assert not merkle.leads_to(merkle.leaf(b"other"), index, size, beside, root)
    other = data.draw(some.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else size
    assert not merkle.leads_to(leaves[index], other, size, beside, root)
    assert not merkle.leads_to(leaves[index], index, size, [*beside, root], root)
    assert not merkle.leads_to(leaves[index], index, size, beside, merkle.leaf(root))
    if beside:
        assert not merkle.leads_to(leaves[index], index, size, beside[:-1], root)


def test_there_is_no_path_from_no_line() -> None:
    with pytest.raises(IndexError):
        merkle.path([merkle.leaf(b"x")], 1)


async def test_each_voter_can_see_that_they_are_on_the_roll(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)

    async def work(session: AsyncSession) -> tuple[roll.Roll, list[Proof | None], Proof | None]:
        done = await opened(session, grown, weights={"M3": 12})
        vote = await vote_of(session, done.vote)
        proofs = [await roll.proof(session, vote, grown.members[number]) for number in MEMBERS]
        return done.roll, proofs, await roll.proof(session, vote, "nobody")

    published, proofs, none = await db.write(work)
    assert (published.size, published.weight) == (9, 20)
    assert none is None
    assert [proof and (proof.number, proof.weight) for proof in proofs] == [
        (number, 12 if number == "M3" else 1) for number in MEMBERS
    ]
    for proof in proofs:
        assert proof is not None
        assert roll.check(proof)
        assert (proof.root, proof.size) == (published.root, published.size)
        for wrong in (
            replace(proof, weight=proof.weight + 1),
            replace(proof, number="M77"),
            replace(proof, branch_id=grown.branches["vannes"]),
            replace(proof, salt="00" * 32),
            replace(proof, salt="no hex"),
            replace(proof, position=(proof.position + 1) % 9),
            replace(proof, beside=(*proof.beside, proof.root)),
        ):
            assert not roll.check(wrong), wrong


async def test_a_proof_betrays_nobody_else(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)

    async def work(session: AsyncSession) -> tuple[Proof, str]:
        vote = await vote_of(session, (await opened(session, grown)).vote)
        mine = await roll.proof(session, vote, grown.members["M1"])
        assert mine is not None
        return mine, str(vote.salt)

    mine, salt = await db.write(work)
    assert mine.salt != salt  # with that of the vote, names could be tried on the hashes beside
    guessed = []
    for number, slug in MEMBERS.items():
        for known in (mine.salt, salt):
            line = roll.Entry(0, "", number, grown.branches[slug], 1)
            guessed.append(merkle.leaf(bytes.fromhex(known) + roll.line(line).encode()).hex())
    assert not set(guessed) & set(mine.beside)


async def test_the_whole_roll_has_the_root_and_a_changed_one_has_not(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)

    async def work(session: AsyncSession) -> tuple[list[roll.Entry], str, str]:
        done = await opened(session, grown)
        vote = await vote_of(session, done.vote)
        return list(await roll.entries(session, done.vote)), str(vote.salt), done.roll.root

    lines, salt, root = await db.write(work)
    assert roll.verify(lines, salt, root)
    assert not roll.verify(lines[:-1], salt, root)
    assert not roll.verify([*lines[:-1], replace(lines[-1], weight=2)], salt, root)


async def test_the_same_members_have_another_root_in_another_vote(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)
    roots, orders = set(), set()
    for _ in range(3):
        done = await db.write(lambda session: opened(session, grown))
        roots.add(done.roll.root)
        lines = await db.read(partial(roll.entries, vote_id=done.vote))
        orders.add(tuple(line.number for line in lines))
    assert len(roots) == 3
    assert len(orders) > 1  # by chance alike: less than one in 10 000 000 000


async def test_votes_are_numbered_for_ever(db: Database) -> None:
    grown: Grown = await grow(db, members=MEMBERS)

    async def work(session: AsyncSession) -> list[int | None]:
        return [(await vote_of(session, (await opened(session, grown)).vote)).number for _ in range(2)]

    assert await db.write(work) == [1, 2]
